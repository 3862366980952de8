"""A profile that a site has written itself changes where a call goes."""

import pytest

from tests.chain.calling import cause, dial, final, tried
from tests.chain.harness.another_edge import another_edge, attempts

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OUTSIDE = "441632960100"
OWN = """
[profiles.keen]
extends = "carrier"
advance = [486]
trust_reason = false

"""


def keen(text: str) -> str:
    assert 'prefix = "44"\n' in text
    before, routes, after = text.partition("[[routes]]")
    return before + OWN + routes + after.replace('"44"\n', '"44"\nprofile = "keen"\n', 1)


def test_a_busy_callee_is_asked_for_elsewhere_where_the_sites_own_profile_says_so(
    stack, place, cast
):
    """The built-in rules stop at 486, whatever the carrier's Reason (test_recursion.py)."""
    with another_edge(stack, place, cast, "own-profile", last="125", change=keen) as (scene, name):
        north = scene.play(scene.cast.carrier("north"), "carrier/rejects-486", reason=cause(17))
        south = scene.play(scene.cast.carrier("south"), "carrier/answers")
        caller = dial(scene, OUTSIDE)
        scene.finish(caller, north, south)

        messages = scene.messages()
        assert tried(messages, scene) == ["north", "south"]
        assert final(messages, caller).code == 200
        [first, _] = attempts(name, "profile, code, cause, verdict, trusted, believed", 2)
        assert first == ["keen", 486, 17, "advance", 1, 0]

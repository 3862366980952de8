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


PAIRS = """
[profiles.keen]
advance = ["486/34"]
stop = ["503/1"]

"""


def keen(text: str, own: str = OWN) -> str:
    assert 'prefix = "44"\n' in text
    before, routes, after = text.partition("[[routes]]")
    return before + own + routes + after.replace('"44"\n', '"44"\nprofile = "keen"\n', 1)


def pairs(text: str) -> str:
    return keen(text, PAIRS)


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


def test_a_carriers_table_of_codes_beside_causes_says_where_a_call_goes(stack, place, cast):
    """486 beside "no circuit" goes on, beside "user busy" it stops; 503 beside "unallocated" stops."""
    with another_edge(stack, place, cast, "pairs", last="125", change=pairs) as (scene, name):
        for scenario, value, advances in (
            ("carrier/rejects-486", 34, True),
            ("carrier/rejects-486", 17, False),
            ("carrier/rejects-503", 1, False),
        ):
            north = scene.play(scene.cast.carrier("north"), scenario, reason=cause(value))
            if advances:
                south = scene.play(scene.cast.carrier("south"), "carrier/answers")
                scene.finish(dial(scene, OUTSIDE), north, south)
            else:
                scene.finish(dial(scene, OUTSIDE, "caller/calls-and-is-refused"), north)
        assert tried(scene.messages(), scene) == ["north", "south", "north", "north"]
        rows = attempts(name, "code, cause, verdict, rule", 4)
        assert rows == [
            [486, 34, "advance", "profile-advance-both"],
            [200, None, "answered", "answered"],
            [486, 17, "stop", "stop-code"],
            [503, 1, "stop", "profile-stop-both"],
        ]

"""What one call may cost: so many attempts, and so much time, whatever the carriers do."""

import pytest

from tests.chain.calling import assert_all_settled, dial, final, tried
from tests.chain.harness.another_edge import another_edge

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

# s of a budget of 3. Kamailio's clock ticks 16 times a second, loses ticks when its machine stands
# still, and makes up for them later.
EARLY, LATE = 2.5, 8
TO_NORTH = "441632960100"  # north, south, west in this order


def test_no_more_carriers_are_tried_than_the_site_allows(stack, place, cast):
    two = lambda text: text.replace("attempts = 4", "attempts = 2")  # noqa: E731
    with another_edge(stack, place, cast, "two-attempts", last="114", change=two) as (scene, _):
        assert scene.site.edge.attempts == 2
        north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503")
        south = scene.play(scene.cast.carrier("south"), "carrier/rejects-503")
        caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
        scene.finish(caller, north, south)

        messages = scene.messages()
        assert tried(messages, scene) == ["north", "south"]
        assert final(messages, caller).code == 503
        assert_all_settled(messages)


def test_silent_carriers_together_cost_no_more_than_the_budget(stack, place, cast):
    """Each may be silent for 9 s; of 3 s for all, each of the three has one."""

    def change(text: str) -> str:
        text = text.replace('answer_timeout = "2s"', 'answer_timeout = "9s"')
        return text.replace('budget = "40s"', 'budget = "3s"')

    with another_edge(stack, place, cast, "three-seconds", last="115", change=change) as (scene, _):
        assert scene.site.carriers["north"].answer_timeout == 9_000
        assert scene.site.edge.budget == 3_000
        north = scene.play(scene.cast.carrier("north"), "carrier/silent")
        south = scene.play(scene.cast.carrier("south"), "carrier/silent")
        west = scene.play(scene.cast.carrier("west"), "carrier/silent")
        caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
        scene.finish(caller)
        for peer in (north, south, west):
            peer.end()

        messages = scene.messages()
        assert tried(messages, scene) == ["north", "south", "west"]
        last = final(messages, caller)
        assert (last.code, last.all("reason")) == (408, ["Q.850;cause=102"])
        began = next(m.at for m in messages.where(method="INVITE", target=str(north.who.socket)))
        assert EARLY < last.at - began < LATE


def test_a_phone_that_rings_is_cut_off_with_the_budget_too(stack, place, cast):
    short = lambda text: text.replace('budget = "40s"', 'budget = "3s"')  # noqa: E731
    with another_edge(stack, place, cast, "rings-three", last="116", change=short) as (scene, _):
        north = scene.play(scene.cast.carrier("north"), "carrier/rings-forever")
        caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
        scene.finish(caller, north)

        messages = scene.messages()
        assert tried(messages, scene) == ["north"]
        last = final(messages, caller)
        assert (last.code, last.all("reason")) == (480, ["Q.850;cause=19"])
        began = next(m.at for m in messages.where(method="INVITE", target=str(north.who.socket)))
        assert EARLY < last.at - began < LATE

"""Carriers one after another: who is tried, when, and who is left alone.

The site has 44 by north, south, west; 4420 by south, north; 49 by west, whose Reason headers are
not believed, and south.
"""

import pytest

from tests.chain.calling import (
    REFUSED,
    TO_NORTH,
    TO_SOUTH,
    TO_WEST,
    WRITTEN,
    assert_all_settled,
    calls,
    cause,
    dial,
    final,
    to,
    tried,
)
from tests.chain.harness.scene import Scene

pytestmark = pytest.mark.timeout(180)

AT_ONCE = 1.0  # s, between a failure and the next carrier's INVITE: our timers are 2 s or more

STOPS = (401, 407, 410, 481, 482, 484, 485, 486, 487, 600, 603, 604, 606)
ADVANCES = (400, 403, 404, 408, 480, 488, 500, 502, 504)


def test_a_503_with_cause_34_takes_the_call_to_the_second_carrier_at_once(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    [failure] = messages.where(code=503, source=north.who.socket).once()
    [second] = to(messages, scene, "south")
    assert -WRITTEN <= second.at - failure.at < AT_ONCE
    assert second.uri == f"sip:{TO_NORTH}@{south.who.socket}"
    assert final(messages, caller).code == 200
    assert_all_settled(messages)


@pytest.mark.control
def test_the_ledger_tells_each_attempt_and_the_rule_that_ended_it(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    [invite] = to(scene.messages(), scene, "south")
    first, second = scene.edge.attempts(invite.call_id, 2)
    assert (first["leg"], first["code"], first["cause"]) == ("carrier:north", 503, 34)
    assert (first["verdict"], first["rule"]) == ("advance", "server-failure")
    assert (second["leg"], second["code"], second["verdict"]) == ("carrier:south", 200, "answered")
    assert (first["caller"], first["dialled"]) == ("1020", TO_NORTH)


def test_a_code_that_stops_is_relayed_and_nobody_else_is_called(scene: Scene, subtests):
    callers = []
    for code in STOPS:
        # Even with a cause that says "try another one": these codes stop whatever the cause. (410
        # and 487 stop by default, when nothing else is said.)
        reason = {} if code in {410, 487} else {"reason": cause(34)}
        north = scene.play(scene.cast.carrier("north"), f"carrier/rejects-{code}", **reason)
        callers.append(dial(scene, TO_NORTH, "caller/calls-and-is-refused"))
        scene.finish(callers[-1], north)

    messages = scene.messages()
    for code, caller, call in zip(STOPS, callers, calls(messages), strict=True):
        with subtests.test(code=code):
            assert tried(call, scene) == ["north"]
            assert [found["code"] for found in caller.logged(REFUSED)] == [str(code)]
            assert_all_settled(call)


def test_a_code_that_another_carrier_can_help_advances(scene: Scene, subtests):
    for code in ADVANCES:
        north = scene.play(scene.cast.carrier("north"), f"carrier/rejects-{code}")
        south = scene.play(scene.cast.carrier("south"), "carrier/answers")
        scene.finish(dial(scene, TO_NORTH), north, south)

    for code, call in zip(ADVANCES, calls(scene.messages()), strict=True):
        with subtests.test(code=code):
            assert tried(call, scene) == ["north", "south"]
            assert call.where(code=code)
            assert_all_settled(call)


def test_a_480_with_cause_34_advances_although_it_rang(scene: Scene):
    north = scene.play(
        scene.cast.carrier("north"), "carrier/rings-then-rejects-480", reason=cause(34), pause=200
    )
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    scene.finish(dial(scene, TO_NORTH), north, south)

    assert tried(scene.messages(), scene) == ["north", "south"]


def test_a_480_that_says_nothing_stops_when_it_rang(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rings-then-rejects-480", pause=200)
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    assert final(messages, caller).code == 480


@pytest.mark.parametrize("scenario", ["rings-then-rejects-503", "early-media-then-rejects-503"])
def test_a_server_that_fails_after_its_18x_is_followed_by_the_next(scene: Scene, scenario: str):
    north = scene.play(scene.cast.carrier("north"), f"carrier/{scenario}", pause=200)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert final(messages, caller).code == 200


def test_a_trusted_carriers_cause_17_stops_a_404(scene: Scene):
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-404", reason=cause(17))
    caller = dial(scene, TO_SOUTH, "caller/calls-and-is-refused")
    scene.finish(caller, south)

    assert tried(scene.messages(), scene) == ["south"]


def test_an_untrusted_carriers_cause_17_is_not_believed(scene: Scene):
    west = scene.play(scene.cast.carrier("west"), "carrier/rejects-404", reason=cause(17))
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    scene.finish(dial(scene, TO_WEST), west, south)

    assert tried(scene.messages(), scene) == ["west", "south"]


def test_a_302_is_relayed_to_the_caller_and_followed_by_nobody(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-302")
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    answer = final(messages, caller)
    assert answer.code == 302
    # Alone: Kamailio would add the URI of the carrier that was called.
    assert answer.all("contact") == [f"<sip:900123@{north.who.address[0]}>"]
    assert not [m for m in messages.where(method="INVITE") if "900123" in m.uri]


def test_a_line_that_doubles_datagrams_makes_one_call_of_each(scene: Scene):
    """Two workers have the two copies of an INVITE at once; the call is one, and looked after."""
    many = 10
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", calls=many)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers-slowly", pause=300, calls=many)
    caller = dial(
        scene, TO_NORTH, "caller/says-all-twice", pause=200, calls=many, options=("-r", str(many))
    )
    scene.finish(caller, north, south)

    found = calls(scene.messages())
    assert len(found) == many
    for call in found:
        assert tried(call, scene) == ["north", "south"]
        # All that reaches the caller comes from the door that he speaks to.
        heard = call.where(target=caller.who.socket)
        assert {m.source for m in heard} == {str(scene.cast.edge)}
        assert final(call, caller).code == 200
        assert_all_settled(call)


def test_many_calls_at_once_go_each_their_own_way(scene: Scene):
    """What one call remembers is no other call's: its carriers, its attempts, its number."""
    many = 20
    rate = ("-r", str(many))
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", calls=many)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=2 * many)
    phone = dial(scene, TO_NORTH, calls=many, pause=300, options=rate)
    behind_pbx = scene.play(
        scene.cast.trunk("reception"), "pbx/calls",
        number="2001", dialled=TO_SOUTH, calls=many, pause=300, options=rate,
    )  # fmt: skip
    scene.finish(phone, behind_pbx, north, south)

    found = calls(scene.messages())
    assert len(found) == 2 * many
    for call in found:
        from_phone = call[0].source == phone.who.socket
        assert tried(call, scene) == (["north", "south"] if from_phone else ["south"])
        [invite] = to(call, scene, "south")
        assert invite.uri.startswith(f"sip:{TO_NORTH if from_phone else TO_SOUTH}@")
        assert_all_settled(call)


def test_when_all_carriers_fail_the_last_failure_is_told_and_nobody_is_tried_twice(scene: Scene):
    carriers = [
        scene.play(scene.cast.carrier(name), f"carrier/rejects-{code}", reason=cause(34))
        for name, code in (("north", 500), ("south", 502), ("west", 504))
    ]
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, *carriers)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south", "west"]
    assert final(messages, caller).code == 504
    assert_all_settled(messages)


def test_the_longest_prefix_chooses_the_carriers(scene: Scene):
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-503")
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    scene.finish(dial(scene, TO_SOUTH), south, north)

    assert tried(scene.messages(), scene) == ["south", "north"]


def test_two_carriers_that_share_a_softswitch_end_with_its_482(scene: Scene):
    """Both get the same Call-ID and CSeq; the second knows them, and says that they are a loop."""
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-482")
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    first, second = to(messages, scene, "north")[0], to(messages, scene, "south")[0]
    assert (first.call_id, first.header("cseq")) == (second.call_id, second.header("cseq"))
    assert first.branch != second.branch
    answer = final(messages, caller)
    assert (answer.code, answer.phrase) == (482, "Loop Detected")
    assert not answer.all("reason")
    assert_all_settled(messages)

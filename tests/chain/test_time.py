"""Time: carriers that are slow, and callers who give up at any moment."""

import pytest

from tests.chain.calling import (
    TO_NORTH,
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

EARLY = 0.3  # s: tm counts its own ticks, and makes up for those that it had no CPU for
TIMERS = 1.5  # s, what tm's timers and a busy machine may add


def test_a_caller_who_gives_up_before_the_carrier_said_a_word_leaves_nothing_ringing(scene: Scene):
    """A CANCEL waits for a provisional (RFC 3261 §9.1), and goes out on the first one."""
    north = scene.play(scene.cast.carrier("north"), "carrier/rings-at-last", pause=900)
    caller = dial(scene, TO_NORTH, "caller/cancels-after-a-while", pause=300)
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    [cancel] = messages.where(method="CANCEL", target=north.who.socket).once()
    [ringing] = messages.where(code=180, source=north.who.socket).once()
    assert -WRITTEN <= cancel.at - ringing.at < 0.5
    assert final(messages, caller).code == 487
    assert_all_settled(messages)


def test_a_caller_who_gives_up_on_a_silent_carrier_gets_his_487_and_no_other_carrier_is_tried(
    scene,
):
    patience = scene.site.carriers["north"].answer_timeout
    north = scene.play(scene.cast.carrier("north"), "carrier/silent", pause=patience + 1000)
    caller = dial(scene, TO_NORTH, "caller/cancels-after-a-while", pause=300)
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    answer = final(messages, caller)
    assert answer.code == 487
    assert answer.at - to(messages, scene, "north")[0].at <= patience / 1000 + TIMERS


def test_a_carrier_that_says_100_and_rings_too_late_is_left_and_not_heard(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rings-despite-cancel", pause=300)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers-late", pause=600)
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert messages.where(code=183, source=north.who.socket)
    assert not messages.where(code=183, target=caller.who.socket)
    answer = final(messages, caller)
    [rang] = messages.where(code=180, target=caller.who.socket).once()
    assert rang.header("to") == answer.header("to")
    assert_all_settled(messages)


def test_callers_who_give_up_just_as_a_carrier_fails_all_get_487_and_leave_nothing_ringing(scene):
    """The CANCEL comes before, in and after the failure route of a 503 that takes 40 ms: between
    carriers. Whoever got an INVITE and did not fail himself gets a CANCEL.

    (SIPp takes a CANCEL in the instant between its time-out and the 503 for unexpected: it says 200
    to that, and nothing to the INVITE. Such a carrier does not ring either.)
    """
    many = 30
    north = scene.play(scene.cast.carrier("north"), "carrier/fails-after-a-while", calls=99_999)
    south = scene.play(scene.cast.carrier("south"), "carrier/trying-only", calls=99_999)
    caller = dial(scene, TO_NORTH, "caller/cancels-at-any-time", calls=many, options=("-r", "15"))
    scene.finish(caller)
    north.end()
    south.end()

    messages = scene.messages()
    found = calls(messages)
    assert len(found) == many
    advanced = 0
    for call in found:
        assert final(call, caller).code == 487, call.ladder()
        assert len(tried(call, scene)) <= 2
        for carrier, name in ((north, "north"), (south, "south")):
            if not to(call, scene, name):
                continue
            ended = call.where(answers="INVITE", source=carrier.who.socket)
            ended += call.where(answers="CANCEL", source=carrier.who.socket, code=200)
            assert [m for m in ended if m.code >= 200], f"{name} rings on:\n{call.ladder()}"
        advanced += len(to(call, scene, "south"))
        assert_all_settled(call)
    assert 0 < advanced < many, "the CANCELs came all before, or all after the failure"


def test_a_silent_carrier_is_left_after_its_answer_timeout(scene: Scene):
    patience = scene.site.carriers["north"].answer_timeout
    north = scene.play(scene.cast.carrier("north"), "carrier/silent", pause=patience + 1500)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, south, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    waited = to(messages, scene, "south")[0].at - to(messages, scene, "north")[0].at
    assert patience / 1000 - EARLY <= waited <= patience / 1000 + TIMERS


def test_a_carrier_that_only_says_100_is_left_and_cancelled(scene: Scene):
    patience = scene.site.carriers["north"].answer_timeout
    north = scene.play(scene.cast.carrier("north"), "carrier/trying-only")
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, south, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    waited = to(messages, scene, "south")[0].at - to(messages, scene, "north")[0].at
    assert patience / 1000 - EARLY <= waited <= patience / 1000 + TIMERS
    assert messages.where(method="CANCEL", target=north.who.socket)
    assert_all_settled(messages)


def test_a_phone_that_rings_for_ever_ends_with_cause_19_and_no_other_carrier(scene: Scene):
    patience = scene.site.carriers["west"].ring_timeout
    west = scene.play(scene.cast.carrier("west"), "carrier/rings-forever", receive=patience + 8000)
    caller = dial(scene, TO_WEST, "caller/calls-and-is-refused", receive=patience + 8000)
    scene.finish(caller, west)

    messages = scene.messages()
    assert tried(messages, scene) == ["west"]
    answer = final(messages, caller)
    assert (answer.code, answer.header("reason")) == (480, "Q.850;cause=19")
    [rang] = messages.where(code=180, source=west.who.socket).once()
    assert patience / 1000 - EARLY <= answer.at - rang.at <= patience / 1000 + TIMERS
    assert_all_settled(messages)


def test_a_caller_who_gives_up_while_it_rings_gets_487_and_nothing_rings_on(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rings-forever")
    caller = dial(scene, TO_NORTH, "caller/cancels-while-ringing")
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    assert messages.where(method="CANCEL", target=north.who.socket)
    assert final(messages, caller).code == 487
    assert_all_settled(messages)


def test_a_caller_who_gives_up_right_after_an_advance_leaves_nothing_ringing(scene: Scene):
    patience = scene.site.carriers["north"].answer_timeout
    north = scene.play(scene.cast.carrier("north"), "carrier/trying-only")
    south = scene.play(scene.cast.carrier("south"), "carrier/trying-only")
    caller = dial(scene, TO_NORTH, "caller/cancels-after-a-while", pause=patience + 1400)
    scene.finish(caller, south, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    for carrier in (north, south):
        assert messages.where(method="CANCEL", target=carrier.who.socket)
        assert messages.where(code=487, source=carrier.who.socket)
    assert final(messages, caller).code == 487
    assert_all_settled(messages)


def test_a_caller_who_gives_up_just_after_a_503_leaves_nothing_ringing(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/trying-only")
    caller = dial(scene, TO_NORTH, "caller/cancels-after-a-while", pause=500)
    scene.finish(caller, south, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert messages.where(method="CANCEL", target=south.who.socket)
    assert not messages.where(method="CANCEL", target=north.who.socket)
    assert final(messages, caller).code == 487
    assert_all_settled(messages)

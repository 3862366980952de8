"""Answers that come too late: after the carrier was left, after the caller was told, after he hung up."""

import pytest

from tests.chain.calling import (
    TO_NORTH,
    TO_WEST,
    dial,
    final,
    to,
    tried,
)
from tests.chain.faulty import reply
from tests.chain.harness.raw import raw, request
from tests.chain.harness.scene import Scene

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("next_one", ["answers", "rejects-486"])
def test_a_200_that_comes_too_late_reaches_nobody_however_often_it_is_said(scene: Scene, next_one):
    """It crosses our CANCEL, and is repeated for as long as no ACK comes; the caller talks to the
    next carrier by then, or has been told that nobody took the call. There is one confirmed dialog
    or none; the late carrier gets neither ACK nor BYE, and ends its call itself (§13.3.1.4).
    """
    north = scene.play(scene.cast.carrier("north"), "carrier/insists-on-its-answer", pause=150)
    south = scene.play(scene.cast.carrier("south"), f"carrier/{next_one}")
    if next_one == "answers":
        caller = dial(scene, TO_NORTH, pause=2500)
    else:
        caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, south, north)

    messages = scene.messages()
    late = messages.where(code=200, answers="INVITE", source=north.who.socket)
    assert len(late) >= 3  # again and again
    answer = final(messages, caller)
    assert answer.code == (200 if next_one == "answers" else 486)
    # Whatever the caller got, at whatever listener of ours: one answer, and no late one's To tag.
    told = messages.where(answers="INVITE", target=caller.who.socket)
    assert not [m for m in told if m.header("to") == late[0].header("to")]
    for method in ("ACK", "BYE"):
        assert not messages.where(method=method, target=north.who.socket)
    assert north.logged("late 200 was abandoned")


@pytest.mark.control  # what raw peers got is on the wire alone
@pytest.mark.parametrize(
    ("last", "via"),
    [("200 OK", ";branch="), ("486 Busy Here", ";branch="), ("486 Busy Here", " ; branch =\t")],
)
def test_who_refuses_and_then_answers_all_the_same_has_refused(scene: Scene, place, last, via):
    """A carrier that forks a call may answer for one branch and then for another. It has been left
    for the next one by then, or the caller has been told: he has one answer, however the carrier
    writes our Via (RFC 3261 §25.1 lets blanks stand in it).
    """
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    south = scene.cast.carrier("south")
    invite = request(who, "INVITE", TO_NORTH, mark=f"{scene.began}")
    with (
        raw(place, who, scene.directory) as peer,
        raw(place, north, scene.directory) as first,
        raw(place, south, scene.directory) as second,
    ):
        peer.send(invite)
        asked = first.receive()
        assert asked is not None
        first.send(reply(asked.message, "503 Service Unavailable"))
        went = second.receive()
        assert went is not None
        second.send(reply(went.message, last, f"Contact: <sip:1@{south.socket}>"))
        told = [went.message]
        while told[-1].code < 200:
            came = peer.receive()
            assert came is not None
            told.append(came.message)
        for carrier, message in ((first, asked.message), (second, went.message)):
            late = {"to": f"{message.header('to')};tag=late"}
            if carrier is first or last != "200 OK":
                said = reply(message, "200 OK", "Contact: <sip:1@192.0.2.1>", **late)
                carrier.send(said.replace(";branch=", via, 1))
        assert peer.ask(request(who, "OPTIONS", mark=f"{scene.began}-o")).code == 200
    answers = scene.messages().where(answers="INVITE", target=who.socket)
    assert {m.code for m in answers if m.code >= 200} == {int(last[:3])}
    assert not [m for m in answers if "late" in m.header("to")]


@pytest.mark.control
@pytest.mark.parametrize("wait", ["5 s, as it is", "1 s"])
def test_a_200_that_is_said_again_is_passed_on_while_its_transaction_is_there_and_never_after(
    scene: Scene, wait
):
    """After tm's wait timer nothing tells where it came from: it would leave by any socket of ours.
    The timer is 5 s (docs/kamailio.md); a shorter one saves this test the time.
    """
    scene.edge.rpc("cfg.set_now_int", "tm", "wt_timer", 1000 if wait == "1 s" else 5000)
    try:
        north = scene.play(
            scene.cast.carrier("north"),
            "carrier/says-its-answer-again",
            pause=2600,
            options=("-nr",),
        )
        caller = dial(scene, TO_NORTH, pause=3000)
        scene.finish(caller, north)
    finally:
        scene.edge.rpc("cfg.set_now_int", "tm", "wt_timer", 5000)

    messages = scene.messages()
    assert len(messages.where(code=200, answers="INVITE", source=north.who.socket)) == 2
    told = messages.where(code=200, answers="INVITE", target=caller.who.socket)
    assert len(told) == (1 if wait == "1 s" else 2)
    edge, port = caller.who.edge
    assert {m.source for m in told} == {f"{edge}:{port}"}


@pytest.mark.control
def test_the_ledger_shows_an_answer_that_came_too_late_once(scene: Scene):
    west = scene.play(scene.cast.carrier("west"), "carrier/answers-despite-cancel", pause=150)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers-late", pause=400)
    caller = dial(scene, TO_WEST)
    scene.finish(caller, south, west)

    [invite] = to(scene.messages(), scene, "south")
    rows = scene.edge.attempts(invite.call_id, 3)
    assert sorted((r["attempt"], r["leg"], r["code"], r["verdict"], r["rule"]) for r in rows) == [
        (0, "carrier:west", 200, "late", "late-answer"),
        (1, "carrier:west", None, "advance", "no-reply"),
        (2, "carrier:south", 200, "answered", "answered"),
    ]


def test_a_200_that_crosses_the_callers_own_cancel_is_one_call_which_he_ends(scene: Scene):
    """RFC 3261 §9.1, §15: the CANCEL had no effect, so there is a dialog, and it gets a BYE."""
    west = scene.play(scene.cast.carrier("west"), "carrier/answers-despite-cancel", pause=150)
    caller = dial(scene, TO_WEST, "caller/cancels-too-late", pause=200)
    scene.finish(caller, west)

    messages = scene.messages()
    assert tried(messages, scene) == ["west"]
    assert messages.where(method="CANCEL", target=west.who.socket)
    assert final(messages, caller).code == 200
    assert west.logged("late 200 was taken")
    for method in ("ACK", "BYE"):
        assert messages.where(method=method, target=west.who.socket)


@pytest.mark.parametrize(("scenario", "rings"), [("answers", 0), ("answers-late", 600)])
def test_a_late_200_of_an_abandoned_carrier_confirms_no_second_dialog(
    scene: Scene, scenario: str, rings: int
):
    """Its 200 crosses our CANCEL, after the next carrier's answer or while that one rings. It is
    dropped: the caller has one dialog. The late carrier gets no ACK, and ends its call itself when
    its 64 times T1 are over (RFC 3261 §13.3.1.4).
    """
    north = scene.play(scene.cast.carrier("north"), "carrier/answers-despite-cancel", pause=150)
    south = scene.play(scene.cast.carrier("south"), f"carrier/{scenario}", pause=rings)
    caller = dial(scene, TO_NORTH, pause=1000)
    scene.finish(caller, south, north)

    messages = scene.messages()
    assert messages.where(code=200, answers="INVITE", source=north.who.socket)
    answer = final(messages, caller)
    [ours] = messages.where(code=200, answers="INVITE", source=south.who.socket).once()
    assert answer.header("to") == ours.header("to")
    assert not messages.where(method="ACK", target=north.who.socket)
    assert north.logged("late 200 was abandoned")

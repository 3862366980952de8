"""A CANCEL in the same instant as its INVITE: on UDP another worker has it in hand before the INVITE
is known. RFC 3261 §9.1 has the caller wait for a provisional, and some PBXs do not.
"""

import pytest

from tests.chain.faulty import reply
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.hostile import acknowledge

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]

TO_NORTH = "441632960100"
CALLS = 12  # of which some were not heard, each time
AGAIN = 0.5  # s: RFC 3261's T1


def cancelled(invite: str) -> str:
    """Return the CANCEL of an INVITE."""
    return invite.replace("INVITE sip:", "CANCEL sip:", 1).replace("1 INVITE", "1 CANCEL")


def ring(callee: Raw, asked: dict[str, Message]) -> None:
    """Have the carrier ring for whoever asks, until it is told not to."""
    while (came := callee.receive(AGAIN)) is not None:
        message = came.message
        if message.method == "INVITE":
            asked[message.call_id] = message
            callee.send(reply(message, "180 Ringing"))
        elif message.method == "CANCEL":
            callee.send(reply(message, "200 OK"))
            callee.send(reply(asked[message.call_id], "487 Request Terminated"))


def hang_up(caller: Raw, calls: list[str]) -> None:
    """Acknowledge each 487: the edge would go on repeating it into the next test."""
    while (came := caller.receive(2 * AGAIN)) is not None:
        if came.message.code == 487:
            for invite in calls:
                if f": {came.message.call_id}\r\n" in invite:
                    acknowledge(caller, came.message, invite)


def test_a_pbx_that_cancels_at_once_is_heard_when_it_says_so_again(scene: Scene, place):
    pbx, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    calls = [request(pbx, "INVITE", TO_NORTH, mark=f"{scene.began:.0f}-{n}") for n in range(CALLS)]
    asked: dict[str, Message] = {}
    with raw(place, pbx, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        for invite in calls:
            caller.send(invite)
            caller.send(cancelled(invite))
        ring(callee, asked)
        for invite in calls:
            caller.send(cancelled(invite))
        ring(callee, asked)
        hang_up(caller, calls)
    messages = scene.messages().where(target=pbx.socket)
    assert {m.code for m in messages.where(answers="CANCEL")} == {200}
    ended = {m.call_id for m in messages.where(answers="INVITE", code=487)}
    assert len(ended) == CALLS
    assert not messages.where(answers="INVITE", code=408)


def test_a_cancel_of_nothing_is_told_so_when_it_comes_again(scene: Scene, place):
    pbx, phone = scene.cast.trunk("reception"), scene.cast.device("1020")
    nothing = cancelled(request(pbx, "INVITE", TO_NORTH, mark=f"{scene.began:.0f}-none"))
    with raw(place, pbx, scene.directory) as caller:
        caller.send(nothing)
        assert caller.receive(AGAIN) is None
        assert caller.ask(nothing).code == 481
        assert caller.ask(nothing).code == 481
    with raw(place, phone, scene.directory) as stranger:  # who fills no memory of ours
        nothing = cancelled(request(phone, "INVITE", TO_NORTH, mark=f"{scene.began:.0f}-none"))
        assert stranger.ask(nothing).code == 481

"""What a carrier's border controller does in a call besides answering it: it changes it before the answer,
wants another session timer, is asked at the same moment, is hung up on while it rings.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chain.calling import TO_NORTH
from tests.chain.faulty import reply
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.test_dialog_targets import answered, answers, within
from tests.chain.test_sender import comes, exchange

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]


def hears(caller: Raw, *codes: int, answers: str = "INVITE") -> Message:
    """Return the next reply of one of these codes."""
    while (came := caller.receive()) is not None:
        if came.message.answers == answers and came.message.code in codes:
            return came.message
    raise AssertionError(f"none of {codes} came")


@contextmanager
def ringing(scene: Scene, place) -> Iterator[tuple[Raw, Raw, Message, Message]]:
    """Have the PBX call by north, who rings; yields both, the INVITE as it came, and the 180."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        asked = comes(callee, "INVITE")
        path = [f"Record-Route: {one}" for one in asked.all("record-route")]
        contact = f"Contact: <sip:111@{north.socket}>"
        callee.send(reply(asked, "180 Ringing", contact, *path))
        yield caller, callee, asked, hears(caller, 180)


def acknowledge(caller: Raw, told: Message, mark: str, number: int = 1) -> None:
    caller.send(
        request(
            caller.who, "ACK", TO_NORTH, mark=mark, number=number, to=told.header("to"),
            from_=told.header("from"), call_id=told.call_id,
        )
    )  # fmt: skip


def test_a_carrier_that_wants_a_longer_session_timer_is_heard_and_asked_again(scene: Scene, place):
    """RFC 4028 §7.1: 422 with Min-SE is the caller's to repair, in a new INVITE of the call."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    mark = f"{scene.began}"
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        short = "Session-Expires: 90\r\nSupported: timer"
        caller.send(request(who, "INVITE", TO_NORTH, mark=mark, extra=short))
        asked = comes(callee, "INVITE")
        assert asked.header("session-expires") == "90"
        callee.send(reply(asked, "422 Session Interval Too Small", "Min-SE: 1800"))
        told = hears(caller, 422, 503, 480, 408)
        acknowledge(caller, told, mark)
        assert (told.code, told.header("min-se")) == (422, "1800")
        longer = "Session-Expires: 1800\r\nMin-SE: 1800\r\nSupported: timer"
        caller.send(request(who, "INVITE", TO_NORTH, mark=mark, number=2, extra=longer))
        while (again := comes(callee, "INVITE")).header("cseq") != "2 INVITE":
            pass
        assert (again.header("min-se"), again.header("session-expires")) == ("1800", "1800")
        callee.send(reply(again, "486 Busy Here", to=f"{again.header('to')};tag=another"))
        acknowledge(caller, hears(caller, 486), mark, 2)


def test_two_changes_at_the_same_moment_are_refused_on_both_sides_and_the_call_goes_on(
    scene: Scene, place
):
    """RFC 3261 §14.2: 491, each to the other."""
    there = f"sip:111@{scene.cast.carrier('north').socket}"
    with answered(scene, place, f"<{there}>") as (caller, callee, answer):
        who = caller.who
        here = f"sip:{who.name}@{who.socket}"
        back = {"from_": answer.header("to"), "to": answer.header("from")}
        caller.send(within(answer, who, there, 2))
        callee.send(within(answer, callee.who, here, 20, **back))
        for side, number in ((callee, "2 INVITE"), (caller, "20 INVITE")):
            asked = comes(side, "INVITE")
            assert asked.header("cseq") == number
            side.send(reply(asked, "491 Request Pending", to=asked.header("to")))
        for side in (caller, callee):
            assert hears(side, 491).code == 491
        caller.send(within(answer, who, there, 2, "ACK"))
        callee.send(within(answer, callee.who, here, 20, "ACK", **back))
        exchange(caller, callee, within(answer, who, there, 3, "BYE"))


def test_a_call_is_changed_by_the_carrier_before_it_is_answered(scene: Scene, place):
    with ringing(scene, place) as (caller, callee, asked, rings):
        who = caller.who
        here = f"sip:{who.name}@{who.socket}"
        back = {"from_": rings.header("to"), "to": rings.header("from")}
        exchange(callee, caller, within(rings, callee.who, here, 20, "UPDATE", **back))
        callee.send(reply(asked, "486 Busy Here", to=rings.header("to")))
        acknowledge(caller, hears(caller, 486), f"{scene.began}")


@pytest.mark.parametrize(
    "said", ["487 Request Terminated", "503 Service Unavailable", "404 Not Found"]
)
def test_a_caller_who_says_bye_while_it_rings_is_called_on_for_by_nobody(scene: Scene, place, said):
    """RFC 3261 §15 lets him; whatever the carrier then says of the INVITE, no other one is tried."""
    with ringing(scene, place) as (caller, callee, asked, rings):
        there = f"sip:111@{callee.who.socket}"
        exchange(caller, callee, within(rings, caller.who, there, 2, "BYE"))
        callee.send(reply(asked, said, to=rings.header("to")))
        acknowledge(caller, hears(caller, 487), f"{scene.began}")
    messages = scene.messages()
    assert not messages.where(method="INVITE", target=scene.cast.carrier("south").socket)


def test_a_carrier_behind_two_proxies_of_its_own_gets_what_is_its_by_both(scene: Scene, place):
    """RFC 3261 §16.12.1.1: in the order of the answer's Record-Route, turned round."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    inner, outer = (f"<sip:{name}@{north.socket};lr>" for name in ("inner", "outer"))
    there = "sip:111@10.9.9.9:5066"
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        answer = answers(caller, callee, f"<{there}>", inner, outer)
        assert answer.all("record-route")[:2] == [inner, outer]
        caller.send(within(answer, who, there, 1, "ACK"))
        came = comes(callee, "ACK")
        assert (came.uri, came.all("route")) == (there, [outer, inner])
        exchange(caller, callee, within(answer, who, there, 2, "BYE"))

"""Whom an INVITE within a call reaches: who is in it, where he was found last, and no other number.

The module keeps raw peers, so what they got is on the wire alone.
"""

import contextlib
import re
from collections.abc import Iterator

import pytest

from tests.chain.faulty import reply
from tests.chain.harness.peer import Who
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]

TO_NORTH, TO_WEST = "441632960100", "4930123456"
ELSEWHERE = "4490099"


def within(
    answer: Message, who: Who, uri: str, number: int, method: str = "INVITE", **changed: str
) -> str:
    """Return the caller's request within the call that this answered; or the callee's, whose From and
    To are told.
    """
    sides = {"to": answer.header("to"), "from_": answer.header("from"), "call_id": answer.call_id}
    path = answer.all("record-route")
    is_callees = changed.get("from_") == answer.header("to")
    if not is_callees:  # whose path is as it stands (RFC 3261 §12.1.1)
        path.reverse()
    text = request(
        who, method, number=number, mark=f"{answer.call_id.partition('@')[0]}-{method}",
        extra="\r\n".join(f"Route: {one}" for one in path),
        **(sides | changed),
    )  # fmt: skip
    return re.sub(r"^([A-Z]+) \S+", rf"\1 {uri}", text)


@contextlib.contextmanager
def answered(scene: Scene, place, contact: str) -> Iterator[tuple[Raw, Raw, Message]]:
    """Have the PBX call by north, who answers with a Contact and gets his ACK; yields both and the
    answer.
    """
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        answer = answers(caller, callee, contact)
        caller.send(within(answer, who, contact.strip("<>"), 1, "ACK"))
        yield caller, callee, answer


def answers(caller: Raw, callee: Raw, contact: str, *proxies: str) -> Message:
    """Have the callee answer the INVITE that comes, behind proxies of its own; returns what the caller
    gets.
    """
    while (came := callee.receive()) is not None and came.message.method != "INVITE":
        pass
    assert came is not None
    record = [f"Record-Route: {one}" for one in (*proxies, *came.message.all("record-route"))]
    keep = {} if "tag=" not in came.message.header("to") else {"to": came.message.header("to")}
    callee.send(reply(came.message, "200 OK", f"Contact: {contact}", *record, **keep))
    while (told := caller.receive()) is not None and told.message.code < 200:
        pass
    assert told is not None
    return told.message


def test_a_callee_who_moves_in_an_answer_is_found_there(scene: Scene, place):
    """The 200 to an INVITE within a call is a target refresh too (RFC 3261 §12.2.1.2); also at a Contact
    as gateways with trunk groups write it (RFC 4904 §5).
    """
    north = scene.cast.carrier("north").socket
    first = f"sip:111@{north}"
    then = f"sip:+44222;tgrp=a;trunk-context=b.example@{north};user=phone"
    with answered(scene, place, f"<{first}>") as (caller, callee, answer):
        caller.send(within(answer, caller.who, first, 2))
        assert answers(caller, callee, f"<{then}>").code == 200
        caller.send(within(answer, caller.who, then, 3))
        assert answers(caller, callee, f"<{then}>").code == 200


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_caller_who_would_move_and_is_refused_is_found_where_he_was(
    scene: Scene, place, method: str
):
    """What is refused has never been (RFC 3261 §14.1): the callee's 481 would end the call."""
    north = f"sip:111@{scene.cast.carrier('north').socket}"
    with answered(scene, place, f"<{north}>") as (caller, callee, answer):
        who = caller.who
        moved = f"<sip:2002@{who.socket}>"
        caller.send(within(answer, who, north, 2, method, contact=moved))
        while (came := callee.receive()) is not None and came.message.method != method:
            pass
        assert came is not None
        callee.send(reply(came.message, "488 Not Acceptable Here", to=came.message.header("to")))
        while (told := caller.receive()) is not None and told.message.code < 300:
            pass
        back = {"to": answer.header("from"), "from_": answer.header("to")}
        own = f"sip:{who.keys.get('number', who.name)}@{who.socket}"
        callee.send(within(answer, callee.who, own, 20, **back))
        assert answers(callee, caller, f"<{own}>").code == 200


def test_a_challenge_that_is_not_ours_to_answer_is_the_callers_as_it_is(scene: Scene, place):
    """He may know better ways than MD5, which stand first (RFC 8760 §2.3)."""
    north = f"sip:111@{scene.cast.carrier('north').socket}"
    asked = [f'Digest realm="n", nonce="a", algorithm={one}' for one in ("SHA-256", "MD5")]
    with answered(scene, place, f"<{north}>") as (caller, callee, answer):
        caller.send(within(answer, caller.who, north, 2))
        while (came := callee.receive()) is not None and came.message.method != "INVITE":
            pass
        assert came is not None
        lines = [f"WWW-Authenticate: {one}" for one in asked]
        to = came.message.header("to")
        callee.send(reply(came.message, "401 Unauthorized", *lines, to=to))
        while (told := caller.receive()) is not None and told.message.code < 300:
            pass
        assert told is not None
        assert told.message.all("www-authenticate") == asked


def test_a_caller_who_moves_before_he_is_answered_is_found_there(scene: Scene, place):
    """By an UPDATE (RFC 3311 §5.1), as of a PBX that transfers while it rings."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    there, moved = f"sip:111@{north.socket}", f"sip:2077@{who.socket}"
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        asked = callee.receive()
        assert asked is not None
        path = [f"Record-Route: {one}" for one in asked.message.all("record-route")]
        callee.send(reply(asked.message, "180 Ringing", f"Contact: <{there}>", *path))
        while (rings := caller.receive()) is not None and rings.message.code != 180:
            pass
        assert rings is not None
        caller.send(within(rings.message, who, there, 2, "UPDATE", contact=f"<{moved}>"))
        came = callee.receive()
        assert came is not None
        callee.send(
            reply(came.message, "200 OK", f"Contact: <{there}>", to=came.message.header("to"))
        )
        tag = rings.message.header("to")
        callee.send(reply(asked.message, "200 OK", f"Contact: <{there}>", *path, to=tag))
        while (told := caller.receive()) is not None and told.message.answers != "INVITE":
            pass
        assert told is not None
        answer = told.message
        caller.send(within(answer, who, there, 1, "ACK"))
        back = {"to": answer.header("from"), "from_": answer.header("to")}
        callee.send(within(answer, north, moved, 20, **back))
        assert answers(callee, caller, f"<{moved}>").code == 200


def test_of_a_call_that_a_proxy_forks_to_two_numbers_the_one_that_is_answered_goes_on(
    scene: Scene, place
):
    """Both have one Call-ID and From tag (RFC 3261 §16.6): no end of one is the other's."""
    who, cast = scene.cast.trunk("reception"), scene.cast
    north, west = cast.carrier("north"), cast.carrier("west")
    mark = f"fork-{scene.began}"
    with (
        raw(place, who, scene.directory) as caller,
        raw(place, north, scene.directory) as one,
        raw(place, west, scene.directory) as other,
    ):
        same = {"call_id": f"{mark}@x", "from_": f"<sip:2000@x>;tag={mark}"}
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{mark}-a", **same))
        asked = one.receive()
        assert asked is not None
        caller.send(request(who, "INVITE", TO_WEST, mark=f"{mark}-b", **same))
        answer = answers(caller, other, f"<sip:222@{west.socket}>")
        caller.send(within(answer, who, f"sip:222@{west.socket}", 1, "ACK"))
        one.send(reply(asked.message, "486 Busy Here"))
        while (told := caller.receive()) is not None and told.message.code < 300:
            pass
        assert told is not None
        caller.send(within(answer, who, f"sip:222@{west.socket}", 2))
        assert answers(caller, other, f"<sip:222@{west.socket}>").code == 200


def test_what_a_caller_calls_himself_is_no_way_to_that_number(scene: Scene, place):
    north = scene.cast.carrier("north").socket
    with answered(scene, place, f"<sip:111@{north}>") as (caller, _, answer):
        mine = f"<sip:{ELSEWHERE}@{caller.who.socket}>"
        uri = f"sip:{ELSEWHERE}@{north}"
        assert caller.ask(within(answer, caller.who, uri, 2, contact=mine)).code == 481
    invites = scene.messages().where(method="INVITE", target=north).once()
    assert [m.uri for m in invites] == [f"sip:{TO_NORTH}@{north}"]

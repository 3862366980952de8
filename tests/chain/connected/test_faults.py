"""Carriers that are reached by TCP or TLS, where the connection fails: calls go on to the next."""

import pytest

from tests.chain.connected.calls import (
    call,
    connections,
    contact_of,
    counted,
    refused_then_taken,
)
from tests.chain.connected.edges import ANSWER, TO_NORTH, TO_WEST
from tests.chain.faulty import reply
from tests.chain.harness.another_edge import logged
from tests.chain.harness.raw import listening, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until
from tests.chain.test_dialog_targets import within
from tests.chain.test_sender import comes
from tests.chain.test_tls import PAIR

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


def test_a_carrier_that_refuses_the_connection_is_left_for_the_next(scene: Scene, edge):
    socket = scene.cast.carrier("north").socket
    *attempt, took = refused_then_taken(scene, edge, TO_NORTH)
    assert attempt == [f"{socket};transport=tcp", None, "advance", "not-sent"]
    assert took < ANSWER


def test_a_call_is_not_counted_at_the_carrier_that_it_could_not_be_sent_to(
    scene: Scene, place, edge
):
    pbx, south = scene.cast.trunk("reception"), scene.cast.carrier("south")
    with raw(place, pbx, scene.directory) as caller, raw(place, south, scene.directory) as callee:
        answer, there = call(scene, caller, callee, TO_NORTH, f"<sip:111@{south.socket}>")
        counts = [counted(edge, name) for name in ("north", "south")]
        caller.send(within(answer, pbx, there, 2, "BYE"))
        callee.send(reply(comes(callee, "BYE"), "200 OK"))
        ended = caller.receive()
        assert ended is not None
        assert ended.message.answers == "BYE"
    assert counts == [0, 1]


# A carrier, how it is reached, what is there, and a number of its: nobody takes the connection; who
# takes it never says a word, of TLS or of SIP.
SILENT = pytest.mark.parametrize(
    "silent",
    [
        ("north", "tcp", "deaf", TO_NORTH),
        ("west", "tls", "tcp", TO_WEST),
        ("north", "tcp", "tcp", TO_NORTH),
    ],
    ids=["no connection", "no handshake", "no answer"],
)


@SILENT
def test_a_connection_that_never_comes_to_be_costs_the_answer_timeout(
    scene: Scene, place, edge, silent
):
    name, kind, there, dialled = silent
    who = scene.cast.carrier(name)
    with listening(place, who, scene.directory, there):
        *attempt, took = refused_then_taken(scene, edge, dialled)
    assert attempt == [f"{who.socket};transport={kind}", None, "advance", "no-reply"]
    assert ANSWER - 500 < took < ANSWER + 1_000


@SILENT
def test_no_worker_waits_for_a_connection_that_never_comes_to_be(scene: Scene, place, silent):
    """There are fewer of them than calls here."""
    name, _, there, dialled = silent
    who = scene.cast.trunk("reception")
    marks = [f"{scene.began}-{n}" for n in range(8)]
    with (
        listening(place, scene.cast.carrier(name), scene.directory, there),
        raw(place, who, scene.directory) as caller,
    ):
        began = [caller.send(request(who, "INVITE", dialled, mark=mark)) for mark in marks]
        trying = set()
        while len(trying) < len(marks) and (came := caller.receive()) is not None:
            assert came.message.code == 100
            trying.add(came.message.call_id)
        assert came is not None
        assert came.at - began[0] < ANSWER / 2_000
        for mark in marks:
            caller.send(request(who, "CANCEL", dialled, mark=mark))
        told = {}
        while len(told) < len(marks) and (came := caller.receive()) is not None:
            if came.message.answers == "INVITE" and came.message.code >= 300:
                mark = came.message.call_id.removeprefix("raw-").partition("@")[0]
                told[mark] = came.message.code
                to = came.message.header("to")
                caller.send(request(who, "ACK", dialled, mark=mark, to=to))
    assert told == dict.fromkeys(marks, 487)


def test_a_certificate_that_nobody_vouches_for_is_refused_and_the_log_says_so(
    scene: Scene, place, stack, edge
):
    west, file = scene.cast.carrier("west"), scene.directory / "pair.pem"
    file.write_text(stack.execute("edge", *PAIR))
    before = len(logged(edge[1]))
    with listening(place, west, scene.directory, "tls", place.there(file)):
        *attempt, took = refused_then_taken(scene, edge, TO_WEST)
    assert attempt == [f"{west.socket};transport=tls", None, "advance", "no-reply"]
    assert took < ANSWER + 1_000
    assert "certificate verify failed" in logged(edge[1])[before:]


def test_who_hangs_up_on_a_carrier_that_has_gone_is_told_that_it_could_not_be_reached(
    scene: Scene, place, edge
):
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    with raw(place, who, scene.directory) as caller:
        with listening(place, north, scene.directory, "tcp") as callee:
            answer, target = call(scene, caller, callee, TO_NORTH, contact_of(north, "tcp"))
        until("the edge to know", lambda: not connections(edge, north), 10)
        told = caller.ask(within(answer, who, target, 2, "BYE"))
    assert told.code == 477

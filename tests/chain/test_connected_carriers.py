"""Carriers that are reached by TCP or TLS: calls, and what becomes of them where the connection fails."""

import re
from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.calling import cause, dial, final
from tests.chain.faulty import KAMCMD
from tests.chain.harness.another_edge import edge_beside, logged, rows, scene_at
from tests.chain.harness.peer import Who
from tests.chain.harness.raw import Raw, listening, raw, request, stream
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import docker, until
from tests.chain.test_dialog_targets import answers, within
from tests.chain.test_sender import comes, exchange, uri
from tests.chain.test_tls import PAIR

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

LAST = "155"
ANSWER = 2_000  # ms, the carriers' answer_timeout
TO_NORTH, TO_WEST = "441632960100", "4930123456"  # north, south, west; west, south
# Kamailio's own file: as a site would have it that trusts one authority; and one that checks nothing.
TLS = """
[server:default]
method = TLSv1.2+
private_key = /etc/kamailio/pair.pem
certificate = /etc/kamailio/pair.pem
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
ca_list = /etc/kamailio/carriers.pem
"""


def connected(text: str, cast) -> str:
    """North is reached by TCP, west by TLS, south as ever."""
    for name, kind in (("north", "tcp"), ("west", "tls")):
        there = str(cast.site.carriers[name].gateways[0])
        text = text.replace(f'gateway = "{there}"', f'gateway = "{kind}:{there}"')
    host = cast.edge.host.rpartition(".")[0] + f".{LAST}"
    more = f'trunks = ["tcp:{host}:5070", "tls:{host}:5071", '
    return text.replace("trunks = [", more, 1)


@pytest.fixture(scope="module")
def pair(stack) -> str:
    """Return a certificate and its key, self-signed."""
    return str(stack.execute("edge", *PAIR))


@pytest.fixture(scope="module", params=["latest", "trixie", "bookworm"])
def edge(stack, place, cast, pair, request) -> Iterator[tuple[Site, str]]:
    files = {f"/etc/kamailio/{name}.pem": pair for name in ("pair", "carriers")}
    with edge_beside(
        stack, place, cast, f"connected-{request.param}", tag=request.param, last=LAST, change=lambda text: connected(text, cast),
        files={"/etc/kamailio/tls.cfg": TLS, **files},
    ) as found:  # fmt: skip
        yield found


@pytest.fixture
def scene(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene


def call(scene: Scene, caller: Raw, callee: Raw, dialled: str, contact: str) -> tuple[Message, str]:
    """Have the PBX call, and the carrier take it; returns the answer, and where the next requests go."""
    caller.send(request(caller.who, "INVITE", dialled, mark=f"{scene.began}"))
    answer = answers(caller, callee, contact)
    assert answer.code == 200
    there = uri(answer.header("contact"))
    caller.send(within(answer, caller.who, there, 1, "ACK"))
    comes(callee, "ACK")
    return answer, there


def connections(edge: tuple[Site, str], who: Who) -> list[str]:
    """Return the edge's connections with somebody."""
    said = docker("exec", edge[1], *KAMCMD, "core.tcp_list")
    host, port = who.address
    ends = re.findall(r"dst_ip: (\S+)\s+dst_port: (\S+)", said) + re.findall(
        r"src_ip: (\S+)\s+src_port: (\S+)", said
    )
    return [f"{a}:{p}" for a, p in ends if (a, p) == (host, str(port))]


def contact_of(who: Who, kind: str) -> str:
    return f"<sip:111@{who.socket};transport={kind}>"


@pytest.mark.parametrize("by", [("north", "tcp", TO_NORTH), ("west", "tls", TO_WEST)])
@pytest.mark.parametrize("hung_up_on", [False, True])
def test_a_call_goes_by_its_connection_and_after_that_is_closed_by_another(
    scene: Scene, place, edge, *, pair, by, hung_up_on
):
    name, kind, dialled = by
    who, there = scene.cast.trunk("reception"), scene.cast.carrier(name)
    file = scene.directory / "pair.pem"
    file.write_text(pair)
    with (
        raw(place, who, scene.directory) as caller,
        listening(place, there, scene.directory, kind, place.there(file)) as callee,
    ):
        answer, target = call(scene, caller, callee, dialled, contact_of(there, kind))
        if hung_up_on:
            assert connections(edge, there)
            callee.close_connections()
            until("the edge to know", lambda: not connections(edge, there), 10)
        exchange(caller, callee, within(answer, who, target, 2, "INFO"))
        back = {"from_": answer.header("to"), "to": answer.header("from")}
        here, via = f"sip:{who.name}@{who.socket}", f"SIP/2.0/{kind.upper()} {there.socket}"
        text = within(answer, there, here, 20, "INFO", via=f"{via};branch=z9hG4bK-back", **back)
        exchange(callee, caller, text)
        exchange(caller, callee, within(answer, who, target, 3, "BYE"))
    assert wrote(edge, answer.call_id, 1) == [
        [f"{there.socket};transport={kind}", 200, "answered", "answered"]
    ]


@pytest.mark.parametrize("by", [("north", "tcp", TO_NORTH), ("west", "tls", TO_WEST)])
def test_a_carrier_whose_contact_names_no_protocol_is_reached_by_its_connection(
    scene: Scene, place, *, pair, by
):
    """Without a word it would be UDP, which nobody hears there."""
    name, kind, dialled = by
    who, there = scene.cast.trunk("reception"), scene.cast.carrier(name)
    file = scene.directory / "pair.pem"
    file.write_text(pair)
    with (
        raw(place, who, scene.directory) as caller,
        listening(place, there, scene.directory, kind, place.there(file)) as callee,
    ):
        answer, target = call(scene, caller, callee, dialled, f"<sip:111@{there.socket}>")
        exchange(caller, callee, within(answer, who, target, 2, "BYE"))


def test_a_call_goes_by_tls_after_a_refused_connection_and_a_refusal(
    scene: Scene, place, edge, pair
):
    who, west = scene.cast.trunk("reception"), scene.cast.carrier("west")
    file = scene.directory / "pair.pem"
    file.write_text(pair)
    scene.play(scene.cast.carrier("south"), "carrier/rejects-503", reason=cause(34))
    with (
        raw(place, who, scene.directory) as caller,
        listening(place, west, scene.directory, "tls", place.there(file)) as callee,
    ):
        answer, target = call(scene, caller, callee, TO_NORTH, contact_of(west, "tls"))
        exchange(caller, callee, within(answer, who, target, 2, "BYE"))
    codes = [one[1] for one in wrote(edge, answer.call_id, 3)]
    assert codes == [None, 503, 200]


def wrote(edge: tuple[Site, str], call_id: str, count: int) -> list[list[object]]:
    """Return what the ledger has of a call, once it has so many attempts."""

    def found() -> list[list[object]]:
        query = "SELECT call_id, gateway, code, verdict, rule FROM attempts ORDER BY rowid"
        return [row[1:] for row in rows(edge[1], "calls.db", query) if row[0] == call_id]

    until("the ledger", lambda: len(found()) >= count, 15)
    return found()


def refused_then_taken(scene: Scene, edge: tuple[Site, str], dialled: str) -> list[object]:
    """Have the phone call by a carrier that cannot be reached, and south take it; returns the first
    attempt, its milliseconds last.
    """
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, dialled)
    scene.finish(caller, south)
    messages = scene.messages()
    answer = final(messages, caller)
    assert answer.code == 200
    first, second = wrote(edge, answer.call_id, 2)
    assert second == [south.who.socket, 200, "answered", "answered"]
    asked = messages.where(method="INVITE", source=caller.who.socket)[-1]
    took = messages.where(method="INVITE", target=south.who.socket)[0]
    return [*first, (took.at - asked.at) * 1000]


def test_a_carrier_that_refuses_the_connection_is_left_for_the_next(scene: Scene, edge):
    socket = scene.cast.carrier("north").socket
    *attempt, took = refused_then_taken(scene, edge, TO_NORTH)
    assert attempt == [f"{socket};transport=tcp", None, "advance", "not-sent"]
    assert took < ANSWER


def test_a_connection_that_never_comes_to_be_costs_the_answer_timeout(scene: Scene, place, edge):
    north = scene.cast.carrier("north")
    with listening(place, north, scene.directory, "deaf"):
        *attempt, took = refused_then_taken(scene, edge, TO_NORTH)
    assert attempt == [f"{north.socket};transport=tcp", None, "advance", "no-reply"]
    assert ANSWER - 500 < took < ANSWER + 1_000


def test_no_worker_waits_for_a_connection_that_never_comes_to_be(scene: Scene, place):
    """There are fewer of them than calls here."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    marks = [f"{scene.began}-{n}" for n in range(8)]
    with (
        listening(place, north, scene.directory, "deaf"),
        raw(place, who, scene.directory) as caller,
    ):
        began = [caller.send(request(who, "INVITE", TO_NORTH, mark=mark)) for mark in marks]
        trying = set()
        while len(trying) < len(marks) and (came := caller.receive()) is not None:
            assert came.message.code == 100
            trying.add(came.message.call_id)
        assert came is not None
        assert came.at - began[0] < ANSWER / 2_000
        for mark in marks:
            caller.send(request(who, "CANCEL", TO_NORTH, mark=mark))
        told = {}
        while len(told) < len(marks) and (came := caller.receive()) is not None:
            if came.message.answers == "INVITE" and came.message.code >= 300:
                mark = came.message.call_id.removeprefix("raw-").partition("@")[0]
                told[mark] = came.message.code
                to = came.message.header("to")
                caller.send(request(who, "ACK", TO_NORTH, mark=mark, to=to))
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


DID = "442071838750"


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


def test_a_carrier_that_calls_by_tcp_is_hung_up_on_where_its_contact_is(scene: Scene, place):
    reception, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    door = scene.site.edge.way_to("tcp").address
    with (
        raw(place, reception, scene.directory) as pbx,
        listening(place, north, scene.directory, "tcp") as at_home,
        stream(place, north, scene.directory, (door.host, door.port), "tcp") as carrier,
    ):
        mark = f"{scene.began}"
        via = f"SIP/2.0/TCP {carrier.who.socket};branch=z9hG4bK-{mark}"
        contact = f"<sip:111@{north.socket};transport=tcp>"
        text = request(carrier.who, "INVITE", DID, mark=mark, via=via, contact=contact)
        carrier.send(text)
        answer = answers(carrier, pbx, f"<sip:2000@{reception.socket}>")
        assert answer.code == 200
        there = uri(answer.header("contact"))
        carrier.send(within(answer, carrier.who, there, 1, "ACK"))
        comes(pbx, "ACK")
        back = {"from_": answer.header("to"), "to": answer.header("from")}
        asked = within(
            answer, reception, f"sip:111@{north.socket};transport=tcp", 20, "BYE", **back
        )
        exchange(pbx, at_home, asked)

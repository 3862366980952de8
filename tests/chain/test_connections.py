"""Devices on a connection of their own, behind a NAT: whatever is for them comes by it, for their Contact
is an address that nobody else can reach.
"""

import re
from collections.abc import Iterator

import pytest

from tests.chain.faulty import Home, home_at, reply
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.cast import beside
from tests.chain.harness.raw import Raw, credentials, raw, request, stream
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import until
from tests.chain.test_aliases import gets
from tests.chain.test_dialog_targets import answers, within
from tests.chain.test_tls import PAIR, TLS

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]

LAST = "145"
DEVICE, TO_NORTH = "1020", "441632960100"
PRIVATE = "192.168.77.7:5062"
DOORS = {"tcp": 5060, "tls": 5061}
WAYS = ["tcp", "tls", "tcp;alias=198.51.100.9~5066~1"]


@pytest.fixture(scope="module")
def edge(stack, place, cast):
    host = beside(cast.edge.host, LAST)

    def with_tls(text: str) -> str:
        return text.replace('devices = ["udp', f'devices = ["tls:{host}:5061", "udp', 1)

    files = {"/etc/kamailio/tls.cfg": TLS, "/etc/kamailio/pair.pem": stack.execute("edge", *PAIR)}
    with edge_beside(
        stack, place, cast, "connections", last=LAST, change=with_tls, files=files
    ) as found:
        yield found


@pytest.fixture
def home(stack, place, cast, edge, request) -> Iterator[Home]:
    with home_at(stack, place, cast, edge, f"connections-{request.node.name}") as found:
        yield found


@pytest.fixture(params=WAYS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def device(kind: str, home: Home, place) -> Iterator[Raw]:
    """A device that has registered by its connection."""
    scene = home.scene
    transport = kind.partition(";")[0]
    who, door = scene.cast.device(DEVICE), (scene.cast.edge.host, DOORS[transport])
    with stream(place, who, scene.directory, door, transport) as peer:
        proved(peer, kind, "REGISTER")
        yield peer


def contact(kind: str) -> str:
    return f"<sip:{DEVICE}@{PRIVATE};transport={kind}>"


def via(kind: str, mark: str) -> str:
    return f"SIP/2.0/{kind.partition(';')[0].upper()} {PRIVATE};rport;branch=z9hG4bK-{mark}"


def proved(device: Raw, kind: str, method: str, dialled: str = "") -> None:
    """Send a request with the credentials that are asked for; a REGISTER has its answer then."""
    who, mark = device.who, f"{device.who.address[1]}-{method}"
    uri = f"sip:{dialled}@{who.edge[0]}" if dialled else f"sip:{who.edge[0]}"
    said = {"mark": mark, "contact": contact(kind)}
    asked = device.ask(request(who, method, dialled, via=via(kind, f"{mark}-1"), **said))
    proof = credentials(who, asked, method, uri)
    again = request(who, method, dialled, number=2, via=via(kind, f"{mark}-2"), extra=proof, **said)
    if method == "REGISTER":
        assert device.ask(again).code == 200
    else:
        device.send(again)


def ends(home: Home, answer: Message) -> None:
    """Have the dialog module end the call that has been answered so."""

    def there() -> re.Match[str] | None:
        for one in re.split(r"(?=h_entry: )", home.kamcmd("dlg.list")):
            if f"call-id: {answer.call_id}" in one and "state: 4" in one:
                return re.search(r"h_entry: ([0-9]+)\s+h_id: ([0-9]+)", one)
        return None

    home.kamcmd("dlg.end_dlg", *until("the call and its ACK", there).groups())


def is_over(*sides: Raw) -> None:
    """Have each get a BYE, and answer it."""
    for side in sides:
        while (came := side.receive()) is not None and came.message.method != "BYE":
            pass
        assert came is not None, f"no BYE to {side.who.name}"
        side.send(reply(came.message, "200 OK", to=came.message.header("to")))


@pytest.mark.parametrize("who_ends", ["the other side", "the edge"])
def test_a_device_that_is_called_gets_all_of_the_call_by_its_connection(
    home: Home, place, device: Raw, who_ends: str, kind: str
):
    scene, own = home.scene, contact(kind)
    trunk = scene.cast.trunk("reception")
    with raw(place, trunk, scene.directory) as caller:
        caller.send(request(trunk, "INVITE", DEVICE, mark=f"{scene.began}"))
        answer = answers(caller, device, own)
        uri = answer.header("contact").strip("<>")
        caller.send(within(answer, trunk, uri, 1, "ACK"))
        assert gets(device, "ACK") == own.strip("<>")
        caller.send(within(answer, trunk, uri, 2))
        assert answers(caller, device, own).code == 200
        caller.send(within(answer, trunk, uri, 2, "ACK"))
        assert gets(device, "ACK") == own.strip("<>")
        if who_ends == "the edge":
            ends(home, answer)
            is_over(caller, device)
        else:
            caller.send(within(answer, trunk, uri, 3, "BYE"))
            is_over(device)
    assert not scene.messages().where(target=PRIVATE)


def test_a_device_that_does_not_listen_where_its_contact_says_is_reached_by_its_connection(
    home: Home, place, device: Raw, kind: str
):
    """Without a NAT: few have a certificate for who connects to them by TLS."""
    scene = home.scene
    trunk, own = scene.cast.trunk("reception"), f"{DEVICE}@{device.who.address[0]}:5077"
    with raw(place, trunk, scene.directory) as caller:
        caller.send(request(trunk, "INVITE", DEVICE, mark=f"{scene.began}"))
        answer = answers(caller, device, f"<sip:{own};transport={kind}>")
        uri = answer.header("contact").strip("<>")
        caller.send(within(answer, trunk, uri, 1, "ACK"))
        assert gets(device, "ACK") == f"sip:{own};transport={kind}"
        caller.send(within(answer, trunk, uri, 2, "BYE"))
        is_over(device)


@pytest.mark.parametrize("who_ends", ["the other side", "the edge"])
def test_a_device_that_calls_gets_all_of_the_call_by_its_connection(
    home: Home, place, device: Raw, who_ends: str, kind: str
):
    scene, own = home.scene, contact(kind)
    north = scene.cast.carrier("north")
    there = f"sip:111@{north.socket}"
    with raw(place, north, scene.directory) as callee:
        proved(device, kind, "INVITE", TO_NORTH)
        while (came := callee.receive()) is not None and came.message.method != "INVITE":
            pass
        assert came is not None
        path = [f"Record-Route: {one}" for one in came.message.all("record-route")]
        callee.send(reply(came.message, "200 OK", f"Contact: <{there}>", *path))
        while (told := device.receive()) is not None and told.message.code < 200:
            pass
        assert told is not None
        answer = told.message
        device.send(within(answer, device.who, there, 2, "ACK", via=via(kind, "ack")))
        gets(callee, "ACK")
        device.send(within(answer, device.who, there, 3, via=via(kind, "again"), contact=own))
        assert answers(device, callee, f"<{there}>").code == 200
        device.send(within(answer, device.who, there, 3, "ACK", via=via(kind, "ack-again")))
        gets(callee, "ACK")
        back = {"to": answer.header("from"), "from_": answer.header("to")}
        uri = came.message.header("contact").strip("<>")
        callee.send(within(answer, north, uri, 20, **back))
        assert answers(callee, device, own).code == 200
        callee.send(within(answer, north, uri, 20, "ACK", **back))
        assert gets(device, "ACK") == own.strip("<>")
        if who_ends == "the edge":
            ends(home, answer)
            is_over(device, callee)
        else:
            callee.send(within(answer, north, uri, 21, "BYE", **back))
            is_over(device)
    assert not scene.messages().where(target=PRIVATE)

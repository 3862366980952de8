"""Carriers that are reached by TCP and TLS, with `hide_topology`: nobody sees where the other is, and what
either says in the call comes by its connection.
"""

from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.calling import cause
from tests.chain.connected.calls import contact_of, wrote
from tests.chain.connected.edges import TO_NORTH, beside
from tests.chain.faulty import reply
from tests.chain.harness.peer import Who
from tests.chain.harness.raw import Raw, listening, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.test_dialog_targets import within
from tests.chain.test_sender import comes, exchange, uri

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


@pytest.fixture(scope="module", params=["latest", "trixie"])
def edge(stack, place, cast, pair, request) -> Iterator[tuple[Site, str]]:
    """Kamailio 5.6 hides nobody, and says so at its start."""

    def hiding(text: str) -> str:
        return text.replace("[edge]", "[edge]\nhide_topology = true", 1)

    with beside(stack, place, cast, pair, request.param, change=hiding) as found:
        yield found


def answer_of(peer: Raw) -> Message:
    while (came := peer.receive()) is not None and came.message.code < 200:
        pass
    assert came is not None
    return came.message


def changes(asks: Raw, says: Raw, invite: str, ack: str, contact: str) -> None:
    """Have one side change the call: INVITE, 200 and ACK."""
    asks.send(invite)
    came = comes(says, "INVITE")
    says.send(reply(came, "200 OK", f"Contact: {contact}", to=came.header("to")))
    assert answer_of(asks).code == 200
    asks.send(ack)
    comes(says, "ACK")


def shown(message: Message, other: Who) -> set[str]:
    """Return the headers in which the address of another stands."""
    return {name for name, value in message.headers if other.address[0] in value} - {"call-id"}


def test_a_call_that_two_refused_is_changed_from_either_side_and_ended_by_the_carrier(
    scene: Scene, place, edge, pair
):
    who, west = scene.cast.trunk("reception"), scene.cast.carrier("west")
    north = scene.cast.carrier("north")
    file = scene.directory / "pair.pem"
    file.write_text(pair)
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-503", reason=cause(34))
    with (
        raw(place, who, scene.directory) as caller,
        listening(place, north, scene.directory, "tcp") as first,
        listening(place, west, scene.directory, "tls", place.there(file)) as callee,
    ):
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        first.send(reply(comes(first, "INVITE"), "503 Service Unavailable"))
        seen = comes(callee, "INVITE")
        path = [f"Record-Route: {one}" for one in seen.all("record-route")]
        callee.send(reply(seen, "200 OK", f"Contact: {contact_of(west, 'tls')}", *path))
        answer = answer_of(caller)
        assert answer.code == 200
        assert (shown(seen, who), shown(answer, west)) == (set(), set())

        there, here = uri(answer.header("contact")), uri(seen.header("contact"))
        caller.send(within(answer, who, there, 1, "ACK"))
        comes(callee, "ACK")

        def back(number: int, method: str) -> str:
            via = f"SIP/2.0/TLS {west.socket};branch=z9hG4bK-back-{method}-{number}"
            sides = {"from_": f"{seen.header('to')};tag=carrier", "to": seen.header("from")}
            return within(seen, west, here, number, method, via=via, **sides)

        exchange(caller, callee, within(answer, who, there, 2, "INFO"))
        exchange(callee, caller, back(20, "INFO"))
        invite, ack = (within(answer, who, there, 3, method) for method in ("INVITE", "ACK"))
        changes(caller, callee, invite, ack, contact_of(west, "tls"))
        changes(callee, caller, back(21, "INVITE"), back(21, "ACK"), f"<sip:2000@{who.socket}>")
        exchange(callee, caller, back(22, "BYE"))
    scene.finish(south)
    codes = [one[:2] for one in wrote(edge, answer.call_id, 3)]
    gateways = [f"{north.socket};transport=tcp", south.who.socket, f"{west.socket};transport=tls"]
    assert codes == [
        [gateway, code] for gateway, code in zip(gateways, (503, 503, 200), strict=True)
    ]

"""Carriers that are reached by TCP or TLS: calls both ways, and what is said in them."""

import pytest

from tests.chain.calling import cause
from tests.chain.connected.calls import call, connections, contact_of, wrote
from tests.chain.connected.edges import DID, TO_NORTH, TO_WEST
from tests.chain.faulty import reply
from tests.chain.harness.raw import listening, raw, request, stream
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until
from tests.chain.test_dialog_targets import answers, within
from tests.chain.test_sender import comes, exchange, uri

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


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


def test_a_redirect_to_a_protocol_leads_to_the_gateway_that_is_reached_by_it(
    scene: Scene, place, edge, pair
):
    """South has no TCP with us, and would be called where `sips` were taken for a plain word; west would
    have been the last in the plan's order.
    """
    who, west = scene.cast.trunk("reception"), scene.cast.carrier("west")
    north, south = scene.cast.carrier("north"), scene.cast.carrier("south")
    file = scene.directory / "pair.pem"
    file.write_text(pair)
    with (
        raw(place, who, scene.directory) as caller,
        listening(place, north, scene.directory, "tcp") as first,
        listening(place, west, scene.directory, "tls", place.there(file)) as callee,
    ):
        caller.send(request(who, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        asked = comes(first, "INVITE")
        number = asked.uri.partition(":")[2].partition("@")[0]
        places = (
            f"<sip:{number}@{south.socket};transport=tcp>, <sip:{number}@{south.socket};transport=tls>",
            f"<sips:{number}@{south.socket}>, <sip:{number}@{west.socket};transport=TLS>;q=0.5",
        )
        moved = ", ".join(places)
        first.send(reply(asked, "302 Moved Temporarily", f"Contact: {moved}"))
        answer = answers(caller, callee, contact_of(west, "tls"))
        assert answer.code == 200
        there = uri(answer.header("contact"))
        caller.send(within(answer, who, there, 1, "ACK"))
        comes(callee, "ACK")
        exchange(caller, callee, within(answer, who, there, 2, "BYE"))
    gone = [one[:2] for one in wrote(edge, answer.call_id, 2)]
    assert gone == [[f"{north.socket};transport=tcp", 302], [f"{west.socket};transport=tls", 200]]


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

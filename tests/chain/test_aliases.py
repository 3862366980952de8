"""Kamailio's `alias` in a Contact: where the next requests of a dialog go, whoever wrote it."""

import re

import pytest

from bellhop.addresses import bracketed
from tests.chain.harness.places import Lab
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.test_bindings import registers
from tests.chain.test_dialog_targets import answers, within

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]

DEVICE, TO_NORTH = "1009", "441632960100"


def gets(side: Raw, method: str) -> str:
    """Return the Request-URI of the next request of this method that comes."""
    while (came := side.receive()) is not None and came.message.method != method:
        pass
    assert came is not None, method
    return came.message.uri


@pytest.mark.parametrize("host", ["its own", "192.168.7.7:5060"])
def test_a_device_that_names_another_host_gets_what_is_for_it_all_the_same(
    scene: Scene, place, host: str
):
    """Otherwise it could have our ACK, BYE and re-INVITE sent to whoever it likes."""
    names_another(scene, place, host)
    scene.register(DEVICE)  # as it was


def names_another(scene: Scene, place: Lab, host: str) -> None:
    """Have a device answer with another's alias behind this host, and get ACK and BYE."""
    who, trunk = scene.cast.device(DEVICE), scene.cast.trunk("reception")
    other = bracketed(scene.cast.stranger().address[0])
    own, mark = who.socket if host == "its own" else host, f"{scene.began}-{len(host)}"
    alias = f"alias={other}~5060~1"
    with raw(place, who, scene.directory) as device, raw(place, trunk, scene.directory) as caller:
        registered = registers(device, f"{mark}-r", f"<sip:{DEVICE}@{who.socket}>")
        assert registered.code == 200
        caller.send(request(trunk, "INVITE", DEVICE, mark=mark))
        answer = answers(caller, device, f"<sip:{DEVICE}@{own};{alias}>")
        uri = answer.header("contact").strip("<>")
        caller.send(within(answer, trunk, uri, 1, "ACK"))
        assert gets(device, "ACK") == f"sip:{DEVICE}@{own};{alias}"
        caller.send(within(answer, trunk, uri, 2, "BYE"))
        assert gets(device, "BYE") == f"sip:{DEVICE}@{own};{alias}"
    assert not scene.messages().where(target=other)


def test_a_carriers_own_alias_comes_back_to_its_proxy(scene: Scene, place):
    """A Kamailio of the carrier's wrote it for a customer of its own, and stays in the path."""
    trunk, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    contact = "sip:111@10.9.9.9:5066;alias=198.51.100.9~5066~1"
    with raw(place, trunk, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        caller.send(request(trunk, "INVITE", TO_NORTH, mark=f"{scene.began}"))
        answer = answers(caller, callee, f"<{contact}>", f"<sip:{north.socket};lr>")
        uri = answer.header("contact").strip("<>")
        caller.send(within(answer, trunk, uri, 1, "ACK"))
        assert gets(callee, "ACK") == contact
        caller.send(within(answer, trunk, uri, 2, "BYE"))
        assert gets(callee, "BYE") == contact


def test_a_peer_that_names_a_way_that_we_have_not_is_reached_where_it_is(scene: Scene, place):
    """Over UDP, by a transport or at an IPv6 address for which the edge has no listener."""
    names_a_way_of_its_own(scene, place)


def names_a_way_of_its_own(scene: Scene, place: Lab) -> None:
    """Have a carrier answer with such Contacts, and get ACK and BYE."""
    trunk, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    own = north.socket
    contacts = (
        f"sip:111@{own};transport=tcp",
        f"sip:111@{own};transport=TLS",
        f"sips:111@{own}",
        "sip:111@[2001:db8::7]:5060",
    )
    with raw(place, trunk, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        for nth, contact in enumerate(contacts):
            caller.send(request(trunk, "INVITE", TO_NORTH, mark=f"{scene.began}-{nth}"))
            answer = answers(caller, callee, f"<{contact}>")
            uri = answer.header("contact").strip("<>")
            caller.send(within(answer, trunk, uri, 1, "ACK"))
            assert gets(callee, "ACK") == contact
            caller.send(within(answer, trunk, uri, 2, "BYE"))
            assert gets(callee, "BYE") == contact


def test_a_request_uri_that_would_not_fit_is_told_so_before_anybody_looks_at_it(
    scene: Scene, place
):
    is_too_long(scene, place)
    scene.register(DEVICE)  # it takes requests as before


def is_too_long(scene: Scene, place: Lab) -> None:
    """Have a stranger send such ones, with an alias: older nathelpers write past their end."""
    stranger = scene.cast.stranger()
    route = f"Route: <sip:{stranger.edge[0]}:{stranger.edge[1]};lr>"
    with raw(place, stranger, scene.directory) as other:
        for length, code in ((900, 403), (1_100, 414), (8_000, 414)):
            uri = f"sip:{'1' * length}@192.0.2.1;alias=192.0.2.1~5060~1"
            text = request(
                stranger, "BYE", DEVICE, mark=f"{scene.began}-{length}",
                to=f"<sip:{DEVICE}@{stranger.edge[0]}>;tag=1", extra=route,
            )  # fmt: skip
            assert other.ask(re.sub(r"^BYE \S+", f"BYE {uri}", text)).code == code

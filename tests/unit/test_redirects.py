"""Where a redirect's place is one of our own gateways, by address and by name; and which legs are
next then.
"""

import pytest

from bellhop.addresses import Address
from bellhop.calls import Call, Leg, LegKind, begun
from bellhop.carriers import Carrier
from bellhop.contacts import Place
from bellhop.dialling import ToCarriers
from bellhop.gateways import gateways
from bellhop.redirects import followed, legs

FOUND = {"gw.example": Address("203.0.113.7", 5060), "srv.example": Address("203.0.113.8", 5070)}
NORTH = Carrier(name="north", gateways=gateways(["203.0.113.1:5060", "gw.example:5060"]))
SOUTH = Carrier(name="south", gateways=gateways("srv.example"))
WAY = ToCarriers("4412", (NORTH, SOUTH), "follower")


def resolve(gateway):
    if gateway.address:
        return (gateway.address,)
    return (FOUND[gateway.host],) if gateway.host in FOUND else ()


PLACES = [
    (Place("4412"), ["203.0.113.1:5060", "203.0.113.7:5060", "203.0.113.8:5070"]),
    (Place("4412", "203.0.113.1"), ["203.0.113.1:5060"]),
    (Place("4412", "203.0.113.8", 5070), ["203.0.113.8:5070"]),
    (Place("4412", "203.0.113.8"), []),
    (Place("4412", "gw.example"), ["203.0.113.7:5060"]),
    (Place("4412", "gw.example", 5060), ["203.0.113.7:5060"]),
    (Place("4412", "gw.example", 5080), []),
    (Place("4412", "srv.example"), ["203.0.113.8:5070"]),
    (Place("4412", "srv.example", 5070), []),  # a port means that SRV is not asked (RFC 3263 §4.2)
    (Place("4412", "evil.example"), []),
]


CONNECTED = ToCarriers(
    "4412",
    (
        Carrier(name="east", gateways=gateways(["tcp:203.0.113.1:5060", "tls:gw.example"])),
        Carrier(name="west", gateways=gateways(["203.0.113.1:5060", "tls:203.0.113.9"])),
    ),
    "follower",
)
UDP, TCP = "203.0.113.1:5060", "203.0.113.1:5060;transport=tcp"


@pytest.mark.parametrize(
    ("place", "addresses"),
    [
        (Place("4412", "203.0.113.1"), [TCP, UDP]),  # it asks for none: by whatever we have
        (Place("4412", "203.0.113.1", 0, "tcp"), [TCP]),
        (Place("4412", "203.0.113.1", 5060, "udp"), [UDP]),
        (Place("4412", "203.0.113.1", 0, "tls"), []),
        (Place("4412", "203.0.113.9", 0, "tls"), ["203.0.113.9:5061;transport=tls"]),  # its port
        (Place("4412", "203.0.113.9", 5061, "tcp"), []),
        (Place("4412", "gw.example", 0, "tls"), ["203.0.113.7:5061;transport=tls"]),
        (Place("4412", "gw.example", 0, "udp"), []),
    ],
)
def test_a_protocol_that_is_asked_for_is_the_gateways_own(place, addresses):
    def resolve(gateway):
        return (gateway.address or Address("203.0.113.7", 5061, gateway.protocol),)

    assert [leg.address for leg in legs(CONNECTED, place, resolve)] == addresses


@pytest.mark.parametrize(("place", "addresses"), PLACES)
def test_only_a_gateway_of_the_plan_is_led_to(place, addresses):
    found = legs(WAY, place, resolve)
    assert [leg.address for leg in found] == addresses
    assert {leg.profile for leg in found} <= {"follower"}


def test_a_name_that_is_not_resolved_leads_nowhere():
    assert legs(WAY, Place("4412", "gw.example"), lambda _: ()) == ()


def to(address):
    return Leg(
        kind=LegKind.CARRIER, name=address, user="44", address=address, answer_timeout=1, ring_timeout=1
    )  # fmt: skip


@pytest.mark.parametrize(
    ("allowed", "targets", "order"),
    [
        (9, "cd", "acdb"),
        (9, "cbc", "acb"),  # each once, and what was to come has its new place alone
        (9, "ac", "acb"),  # who was tried is not tried again
        (9, "a", None),
        (3, "cdef", "acdb"),  # no more than there are attempts
        (1, "c", None),
    ],
)
def test_the_targets_are_next_each_once_and_no_more_than_may_be_tried(allowed, targets, order):
    call = Call(
        id="c", caller="1020", dialled="44", profile="follower", started=0, deadline=9,
        attempts_allowed=allowed, legs=(to("a"), to("b")),
    )  # fmt: skip
    went = followed(begun(call, 0, 1), tuple(map(to, targets)))
    assert ("".join(leg.address for leg in went.legs) if went else None) == order

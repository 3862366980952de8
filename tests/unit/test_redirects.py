"""Where a redirect's place is one of our own gateways, by address and by name."""

import pytest

from bellhop.addresses import Address
from bellhop.carriers import Carrier
from bellhop.contacts import Place
from bellhop.dialling import ToCarriers
from bellhop.gateways import gateways
from bellhop.redirects import legs

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


@pytest.mark.parametrize(("place", "addresses"), PLACES)
def test_only_a_gateway_of_the_plan_is_led_to(place, addresses):
    found = legs(WAY, place, resolve)
    assert [leg.address for leg in found] == addresses
    assert {leg.profile for leg in found} <= {"follower"}


def test_a_name_that_is_not_resolved_leads_nowhere():
    assert legs(WAY, Place("4412", "gw.example"), lambda _: ()) == ()

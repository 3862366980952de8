"""Who is at an address: of two that have it, the one that the site file would find first."""

from bellhop.carriers import Carrier, Trunk
from bellhop.gateways import Gateway
from bellhop.peers import peers

HERE = Gateway("192.0.2.1", 5060)
NAME = Gateway("sip.west.example", 0, named=True)
ANNEX = Trunk(name="annex", gateways=(HERE,))
NORTH = Carrier(name="north", gateways=(HERE,))
SOUTH = Carrier(name="south", gateways=(HERE,), sources=("192.0.2.2",))
WEST = Carrier(name="west", gateways=(NAME,))


def test_a_trunk_is_found_before_a_carrier_and_the_first_before_the_second():
    assert peers([ANNEX], [NORTH, SOUTH]).by_source["192.0.2.1"] is ANNEX
    assert peers([], [NORTH, SOUTH]).by_host["192.0.2.1"] is NORTH


def test_calls_come_from_a_peers_sources_and_requests_go_to_its_gateways_too():
    found = peers([], [SOUTH])
    assert found.by_source == {"192.0.2.2": SOUTH}
    assert found.by_host == {"192.0.2.1": SOUTH, "192.0.2.2": SOUTH}


def test_a_name_is_no_address():
    found = peers([ANNEX], [WEST])
    assert found.named == (WEST,)
    assert "sip.west.example" not in found.by_host

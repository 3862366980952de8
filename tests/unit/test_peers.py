"""Who is at an address, and whose calls come from there, where two have it."""

from bellhop.carriers import Carrier, Trunk
from bellhop.gateways import Gateway
from bellhop.peers import peers

HERE = Gateway("192.0.2.1", 5060)
NAME = Gateway("sip.west.example", 0, named=True)
ANNEX = Trunk(name="annex", gateways=(HERE,))
NORTH = Carrier(name="north", gateways=(HERE,))
SOUTH = Carrier(name="south", gateways=(HERE,), sources=("192.0.2.2",))
WEST = Carrier(name="west", gateways=(NAME,))


def test_calls_are_a_trunks_before_a_carriers_and_the_firsts_before_the_seconds():
    assert peers([], [NORTH, SOUTH]).by_source["192.0.2.1"] is NORTH
    assert peers([ANNEX], [NORTH, SOUTH]).by_source["192.0.2.1"] is ANNEX
    assert peers([ANNEX], [NORTH, SOUTH]).by_host["192.0.2.1"] == (ANNEX, NORTH, SOUTH)


def test_calls_come_from_a_peers_sources_and_requests_go_to_its_gateways_too():
    found = peers([], [SOUTH])
    assert found.by_source == {"192.0.2.2": SOUTH}
    assert found.by_host == {"192.0.2.1": (SOUTH,), "192.0.2.2": (SOUTH,)}


def test_a_name_is_no_address():
    found = peers([ANNEX], [WEST])
    assert found.named == (WEST,)
    assert "sip.west.example" not in found.by_host

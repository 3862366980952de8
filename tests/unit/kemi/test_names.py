"""Gateways by name: looked up by one process, read by the workers."""

import pytest

from bellhop.gateways import Gateway
from kemi import names

NORTH = 'gateway = "203.0.113.1:5060"'


class Dns:
    """What the names have: addresses by name, SRV records by name; it counts what it is asked."""

    def __init__(self, house):
        self.addresses, self.services, self.asked = {}, {}, []
        self.house = house
        house.fake.returns["ipops.dns_query"] = self._addresses
        house.fake.returns["ipops.srv_query"] = self._services

    def _addresses(self, name, _here):
        self.asked.append(name)
        found = self.addresses.get(name, [])
        self.house.says({"$dns(bellhop=>count)": len(found)})
        self.house.says({f"$dns(bellhop=>addr[{n}])": one for n, one in enumerate(found)})
        return 1 if found else -4

    def _services(self, name, _here):
        self.asked.append(name)
        found = self.services.get(name, [])
        self.house.says({"$srvquery(bellhop=>count)": len(found)})
        for n, one in enumerate(found):
            for field, value in zip(("target", "port", "priority", "weight"), one, strict=True):
                self.house.says({f"$srvquery(bellhop=>{field}[{n}])": value})
        return 1


@pytest.fixture
def dns(house):
    file = house.folder / "site.toml"
    file.write_text(
        file.read_text().replace(NORTH, 'gateway = ["sip.north.example", "b.north.example:5080"]')
    )
    house.fake.pv["$shv(bellhop_wanted)"] = 1
    house.app.ksr_site_reload(None)
    return Dns(house)


def test_srv_records_lead_to_their_targets_and_a_name_with_a_port_to_its_addresses(house, dns):
    dns.services["_sip._udp.sip.north.example"] = [
        ("two.example", 5070, 20, 0),
        ("one.example", 5060, 10, 0),
    ]
    dns.addresses = {"one.example": ["203.0.113.51"], "two.example": ["203.0.113.52"],
                     "b.north.example": ["203.0.113.53"]}  # fmt: skip
    house.app.ksr_names_resolve(None)
    assert [str(a) for a in names.resolve(Gateway("sip.north.example", 0, named=True))] == [
        "203.0.113.51:5060", "203.0.113.52:5070",
    ]  # fmt: skip
    house.calls("4412")
    house.fails()
    house.fails()
    assert house.sent_to[:3] == [
        "sip:203.0.113.51:5060", "sip:203.0.113.52:5070", "sip:203.0.113.53:5080",
    ]  # fmt: skip


def test_a_name_stays_in_the_request_uri_and_an_address_is_only_where_it_goes(house, dns):
    """RFC 3263 §4. A carrier of many customers knows by it whose call it is."""
    dns.addresses = {"sip.north.example": ["203.0.113.51"], "b.north.example": ["203.0.113.53"]}
    house.app.ksr_names_resolve(None)
    house.calls("4412")
    assert house.fake.pv["$ru"] == "sip:4412@sip.north.example"
    house.fails()
    assert house.fake.pv["$ru"] == "sip:4412@b.north.example:5080"
    assert house.sent_to[-1] == "sip:203.0.113.53:5080"


def test_a_carriers_domain_stands_before_all_its_gateways(house):
    file = house.folder / "site.toml"
    file.write_text(file.read_text().replace(NORTH, f'{NORTH}\ndomain = "site-7.example"'))
    house.fake.pv["$shv(bellhop_wanted)"] = 1
    house.app.ksr_site_reload(None)
    house.calls("4412")
    assert house.fake.pv["$ru"] == "sip:4412@site-7.example"
    assert house.sent_to == ["sip:203.0.113.1:5060"]


def test_a_name_without_srv_records_stands_for_port_5060(house, dns):
    dns.addresses["sip.north.example"] = ["203.0.113.51"]
    house.app.ksr_names_resolve(None)
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.51:5060"]


def test_a_name_by_tls_has_its_own_records_and_port(make_house_of):
    tls = '"tls:sip.north.example"'
    house = make_house_of(
        lambda text: text.replace('"203.0.113.1:5060"', tls).replace(
            'trunks = ["udp:192.0.2.10:5070"]',
            'trunks = ["udp:192.0.2.10:5070", "tls:192.0.2.10:5071"]',
        )
    )
    dns = Dns(house)
    dns.addresses = {"sip.north.example": ["203.0.113.51"]}
    house.app.ksr_names_resolve(None)
    assert "_sips._tcp.sip.north.example" in dns.asked
    house.calls("4412")
    assert house.fake.pv["$ru"] == "sip:4412@sip.north.example"
    assert house.sent_to == ["sip:203.0.113.51:5061;transport=tls"]
    assert house.fake.pv["$fs"] == "tls:192.0.2.10:5071"


def test_a_device_that_registers_where_a_gateways_name_leads_is_not_called(house, dns):
    dns.addresses = {"sip.north.example": ["203.0.113.51"], "b.north.example": ["203.0.113.53"]}
    house.app.ksr_names_resolve(None)
    house.contacts["1009"] = "sip:x@203.0.113.53:5080"
    house.calls("1009", user="1020", door="devices", source="192.0.2.77")
    assert (house.relays, house.answers) == ([], [480])
    house.contacts["1009"] = "sip:x@203.0.113.53:5090"  # a device there, at another port
    house.calls("1009", user="1020", door="devices", source="192.0.2.77")
    assert len(house.relays) == 1


def test_a_call_before_any_answer_of_dns_passes_the_carrier_over_at_once(house, dns):
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.2:5060"]
    assert [row.rule for row in house.rows] == [
        "unresolved"
    ]  # the carrier once, whatever its names
    assert dns.asked == []


def test_a_name_that_no_longer_resolves_keeps_its_addresses_and_is_told(house, dns):
    dns.addresses["sip.north.example"] = ["203.0.113.51"]
    house.app.ksr_names_resolve(None)
    dns.addresses.clear()
    for _ in range(31):
        house.app.ksr_names_resolve(None)
    assert any("does not resolve: its last addresses are used" in line for line in house.logged)
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.51:5060"]


def test_srv_records_that_are_not_found_any_more_are_not_taken_for_none_at_once(house, dns):
    """A DNS that fails for a moment says the same; the name's own address is somebody else's door."""
    name = "_sip._udp.sip.north.example"
    dns.services[name] = [("one.example", 5070, 10, 0)]
    dns.addresses = {"one.example": ["203.0.113.51"], "sip.north.example": ["203.0.113.80"]}
    house.app.ksr_names_resolve(None)
    dns.services.clear()

    def led_to():
        return [str(a) for a in names.resolve(Gateway("sip.north.example", 0, named=True))]

    for _ in range(20 * 30):
        house.app.ksr_names_resolve(None)
    assert dns.asked.count(name) == 21
    assert led_to() == ["203.0.113.51:5070"]
    for _ in range(30):
        house.app.ksr_names_resolve(None)
    assert led_to() == ["203.0.113.80:5060"]  # they are gone for good

    dns.services[name] = [("one.example", 5070, 10, 0)]
    for _ in range(30):
        house.app.ksr_names_resolve(None)
    assert led_to() == ["203.0.113.51:5070"]


def test_an_unresolved_name_is_looked_up_again_soon_and_a_resolved_one_seldom(house, dns):
    dns.addresses["b.north.example"] = ["203.0.113.53"]
    for _ in range(31):
        house.app.ksr_names_resolve(None)
    assert dns.asked.count("b.north.example") == 2
    assert dns.asked.count("sip.north.example") == 7


def test_calls_from_a_names_address_are_its_carriers(house, dns):
    dns.addresses["sip.north.example"] = ["203.0.113.51"]
    house.arrives(
        "INVITE", "sip:442071838750@edge", door="trunks", source="203.0.113.51", fU="4411"
    )
    assert house.answers == [403]
    house.app.ksr_names_resolve(None)
    house.arrives(
        "INVITE", "sip:442071838750@edge", door="trunks", source="203.0.113.51", fU="4411"
    )
    assert house.answers == []
    assert house.sent_to != []


def test_a_site_without_names_asks_dns_nothing(house):
    dns = Dns(house)
    for _ in range(3):
        house.app.ksr_names_resolve(None)
    assert dns.asked == []
    assert house.fake.pv["$shv(bellhop_names)"] == ""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (["203.0.113.2"], "resolves to 203.0.113.2, somebody else's in this site: it is passed over"),
        (["::ffff:203.0.113.2"], "resolves to 203.0.113.2, somebody else's"),
        (["203.0.113.51", "203.0.113.2"], "resolves to 203.0.113.2, somebody else's in this site: the others are used"),
        (["203.0.113.51"], ""),
        ([], "does not resolve: it is passed over"),
        (["2001:db8::1"], "does not resolve: it is passed over"),  # of no family that we speak
    ],
)  # fmt: skip
def test_a_name_that_leads_to_another_carrier_is_told_as_such(house, dns, found, said):
    dns.addresses = {"sip.north.example": found, "b.north.example": ["203.0.113.53"]}
    house.app.ksr_names_resolve(None)
    lines = [line for line in house.logged if "gateway=sip.north.example " in line]
    assert len(lines) == bool(said)
    assert all(f"gateway=sip.north.example {said}" in line for line in lines)
    led_to = [one.host for one in names.resolve(Gateway("sip.north.example", 0, named=True))]
    assert led_to == [host for host in found if host == "203.0.113.51"]

"""Where a peer is reached, as a site file says it."""

from pathlib import Path

import pytest

from bellhop.addresses import Address, protocol_of
from bellhop.gateways import Gateway, gateways, hosts, read_sources
from bellhop.settings import SiteError, load

GOOD = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("said", "host", "port", "named"),
    [
        ("192.0.2.1:5060", "192.0.2.1", 5060, False),
        ("[2001:DB8::1]:5061", "2001:db8::1", 5061, False),
        ("192.0.2.1", "192.0.2.1", 5060, False),
        ("[2001:DB8::1]", "2001:db8::1", 5060, False),
        ("sip.carrier.example", "sip.carrier.example", 0, True),
        ("SIP.Carrier.Example:5080", "sip.carrier.example", 5080, True),
        ("carrier-a:5060", "carrier-a", 5060, True),
        ("a.example:1", "a.example", 1, True),
        ("a.example:65535", "a.example", 65535, True),
    ],
)
def test_a_gateway_is_an_address_or_a_name(said, host, port, named):
    assert gateways(said) == (Gateway(host, port, named),)


@pytest.mark.parametrize(
    ("said", "host", "port", "uri"),
    [
        ("tcp:192.0.2.1:5060", "192.0.2.1", 5060, "192.0.2.1:5060;transport=tcp"),
        ("tls:192.0.2.1", "192.0.2.1", 5061, "192.0.2.1:5061;transport=tls"),
        ("tls:[2001:DB8::1]", "2001:db8::1", 5061, "[2001:db8::1]:5061;transport=tls"),
        ("udp:192.0.2.1", "192.0.2.1", 5060, "192.0.2.1:5060"),
    ],
)
def test_an_address_is_reached_by_the_protocol_that_stands_before_it(said, host, port, uri):
    [found] = gateways(said)
    assert (found.host, found.port, str(found.address)) == (host, port, uri)
    assert gateways(str(found)) == (found,)
    assert protocol_of(str(found.address)) == said.partition(":")[0]


def test_who_writes_a_protocol_as_in_a_uri_is_told_how_it_is_said_here():
    with pytest.raises(ValueError, match=r'"tls:sip\.carrier\.example"$'):
        gateways("192.0.2.1:5060;transport=tcp")


def test_a_gateway_by_a_protocol_that_the_edge_does_not_listen_to_is_a_mistake(tmp_path):
    file = tmp_path / "site.toml"
    both = 'gateway = ["203.0.113.2:5060", "tls:b.example"]'
    file.write_text(GOOD.replace('gateway = "203.0.113.2:5060"', both))
    with pytest.raises(SiteError, match="expected one of tls among them: by it leave"):
        load(file)


def test_a_name_keeps_its_protocol_out_of_the_uri():
    [found] = gateways("tls:sip.carrier.example")
    assert (found.name, found.default_port, str(found)) == (
        "sip.carrier.example", 5061, "tls:sip.carrier.example",
    )  # fmt: skip
    assert [one.protocol for one in gateways(["a.example", "tcp:a.example"])] == ["udp", "tcp"]


@pytest.mark.parametrize(
    "said",
    [
        "tcp:", "tls:5061", "sctp:192.0.2.1:5060", "tcp:tcp:192.0.2.1", "TCP:192.0.2.1:5060",
        "", "north", "2001:db8::1", "[192.0.2.1]", "[]", "0.0.0.0", "192.0.2.1:0", "192.0.2:5060",
        "192.0.2.300:5060", "::1:5060", "a..b",
        "-a.example", "a.example:", "a.example:x", "a.example:0", "a.example:65536",
        "[2001:db8::1", "2001:db8::1]", "sip:a.example", "a.example;lr",
        "a_b c.example", "a.example\r\n", "\u0661.example:5060", "a." * 130 + "example", 5, None, {},
    ],
)  # fmt: skip
def test_what_is_neither_is_refused_with_what_was_expected(said):
    with pytest.raises(ValueError, match="expected an address like"):
        gateways(said)


def test_several_are_kept_in_their_order():
    said = ["b.example", "b.example:5080", "192.0.2.1:5060", "192.0.2.1:5070"]
    found = gateways(said)
    assert [str(one) for one in found] == said
    assert hosts(found) == ("192.0.2.1",)
    assert [one.address for one in found] == [
        None, None, Address("192.0.2.1", 5060), Address("192.0.2.1", 5070),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "at least one"),
        (["a.example", "A.example"], "item 2: .* twice"),
        (["a.example", "north", 7], "item 2: .*; item 3: "),
        (["north", "a.example"], "^item 1: expected an address [^;]*$"),
        (["a.example", "north"], "^item 2: expected an address [^;]*$"),
    ],
)
def test_a_list_names_the_place_of_what_is_wrong(said, why):
    with pytest.raises(ValueError, match=why):
        gateways(said)


@pytest.mark.parametrize(
    ("said", "addresses"),
    [
        ([], []),
        (["192.0.2.1", "2001:DB8::1"], ["192.0.2.1", "2001:db8::1"]),
        (["192.0.2.4/30"], ["192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"]),
        (["192.0.2.8/31", "192.0.2.9"], ["192.0.2.8", "192.0.2.9"]),  # each once
        (["192.0.2.1/32"], ["192.0.2.1"]),
        (["2001:db8::/127"], ["2001:db8::", "2001:db8::1"]),
    ],
)
def test_sources_are_addresses_and_networks_of_them(said, addresses):
    assert list(read_sources(said)) == addresses


def test_the_greatest_network_has_256_addresses():
    assert len(read_sources(["192.0.2.0/24"])) == 256
    with pytest.raises(ValueError, match="a network of at most 256"):
        read_sources(["192.0.2.0/23"])


@pytest.mark.parametrize(
    "said",
    [
        "192.0.2.5/24", "0.0.0.0/24", "0.0.0.0/0", "::/120", "2001:db8::/64", "192.0.2.0/33", "192.0.2.0/",
        "/24", "192.0.2.1:5060", "fe80::%eth0/127", "sip.carrier.example", "", None, 7,
    ],
)  # fmt: skip
def test_what_is_no_source_is_refused_with_its_place(said):
    with pytest.raises(
        ValueError, match=r"^item 2: expected an IP address, or a network"
    ) as raised:
        read_sources(["192.0.2.1", said])
    assert str(raised.value).isprintable()


def test_a_source_that_stands_there_twice_is_a_mistake():
    with pytest.raises(ValueError, match="stands in the list twice"):
        read_sources(["192.0.2.0/30", "192.0.2.0/30"])

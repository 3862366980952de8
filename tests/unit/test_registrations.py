"""What the uac module is told of a registration, and what it tells."""

from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.gateways import gateways
from bellhop.htdigest import Credential
from bellhop.registrations import State, of, state
from bellhop.settings import load
from bellhop.values import listener

GOOD = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
HA1 = "0123456789abcdef0123456789abcdef"
KEYS = 'auth_user = "site"\nsecret_file = "s"\nregister_user = "line"\n'


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.toml"
    did = load_did()
    keys = f'[carriers.north]\n{KEYS}register_contact = "{did}"\nregister_expires = "1h"'
    file.write_text(GOOD.replace("[carriers.north]", keys))
    return load(file)


def load_did():
    return GOOD.partition("[[dids]]")[2].partition('number = "')[2].partition('"')[0]


def test_a_registration_is_told_in_the_modules_order(site):
    north = site.carriers["north"]
    gateway, socket = north.gateways[0].address, site.edge.trunks[0]
    one = of(north, Credential("site", "north.invalid", HA1), gateway, socket)
    assert one.parameters == (
        load_did(), "line", "203.0.113.1", "line", "203.0.113.1", "north.invalid", "site", ".", HA1,
        "sip:203.0.113.1:5060", 3600, 0, 0, "udp:192.0.2.10:5070", "192.0.2.10:5070",
    )  # fmt: skip


def test_a_registration_by_tcp_says_so_in_its_contact_too(site):
    """Or the carrier would send its calls by UDP (RFC 3263 §4.1)."""
    [gateway], socket = gateways("tcp:203.0.113.1:5060"), listener("tcp:192.0.2.10:5072")
    one = of(site.carriers["north"], Credential("site", "r", HA1), gateway.address, socket)
    assert one.parameters[9] == "sip:203.0.113.1:5060;transport=tcp"
    assert one.parameters[13:] == ("tcp:192.0.2.10:5072", "192.0.2.10:5072;transport=tcp")


@pytest.mark.parametrize(
    ("flags", "left", "expected"),
    [
        (20, 9, State.REGISTERED), (22, 9, State.REGISTERED), (20, 0, State.FAILED),
        (18, -3, State.TRYING), (16, 25, State.FAILED), (26, 0, State.TRYING),
    ],
)  # fmt: skip
def test_a_record_tells_where_its_registration_is(flags, left, expected):
    assert state({"flags": flags, "diff_expires": left}) is expected


@pytest.mark.parametrize(
    "said",
    [{}, {"flags": 20}, {"flags": "20", "diff_expires": 9}, {"flags": 20, "diff_expires": "9"}],
)
def test_something_else_is_no_record(said):
    with pytest.raises(TypeError, match="not a record"):
        state(said)


def test_a_domain_that_is_an_ipv6_address_stands_in_brackets(site):
    (gateway,) = gateways("[2001:db8::1]:5060")
    north = replace(site.carriers["north"], gateways=(gateway,))
    one = of(north, Credential("site", "r", HA1), gateway.address, site.edge.leaves)
    assert one.domain == "[2001:db8::1]"
    assert of(replace(north, domain="b.example"), *one_more(one)).domain == "b.example"
    both = replace(north, domain="b.example", register_domain="a.example")
    assert of(both, *one_more(one)).domain == "a.example"


def one_more(one):
    return one.credential, one.gateway, one.socket

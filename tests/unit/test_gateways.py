"""Where a peer is reached, as a site file says it."""

import pytest

from bellhop.addresses import Address
from bellhop.gateways import Gateway, gateways, hosts


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
    ],
)
def test_a_gateway_is_an_address_or_a_name(said, host, port, named):
    assert gateways(said) == (Gateway(host, port, named),)


@pytest.mark.parametrize(
    "said",
    [
        "", "north", "2001:db8::1", "[192.0.2.1]", "[]", "0.0.0.0", "192.0.2.1:0", "192.0.2:5060",
        "192.0.2.300:5060", "::1:5060", "a..b",
        "-a.example", "a.example:", "a.example:x", "a.example:70000", "sip:a.example", "a.example;lr",
        "a_b c.example", "a.example\r\n", "\u0661.example:5060", "a." * 130 + "example", 5, None, {},
    ],
)  # fmt: skip
def test_what_is_neither_is_refused_with_what_was_expected(said):
    with pytest.raises(ValueError, match="expected an address like"):
        gateways(said)


def test_several_are_kept_in_their_order():
    found = gateways(["b.example", "192.0.2.1:5060", "192.0.2.1:5070"])
    assert [str(one) for one in found] == ["b.example", "192.0.2.1:5060", "192.0.2.1:5070"]
    assert hosts(found) == ("192.0.2.1",)
    assert [one.address for one in found] == [
        None, Address("192.0.2.1", 5060), Address("192.0.2.1", 5070),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "at least one"),
        (["a.example", "A.example"], "item 2: .* twice"),
        (["a.example", "north", 7], "item 2: .*; item 3: "),
    ],
)
def test_a_list_names_the_place_of_what_is_wrong(said, why):
    with pytest.raises(ValueError, match=why):
        gateways(said)

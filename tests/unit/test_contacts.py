"""Reading Contact: a redirect's targets by preference, a REGISTER's binding, and nothing else of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop.contacts import MOST, Contact, Place, binding, parse, place

READ = [
    ("<sip:4412@203.0.113.2:5060>", ["sip:4412@203.0.113.2:5060"]),
    ("sip:4412@203.0.113.2;q=0.5", ["sip:4412@203.0.113.2"]),
    ('"A, <B>; \\" C" <sip:1@x>;q=0.1, <sip:2@x;user=phone>;q=0.7', ["sip:2@x;user=phone", "sip:1@x"]),
    ("<sip:a@x>;q=0.2, <sip:b@x>, <sip:c@x>;Q = 1.0,<sip:d@x>;q=0", ["sip:b@x", "sip:c@x", "sip:a@x", "sip:d@x"]),
    # No other parameter's value is a preference, and no word of the sender's name.
    ("<sip:1@x>;expires=0;q=0.9, <sip:2@x>;q=0.5", ["sip:1@x", "sip:2@x"]),
    ('"A;q=0.1;B" <sip:1@x>, <sip:2@x>;q=0.5', ["sip:1@x", "sip:2@x"]),
    ("<sip:1@x>,\r\n <sip:2@x>", ["sip:1@x", "sip:2@x"]),
    ("<sip:1@x>, <sip:1@x>", ["sip:1@x"]),
    ("<tel:+44201>", ["tel:+44201"]),
    ("*", []),
    ("", []),
    ("<>", []),
    ("<sip:1@x\r\nEvil: yes>", []),
    ('<sip:1"@x>', []),
    ("<sip:1@x", ["sip:1@x"]),
    ("<sip:1@x>;q=7", ["sip:1@x"]),
    ("<sip:1@x>;q=.2, <sip:2@x>;q=0.66667, <sip:3@x>;q=0., <sip:4@x>;q= .7", ["sip:4@x", "sip:2@x", "sip:1@x", "sip:3@x"]),
]  # fmt: skip


@pytest.mark.parametrize(("header", "uris"), READ)
def test_targets_come_in_the_order_of_their_q(header, uris):
    assert [one.uri for one in parse(header)] == uris


def test_a_contact_is_written_without_what_only_names_somebody():
    assert parse('"MegaTel" <sip:1@x>;q=0.25;expires=3;megatel')[0].header() == "<sip:1@x>;q=0.250"
    assert Contact("sip:1@x").header() == "<sip:1@x>"


PLACES = [
    ("sip:4412@203.0.113.2", Place("4412", "203.0.113.2")),
    ("SIP:+4412@203.0.113.2:5080;user=phone", Place("+4412", "203.0.113.2", 5080)),
    ("sip:4412;npdi;rn=+4499@GW.Example", Place("4412", "gw.example")),
    ("sip:4412@[2001:DB8::1]:5070", Place("4412", "2001:db8::1", 5070)),
    ("tel:+4412;phone-context=x", Place("+4412")),
    ("sip:4412%2345@203.0.113.1", Place("4412#45", "203.0.113.1")),
    ("tel:%2B4412%23", Place("+4412#")),
    ("sip:4412@x;transport=udp", Place("4412", "x", protocol="udp")),
    ("sip:4412@x:5070;user=phone;Transport=TCP;lr", Place("4412", "x", 5070, "tcp")),
    ("sip:4412@x;transport=tls?Subject=x", Place("4412", "x", protocol="tls")),
    ("sips:4412@x", None),
    ("sip:4412@x;transport=sctp", None),
    ("sip:4412@x;transport=", None),
    ("sip:4412@x;transport=tcp;transport=udp", None),
    ("sip:4412@x?transport=tcp", None),
    ("sip:4412@x;maddr=198.51.100.1", None),
    ("sip:x.example", None),
    ("sip:a:b@x", None),
    ("http:4412@x", None),
    ("sip:1@x@y", None),
]


@pytest.mark.parametrize(("uri", "expected"), PLACES)
def test_a_place_is_a_plain_number_and_host_or_nothing(uri, expected):
    assert place(Contact(uri)) == expected


@given(st.text(alphabet=st.sampled_from('<>",;=q.05 \\sip:1@x\r\n\x00é'), max_size=80))
def test_whatever_stands_there_nothing_that_breaks_a_header_comes_out(header):
    for one in parse(header):
        assert one.header().isprintable()
        assert one.header().isascii()
        assert 0 <= one.q <= 1000
        place(one)


def test_a_header_without_end_is_cut():
    without_end = ", ".join(f"<sip:{n}@x>;q=0.5" for n in range(5000))
    assert len(parse(without_end)) == MOST
    assert Contact("sip:1@last") not in parse(f"{without_end}, <sip:1@last>")


def test_of_many_targets_the_preferred_are_taken_wherever_they_stand():
    many = ", ".join(f"<sip:{n}@x>;q=0.{n:03}" for n in range(100))
    assert [one.uri for one in parse(many)] == [f"sip:{n}@x" for n in range(99, 99 - MOST, -1)]


BINDINGS = [
    ("<sip:1@x>", "", "<sip:1@x>"),
    ('"a,b" <sip:1@x;ob>;+sip.instance="<urn:x>";expires=60', "", "<sip:1@x;ob>;expires=60"),
    ('<sip:1@x>;received="sip:9@y"', "300", "<sip:1@x>"),
    ("<sip:1@x>;\r\n Received = y", "", "<sip:1@x>"),
    ("sip:1@x;received;expires=7", "", "<sip:1@x>;expires=7"),
    # The preferred, or else the first, of those that are not taken back.
    ("<sip:1@x>;q=0.5, <sip:2@x>;q=0.9", "", "<sip:2@x>"),
    ("<sip:2@x>, <sip:1@x>", "", "<sip:2@x>"),
    (", <sip:2@x>,, <sip:1@x>,", "", "<sip:2@x>"),
    ("<sip:1@x>;expires=0, <sip:2@x>;q=0.1", "", "<sip:2@x>"),
    ("<sip:1@x>, <sip:2@x>;expires=60", "0", "<sip:2@x>;expires=60"),
    ('<sip:1@x>;expires="0", <sip:2@x>;expires=00', "60", "<sip:1@x>;expires=0, <sip:2@x>;expires=0"),
    ("<sip:1@x>, <sip:2@x>", " 0 ", "<sip:1@x>;expires=0, <sip:2@x>;expires=0"),
    # What only looks taken back is written so.
    ('<sip:1@x>;x=";expires=0;";received=y', "", "<sip:1@x>;expires=0"),
    ("<sip:1@x>;expires=soon;received=y", "", "<sip:1@x>"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "expires", "wanted"), BINDINGS)
def test_of_a_registers_contacts_one_binding_is_wanted(said, expires, wanted):
    assert binding(said, expires=expires) == wanted


@pytest.mark.parametrize(
    "said", ["*, <sip:1@x>", "<sip:1@x>, <>", 'sip:1"@x;received=y', "*;received"]
)
def test_a_registers_contact_that_nobody_can_read_is_none(said):
    with pytest.raises(ValueError, match="no URI"):
        binding(said)

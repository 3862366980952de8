"""Identities between edge and pbx: what one writes the other reads, and nothing else is read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.callers import Caller, Identity, Kind, parse_identity

quiet = settings(deadline=None, derandomize=True, max_examples=200)
NUMBERS = st.from_regex(r"[0-9]{1,20}", fullmatch=True)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True).filter(str.isascii)


@quiet
@given(number=NUMBERS)
def test_a_device_is_read_back(number):
    assert parse_identity(Caller(Kind.DEVICE, number, number).identity) == Identity(
        Kind.DEVICE, number, number
    )


@quiet
@given(name=NAMES, number=st.one_of(NUMBERS, st.just("")))
def test_a_trunk_is_read_back(name, number):
    assert parse_identity(Caller(Kind.TRUNK, name, number).identity) == Identity(
        Kind.TRUNK, name, number
    )


@pytest.mark.parametrize(
    "value",
    [
        "", "1020", "sip:1020@device.bellhop.invalid", "<sip:device.bellhop.invalid>",
        "<sip:1020@device.bellhop.invalid>, <sip:1@device.bellhop.invalid>",
        '"Boss" <sip:1020@device.bellhop.invalid>', "<sip:1020@device.bellhop.invalid;x=y>",
        "<sip:1020@device.bellhop.invalid>\r\nX: y", "<sip:1020@deviceXbellhop.invalid>",
        "<sip:1020@evil.example>", "<sip:1020@device.bellhop.invalid.evil.example>",
        "<sip:٣@device.bellhop.invalid>", "<sips:1020@device.bellhop.invalid>",
        "<sip:1020@trunk.bellhop.invalid>", "<sip:1@A.trunk.bellhop.invalid>",
        f"<sip:{'1' * 21}@device.bellhop.invalid>",
    ],
)  # fmt: skip
def test_what_the_edge_did_not_write_is_nobody(value):
    assert parse_identity(value) is None


@quiet
@given(st.text(max_size=60))
def test_any_text_is_an_identity_of_ours_or_nobody(value):
    found = parse_identity(value)
    assert found is None or Caller(found.kind, found.name, found.number).identity == value.strip()


def test_a_zone_names_callers_by_kind():
    assert Caller(Kind.DEVICE, "20", "20").names == {"20"}
    assert Caller(Kind.TRUNK, "pbx", "7").names == {"trunk:pbx", "trunk:pbx:7"}
    assert Caller(Kind.TRUNK, "pbx").names == {"trunk:pbx"}
    assert Caller(Kind.CARRIER, "20", "20").names == frozenset()
    assert Caller(Kind.PBX, "pbx").names == frozenset()

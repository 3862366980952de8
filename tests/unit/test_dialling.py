"""Where a dialled number goes, for every kind of caller."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.callers import Caller, Kind
from bellhop.dialling import (
    NOT_A_NUMBER,
    NOT_ALLOWED,
    UNKNOWN,
    Refusal,
    ToCarriers,
    ToDevice,
    ToLegs,
    ToTrunk,
    ToZone,
    destination,
    trunk_for,
)
from bellhop.settings import load
from bellhop.values import DIALLED
from tests.unit.conftest import changed

quiet = settings(deadline=None, derandomize=True, max_examples=200)
SITE = load(Path(__file__).parent / "sites" / "good.toml")
ALL = ("devices", "zones", "trunks", "carriers")
PHONE = Caller(Kind.DEVICE, "1020", "1020", ALL)
RECEPTION = Caller(Kind.TRUNK, "reception", "2001", ("zones", "devices", "carriers"))
NORTH = Caller(Kind.CARRIER, "north", "4912345")
PBX = Caller(Kind.PBX, "pbx")
CALLERS = (PHONE, RECEPTION, NORTH, PBX, Caller(Kind.DEVICE, "1008", "1008"))


def goes(caller, dialled):
    where = destination(SITE, caller, dialled)
    match where:
        case Refusal():
            return where
        case ToDevice(device):
            return f"device {device.number}"
        case ToZone(zone):
            return f"zone {zone.number}"
        case ToTrunk(trunk, number):
            return f"trunk {trunk.name} {number}"
        case ToCarriers(number, carriers, _):
            return f"carriers {number} {' '.join(c.name for c in carriers)}"
        case ToLegs(legs, profile):
            return f"legs {' '.join(type(leg).__name__ for leg in legs)} {profile}"


@pytest.mark.parametrize(
    ("caller", "dialled", "expected"),
    [
        (PHONE, "1008", "device 1008"),
        (PHONE, "8000", "zone 8000"),
        (PHONE, "2001", "trunk reception 2001"),
        (PHONE, "+2001", "trunk reception +2001"),
        (PHONE, "2201", "trunk annex 2201"),
        (PHONE, "4412", "carriers 4412 north south west east"),
        (PHONE, "+442012", "carriers +442012 south north"),
        (PHONE, "44", "carriers 44 north south west east"),
        (PHONE, "999", UNKNOWN),
        (PHONE, "1", UNKNOWN),
        (PHONE, "442071838750", "carriers 442071838750 south north"),
        (RECEPTION, "1008", "device 1008"),
        (RECEPTION, "8000", "zone 8000"),
        (RECEPTION, "2001", UNKNOWN),
        (RECEPTION, "3001", NOT_ALLOWED),
        (RECEPTION, "4912", UNKNOWN),
        (RECEPTION, "4412", "carriers 4412 north south west east"),
        (NORTH, "442071838750", "legs ToTrunk ToDevice broadworks-inbound"),
        (NORTH, "+442071838751", "legs ToDevice carrier"),
        (NORTH, "1008", UNKNOWN),
        (NORTH, "8000", UNKNOWN),
        (NORTH, "4412", UNKNOWN),
        (NORTH, "2001", UNKNOWN),
        (PBX, "1008", "device 1008"),
        (PBX, "8000", NOT_ALLOWED),
        (PBX, "2001", UNKNOWN),
        (PBX, "4412", UNKNOWN),
    ],
)
def test_a_number_goes_where_the_plan_says(caller, dialled, expected):
    assert goes(caller, dialled) == expected


@pytest.mark.parametrize(
    ("right", "dialled"),
    [("devices", "1008"), ("zones", "8000"), ("trunks", "2001"), ("carriers", "4412")],
)
@pytest.mark.parametrize(("kind", "name"), [(Kind.DEVICE, "1021"), (Kind.TRUNK, "annex")])
def test_a_caller_without_the_right_gets_403(kind, name, right, dialled):
    without = tuple(r for r in ALL if r != right)
    assert destination(SITE, Caller(kind, name, "", without), dialled) == NOT_ALLOWED
    assert not isinstance(destination(SITE, Caller(kind, name, "", (right,)), dialled), Refusal)


def test_a_caller_without_the_right_to_carriers_learns_nothing_of_unknown_numbers():
    assert destination(SITE, Caller(Kind.DEVICE, "1021", "1021", ("devices",)), "999") == UNKNOWN


@pytest.mark.parametrize("caller", CALLERS, ids=lambda c: f"{c.kind.value}-{c.name}")
@pytest.mark.parametrize(
    "dialled",
    [
        "1008&PJSIP/x", "1008%26x", "1008&1009", "1008\r\nX-A: b", "1008\n", "\r1008", "1008(", ")",
        "1008/1", "1008@evil", "${EXTEN}", "1008\x00", "\x001008", "\u0661\u0660\u0660\u0668", "\uff11\uff10\uff10\uff18", "10 08", " 1008",
        "1008,1", "", "+", "++1008", "1008+", "sip:1008", "1008;x=y", "*é", "1" * 33, "1" * 4096,
        "+" + "4" * 33, "1008\u2028",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_whoever_calls(caller, dialled):
    where = destination(SITE, caller, dialled)
    assert where == NOT_A_NUMBER
    assert where.code == 484


NUMBERS = st.one_of(
    st.text(alphabet="0123456789*#+", max_size=34),
    st.sampled_from([*SITE.devices, *SITE.zones, "2001", "3", "44", "4420123", "442071838750"]),
    st.text(max_size=12),
)
ANYBODY = st.builds(
    Caller,
    kind=st.sampled_from(Kind),
    name=st.sampled_from(["1020", "reception", "annex", "north", "pbx", "nobody"]),
    number=st.sampled_from(["", "1020"]),
    may=st.lists(st.sampled_from(ALL), unique=True).map(tuple),
)


@quiet
@given(caller=ANYBODY, dialled=NUMBERS)
def test_every_caller_and_every_text_has_an_answer_within_the_callers_rights(caller, dialled):
    where = destination(SITE, caller, dialled)
    if not DIALLED.fullmatch(dialled):
        assert where == NOT_A_NUMBER
    if caller.kind is Kind.PBX:
        assert isinstance(where, ToDevice | Refusal)
    elif caller.kind is Kind.CARRIER:
        assert isinstance(where, ToLegs | Refusal)
    else:
        right = {ToDevice: "devices", ToZone: "zones", ToTrunk: "trunks", ToCarriers: "carriers"}
        assert isinstance(where, Refusal) or right[type(where)] in caller.may
    match where:
        case Refusal(code, phrase, cause):
            assert 400 <= code < 500
            assert phrase.isprintable()
            assert 1 <= cause <= 127
        case ToCarriers(number, carriers, _):
            assert carriers
            assert all(DIALLED.fullmatch(c.dialled(number)) for c in carriers)
        case ToTrunk(trunk, _):
            assert not (caller.kind is Kind.TRUNK and caller.name == trunk.name)
        case ToLegs(legs, _):
            assert legs


def test_a_carrier_that_puts_another_number_in_the_place_of_the_whole_one_stays():
    # west strips two digits and puts a 9 before
    short = destination(SITE, PHONE, "44")
    assert [c.dialled("44") for c in short.carriers] == ["44", "0044", "9", "44"]


def test_a_carrier_that_strips_the_whole_number_is_left_out(tmp_path):
    file = tmp_path / "site.toml"
    text = changed('strip = 2\nprefix = "9"', "strip = 2")
    file.write_text(text)
    short = destination(load(file), PHONE, "44")
    assert [c.name for c in short.carriers] == ["north", "south", "east"]
    file.write_text(changed('["north", "south", "west", "east"]', '["west"]', text))
    assert destination(load(file), PHONE, "44") is UNKNOWN


def test_the_longest_prefix_of_a_trunk_wins():
    assert trunk_for(SITE, "2100").name == "reception"
    assert trunk_for(SITE, "2200").name == "annex"
    assert trunk_for(SITE, "9") is None


def test_a_routes_profile_goes_with_its_carriers_and_is_carrier_when_it_has_none():
    route = next(route for route in SITE.routes if route.prefix == "4420")
    for named, expected in (("", "carrier"), ("broadworks-inbound", "broadworks-inbound")):
        site = replace(SITE, routes=(*SITE.routes[:1], replace(route, profile=named)))
        where = destination(site, PHONE, "442071")
        assert isinstance(where, ToCarriers)
        assert where.profile == expected


def test_the_pbx_reaches_the_numbers_outside_that_zones_list_and_no_other():
    zone = replace(SITE.zones["8000"], members=("1008", "tel:+4412", "tel:4913"))
    site = replace(SITE, zones={**SITE.zones, "8000": zone})
    assert site.outside_members == {"+4412", "4913"}
    assert isinstance(destination(site, PBX, "+4412"), ToCarriers)
    for other in ("4412", "+44", "44120", "+4413", "8000", "2001"):
        assert isinstance(destination(site, PBX, other), Refusal), other

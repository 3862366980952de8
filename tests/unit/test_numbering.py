"""What a dialled number is in E.164, and what that changes: routes, DIDs, what a carrier is sent."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop.callers import Caller, Kind
from bellhop.carriers import Carrier
from bellhop.dialling import UNKNOWN, ToCarriers, ToLegs, destination
from bellhop.gateways import gateways
from bellhop.legs import legs_of
from bellhop.numbering import Numbering
from bellhop.routes import Choice, Route
from bellhop.settings import load

SITE = load(Path(__file__).with_name("sites") / "good.toml")
UK = Numbering(country="44", international="00", national="0")
PHONE = Caller(Kind.DEVICE, "1020", "1020", ("carriers",))
CARRIER = Caller(Kind.CARRIER, "north", "4411")


@pytest.mark.parametrize(
    ("dialled", "digits"),
    [
        ("+442071838750", "442071838750"),
        ("00442071838750", "442071838750"),
        ("02071838750", "442071838750"),
        ("442071838750", ""),  # it could be a local number as well
        ("1020", ""),
        ("+0442071838750", ""),
        ("000442", ""),
        ("+44", ""),
        ("+4420718387501234", ""),
        ("+44*20", ""),
        ("", ""),
        ("0", ""),
    ],
)
def test_a_number_is_e164_only_where_that_is_known(dialled, digits):
    assert UK.e164(dialled) == digits


def test_without_a_plan_only_a_plus_tells():
    assert Numbering().e164("+442071838750") == "442071838750"
    assert Numbering().e164("02071838750") == ""


@given(st.text(alphabet="+0123456789*#", max_size=33))
def test_e164_is_digits_or_nothing(dialled):
    assert (digits := UK.e164(dialled)) == "" or (digits.isdigit() and digits[0] != "0")


@pytest.mark.parametrize(
    ("form", "dialled", "sent"),
    [
        ("dialled", "02071838750", "02071838750"),
        ("e164", "02071838750", "442071838750"),
        ("e164", "+442071838750", "442071838750"),
        ("+e164", "00442071838750", "+442071838750"),
        ("+e164", "999", "999"),
    ],
)
def test_a_carrier_gets_numbers_in_its_form(form, dialled, sent):
    carrier = Carrier(name="a", gateways=gateways("192.0.2.1:5060"), format=form)
    assert carrier.dialled(dialled, UK) == sent


def test_what_a_503_means_goes_with_the_carriers_legs():
    told = []
    for alone in (False, True):
        north = replace(SITE.carriers["north"], next_gateway_on_503=alone)
        site = replace(SITE, carriers={**SITE.carriers, "north": north})
        legs, _ = legs_of(destination(site, PHONE, "442071838750"), lambda g: (g.address,))
        told.append({leg.name for leg in legs if leg.alone_503})
    assert told == [set(), {"north"}]


def test_strip_and_prefix_come_after_the_form():
    carrier = Carrier(
        name="a", gateways=gateways("192.0.2.1:5060"), format="e164", strip=2, prefix="9"
    )
    assert carrier.dialled("02071838750", UK) == "92071838750"


@pytest.mark.parametrize(
    "dialled", ["02071838750", "00442071838750", "+442071838750", "442071838750"]
)
def test_a_route_is_found_in_either_spelling(dialled):
    where = destination(replace(SITE, numbering=UK), PHONE, dialled)
    assert isinstance(where, ToCarriers)
    assert [carrier.name for carrier in where.carriers] == [
        carrier.name for carrier in destination(SITE, PHONE, "442071838750").carriers
    ]
    assert where.number == dialled


@pytest.mark.parametrize(
    ("dialled", "prefix"),
    [("01632960100", "44"), ("00441632960100", "44"), ("+441632960100", "44"), ("999", ""), ("00491", "")],
)  # fmt: skip
def test_a_route_for_all_numbers_comes_after_one_for_its_e164_form(dialled, prefix):
    routes = (*SITE.routes, Route(prefix="", choices=(Choice(name="east"),)))
    where = destination(replace(SITE, numbering=UK, routes=routes), PHONE, dialled)
    assert isinstance(where, ToCarriers)
    assert where.prefix == prefix


def test_a_leg_has_the_number_in_its_carriers_form():
    north = replace(SITE.carriers["north"], format="+e164")
    site = replace(SITE, numbering=UK, carriers={**SITE.carriers, "north": north})
    legs, _ = legs_of(destination(site, PHONE, "01632960100"), lambda g: (g.address,), UK)
    assert {leg.name: leg.user for leg in legs}["north"] == "+441632960100"
    assert {leg.name: leg.user for leg in legs}["south"] == "0001632960100"  # it wants 00 before it


@pytest.mark.parametrize(
    "dialled", ["442071838750", "+442071838750", "00442071838750", "02071838750"]
)
def test_a_did_is_known_in_every_spelling_that_carriers_use(dialled):
    assert isinstance(destination(replace(SITE, numbering=UK), CARRIER, dialled), ToLegs)


def test_a_did_in_a_spelling_that_the_site_does_not_tell_of_is_unknown():
    assert destination(SITE, CARRIER, "02071838750") == UNKNOWN

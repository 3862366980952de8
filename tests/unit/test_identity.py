"""What a carrier is told of who calls."""

from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.callers import Caller, Kind
from bellhop.carriers import Did
from bellhop.identity import headers, number_of
from bellhop.settings import load

SITE = load(Path(__file__).with_name("sites") / "good.toml")
SITE = replace(SITE, dids=(
    Did(number="442071838750", to=("2000", "1020")),
    Did(number="442071838751", to=("1020",)),
    Did(number="442071838752", to=("1020", "2000")),
))  # fmt: skip
PHONE = Caller(Kind.DEVICE, "1020", "1020")
ASSERTED = replace(SITE.carriers["north"], identity="assert")


def pbx(number):
    return Caller(Kind.TRUNK, "reception", number)


@pytest.mark.parametrize(
    ("caller", "number"),
    [
        (PHONE, "442071838751"),  # the first that rings it before all others
        (pbx("2000"), "442071838750"),
        (
            pbx("442071838752"),
            "442071838752",
        ),  # the PBX says one of ours, as which is its own affair
        (pbx("442070000000"), ""),  # and one that is not ours is nobody's proof
        (pbx(""), ""),
        (Caller(Kind.DEVICE, "1008", "1008"), ""),
    ],
)
def test_a_caller_is_known_outside_by_a_number_of_the_sites(caller, number):
    assert number_of(SITE, caller) == number


def test_nothing_is_told_unless_the_carrier_is_to_be_told():
    assert headers(SITE, PHONE, SITE.carriers["north"], private=False) == ()


def test_the_number_goes_in_the_carriers_form():
    told = headers(SITE, PHONE, ASSERTED, private=False)
    assert told == ("P-Asserted-Identity: <sip:442071838751@192.0.2.10>",)
    told = headers(SITE, PHONE, replace(ASSERTED, format="+e164"), private=False)
    assert told == ("P-Asserted-Identity: <sip:+442071838751@192.0.2.10>",)


def test_callers_without_a_number_go_by_the_carriers_own_or_by_none():
    nobody = pbx("442070000000")
    assert headers(SITE, nobody, ASSERTED, private=False) == ()
    told = headers(SITE, nobody, replace(ASSERTED, caller_id="442071838700"), private=False)
    assert told == ("P-Asserted-Identity: <sip:442071838700@192.0.2.10>",)


def test_a_caller_who_wants_privacy_is_told_only_to_whom_the_site_trusts_with_it():
    assert headers(SITE, PHONE, ASSERTED, private=True) == ()
    told = headers(SITE, PHONE, replace(ASSERTED, trust_privacy=True), private=True)
    assert told == ("P-Asserted-Identity: <sip:442071838751@192.0.2.10>", "Privacy: id")

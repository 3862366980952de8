"""What a carrier is told of who calls."""

from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.callers import Caller, Kind
from bellhop.carriers import Did
from bellhop.identity import headers, number_of, sender
from bellhop.numbering import Numbering
from bellhop.settings import load
from bellhop.values import listener

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
    assert headers(SITE, PHONE, SITE.carriers["north"], privacy="") == ()


def test_the_number_goes_in_the_carriers_form():
    told = headers(SITE, PHONE, ASSERTED, privacy="")
    assert told == ("P-Asserted-Identity: <sip:442071838751@192.0.2.10>",)
    told = headers(SITE, PHONE, replace(ASSERTED, format="+e164"), privacy="")
    assert told == ("P-Asserted-Identity: <sip:+442071838751@192.0.2.10>",)


def test_callers_without_a_number_go_by_the_carriers_own_or_by_none():
    nobody = pbx("442070000000")
    assert headers(SITE, nobody, ASSERTED, privacy="") == ()
    told = headers(SITE, nobody, replace(ASSERTED, caller_id="442071838700"), privacy="")
    assert told == ("P-Asserted-Identity: <sip:442071838700@192.0.2.10>",)


def test_a_caller_who_wants_privacy_is_told_only_to_whom_the_site_trusts_with_it():
    assert headers(SITE, PHONE, ASSERTED, privacy="id") == ()
    told = headers(SITE, PHONE, replace(ASSERTED, trust_privacy="id"), privacy="id")
    assert told == ("P-Asserted-Identity: <sip:442071838751@192.0.2.10>", "Privacy: id")


@pytest.mark.parametrize(
    ("form", "known", "told"),
    [
        ("+e164", "02071838700", "+442071838700"), ("e164", "02071838700", "442071838700"),
        ("dialled", "02071838700", "02071838700"), ("+e164", "442071838700", "+442071838700"),
        ("+e164", "0", "0"),  # no country code begins so
    ],
)  # fmt: skip
def test_a_number_that_the_site_has_in_its_national_form_is_told_in_the_carriers(form, known, told):
    site = replace(SITE, numbering=Numbering(country="44", national="0"))
    carrier = replace(ASSERTED, format=form, caller_id=known)
    (line,) = headers(site, pbx(""), carrier, privacy="")
    assert line == f"P-Asserted-Identity: <sip:{told}@192.0.2.10>"


def test_the_host_of_an_identity_is_where_calls_leave_or_the_carriers_domain():
    listeners = ("tls:192.0.2.9:5061", "udp:192.0.2.8:5060")
    site = replace(SITE, edge=replace(SITE.edge, trunks=tuple(map(listener, listeners))))
    assert str(site.edge.leaves) == "udp:192.0.2.8:5060"
    (line,) = headers(site, PHONE, ASSERTED, privacy="")
    assert line.endswith("@192.0.2.8>")
    told = headers(site, PHONE, replace(ASSERTED, domain="site-7.north.example"), privacy="")
    assert told == ("P-Asserted-Identity: <sip:442071838751@site-7.north.example>",)


def by_number(**keys):
    return replace(SITE.carriers["north"], sender="number", caller_id="442071838700", **keys)


def test_from_is_the_callers_own_unless_the_carrier_knows_us_by_it():
    assert sender(SITE, PHONE, ASSERTED, privacy="") == ""
    assert sender(SITE, PHONE, ASSERTED, privacy="id") == ""


@pytest.mark.parametrize(
    ("caller", "keys", "uri"),
    [
        (PHONE, {}, "sip:442071838751@203.0.113.1"),
        (PHONE, {"domain": "a.example"}, "sip:442071838751@a.example"),
        (PHONE, {"format": "+e164"}, "sip:+442071838751@203.0.113.1"),
        (pbx("442070000000"), {}, "sip:442071838700@203.0.113.1"),
    ],
)
def test_a_from_by_number_has_the_number_that_would_be_asserted(caller, keys, uri):
    assert sender(SITE, caller, by_number(**keys), privacy="") == uri


@pytest.mark.parametrize(
    ("keys", "uri"),
    [
        ({"auth_user": "site-7"}, "sip:site-7@203.0.113.1"),
        ({"auth_user": "site-7", "domain": "a.example"}, "sip:site-7@a.example"),
        ({"auth_user": "site-7@ims.example", "domain": "a.example"}, "sip:site-7@ims.example"),
        (
            {"auth_user": "x", "register_user": "site-7", "register_domain": "b.example"},
            "sip:site-7@b.example",
        ),
    ],
)
def test_a_from_by_account_is_the_same_for_all_callers(keys, uri):
    carrier = replace(SITE.carriers["north"], sender="account", **keys)
    assert {sender(SITE, one, carrier, privacy="") for one in (PHONE, pbx(""))} == {uri}


@pytest.mark.parametrize("trusted", [False, True])
def test_who_wants_privacy_has_nobodys_from(trusted):
    carriers = (by_number(trust_privacy=trusted),
                replace(SITE.carriers["north"], sender="account", auth_user="site-7"))  # fmt: skip
    assert {sender(SITE, PHONE, one, privacy="id") for one in carriers} == {
        "sip:anonymous@anonymous.invalid"
    }

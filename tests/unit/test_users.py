"""Numbers in the user part of a URI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop import users
from bellhop.values import DIALLED


@pytest.mark.parametrize(
    ("user", "number"),
    [
        ("%2321", "#21"), ("%2a100%23", "*100#"), ("%2B4420", "+4420"), ("1020", "1020"), ("#21", "#21"),
        ("%31020", "%31020"),  # a digit needs no escape: left as it is, it is no number
        ("500%26PJSIP", "500%26PJSIP"), ("%252321", "%252321"), ("%2", "%2"), ("", ""),
        ("442071838750;npdi;rn=+1555", "442071838750"), ("+4420;phone-context=x", "+4420"), (";isub=2", ""),
    ],
)  # fmt: skip
def test_what_must_stand_escaped_is_read_once_and_nothing_else(user, number):
    assert users.dialled(user) == number


@given(st.from_regex(DIALLED, fullmatch=True))
def test_a_number_is_read_as_it_is_written(number):
    assert "#" not in users.written(number)
    assert users.dialled(users.written(number)) == number


@pytest.mark.parametrize(
    "user",
    [
        "44900",
        "+44900",
        "%34%34900",
        "44900;phone-context=x",
        "44-900-1",
        "(44)900",
        "4%0900",
        "44900;a=b",
    ],
)
def test_what_a_carrier_could_dial_is_known_in_any_disguise(user):
    assert users.may_be_dialled(users.plain(user))


@pytest.mark.parametrize("user", ["", "asterisk", "f3a9b2c1", "x-44900", "*"])
def test_a_word_is_no_number(user):
    assert not users.may_be_dialled(users.plain(user))


@pytest.mark.parametrize(
    ("uri", "bare"),
    [
        ("sip:1009@edge?Route=%3Csip:x%3E", "sip:1009@edge"),
        ("SIPS:edge;a=b?c=d?e", "SIPS:edge;a=b"),
        ("sip:a?b@edge?c", "sip:a?b@edge"),
        ("sip:a?b@edge", "sip:a?b@edge"),
        ("tel:1?2", "tel:1?2"),
        ("", ""),
    ],
)
def test_a_uris_headers_are_behind_its_host(uri, bare):
    assert users.bare(uri) == bare

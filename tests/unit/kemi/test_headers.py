"""Which of a caller's headers go no further."""

import re

import pytest

from kemi import headers


@pytest.fixture
def pattern(house):
    headers.strip()
    ((pattern,),) = house.fake.called("textops.remove_hf_re")
    return re.compile(pattern, re.IGNORECASE)  # as remove_hf_re compiles it; POSIX reads it alike


@pytest.mark.parametrize(
    "name",
    [
        "X-Bellhop", "x-bellhop-page", "X-BELLHOP-Anything", "P-Asserted-Identity", "alert-info",
        "Call-Info", "call-info ", "Alert-Info\t ", "Answer-Mode", "Priv-Answer-Mode",
        "P-Auto-Answer", "p-preferred-identity", "Remote-Party-ID",
    ],
)  # fmt: skip
def test_a_name_that_only_we_may_write_goes_however_it_is_spelled(pattern, name):
    assert pattern.search(name)


@pytest.mark.parametrize(
    "name",
    ["From", "To", "Via", "Contact", "Record-Route", "Route", "X-Other", "My-X-Bellhop", "Info",
     "Answer-Mode-Of-Mine", "Content-Type", "Reason", "Call-ID", "Max-Forwards"],
)  # fmt: skip
def test_any_other_name_stays(pattern, name):
    assert not pattern.search(name)


def test_the_identity_alone_is_taken_from_the_pbx(house):
    headers.strip_identity()
    assert [args[0] for args in house.fake.called("textops.remove_hf")] == [
        "P-Asserted-Identity",
        "P-Preferred-Identity",
        "Remote-Party-ID",
    ]
    assert house.fake.called("textops.remove_hf_re") == []

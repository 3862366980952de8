"""Which of a caller's headers go no further."""

import re

import pytest

from kemi import headers


@pytest.fixture
def pattern(house):
    house.says({"$mb": "INVITE sip:1009@edge SIP/2.0\r\nX-BELLHOP-page: 1\r\n\r\n"})
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


NAMES = ["X-Bellhop-Page", "P-Asserted-Identity", "ALERT-INFO", "call-info ", "Answer-Mode",
         "Priv-Answer-Mode", "P-Auto-Answer", "p-preferred-identity", "Remote-Party-ID"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_pattern_is_asked_when_a_message_has_such_a_name_in_it(house, name):
    house.says({"$mb": f"INVITE sip:1009@edge SIP/2.0\r\nVia: x\r\n{name}: y\r\n\r\n"})
    headers.strip()
    assert len(house.fake.called("textops.remove_hf_re")) == 1


def test_the_pattern_is_not_asked_for_a_message_without_such_a_name(house):
    house.says({"$mb": "INVITE sip:1009@edge SIP/2.0\r\nVia: x\r\nInfo: y\r\n\r\nx=bell"})
    headers.strip()
    assert house.fake.called("textops.remove_hf_re") == []


def test_the_pattern_is_asked_when_nobody_can_read_the_message(house):
    house.says({"$mb": b"INVITE sip:1009@edge SIP/2.0\r\nSubject: \xff\r\n\r\n"})
    headers.strip()
    assert len(house.fake.called("textops.remove_hf_re")) == 1

"""Which of a caller's headers go no further."""

import re

import pytest

from bellhop.answering import DIALECTS
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
        "P-Auto-Answer", "p-preferred-identity", "Remote-Party-ID", "X-AUTOANSWER", "X-Auto-Answer",
        "Auto-Answer", "X-Answer-After", "P-Answer-State", "X-Alert-Info", "X-CallInfo",
        "X-Cisco-Intercom", "P-Alerting-Mode", "X-AutoAccept", "Answer-Mode-Of-Mine",
        "Auto_Answer", "X-Ring-Answer", "Call_Info", "ALERT_INFO",
    ],
)  # fmt: skip
def test_a_name_that_only_we_may_write_goes_however_it_is_spelled(pattern, name):
    assert pattern.search(name)


@pytest.mark.parametrize(
    "name",
    ["From", "To", "Via", "Contact", "Record-Route", "Route", "X-Other", "My-X-Bellhop", "Info",
     "Content-Type", "Reason", "Call-ID", "Max-Forwards", "Info-Package", "X-Answered-By",
     "X-Alert-Level", "Alert", "X-Call-ID", "Error-Info"],
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
         "Priv-Answer-Mode", "P-Auto-Answer", "p-preferred-identity", "Remote-Party-ID", "X-AUTOANSWER",
         "X-AutoAccept", "X-CallInfo", "P-Alerting-Mode", "X-Intercom", "Call_Info"]  # fmt: skip


@pytest.mark.parametrize("name", sorted({name for said in DIALECTS.values() for name, _ in said}))
def test_what_a_page_makes_a_device_answer_by_is_taken_from_every_caller(house, name):
    house.says({"$mb": f"INVITE sip:1009@edge SIP/2.0\r\n{name}: y\r\n\r\n"})
    headers.strip()
    removed = [removed for (removed,) in house.fake.called("textops.remove_hf")]
    patterns = [pattern for (pattern,) in house.fake.called("textops.remove_hf_re")]
    assert name in removed or any(re.search(one, name, re.IGNORECASE) for one in patterns)


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


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("<sip:1009@edge;intercom=true>", "<sip:1009@edge>"),
        ("<sip:1009@edge;transport=udp;Intercom=True;x=y>", "<sip:1009@edge;transport=udp;x=y>"),
        ('"1009" <sip:1009@edge>;intercom=true', '"1009" <sip:1009@edge>'),
        ("<sip:1009@edge>; answer-after=0;tag=a", "<sip:1009@edge>;tag=a"),
        ("<sip:1009@edge;auto-answer>", "<sip:1009@edge>"),
        ("<sip:intercom@edge>;tag=answer", "<sip:intercom@edge>;tag=answer"),
        ("<sip:1009;intercom=true@edge>", "<sip:1009@edge>"),
        ('"a;intercom=true" <sip:1009@edge>', '"a" <sip:1009@edge>'),
        ('<sip:1009@edge> ; intercom = "true" ;a=b', "<sip:1009@edge>  ;a=b"),
    ],
)
def test_a_parameter_in_to_makes_no_phone_answer(house, said, left):
    house.says({"$mb": f"INVITE sip:1009@edge SIP/2.0\r\nTo: {said}\r\n\r\n"})
    headers.strip()
    ((name, expression, flags),) = house.fake.called("textops.subst_hf")
    assert (name, flags) == ("To", "a")
    _, old, new, how = expression.split("/")
    assert how == "gi"
    assert re.sub(old, new, said, flags=re.IGNORECASE) == left  # POSIX reads it alike


@pytest.mark.parametrize(
    "head",
    [
        "Subject: a\rb",
        "Subject: a\nb",
        "Subject: a\0b",
        "Subject: a\r\r\nb: c",
        "Subject: a\n\r\nb: c",
    ],
)
@pytest.mark.parametrize("other", ["", "\r\nSubject: \u20ac\udcff"], ids=["UTF-8", "not UTF-8"])
@pytest.mark.parametrize("method", ["INVITE", "BYE", "OPTIONS"])
def test_a_line_that_ends_as_no_line_does_is_refused(house, head, other, method):
    message = f"{method} sip:1009@edge SIP/2.0\r\n{head}{other}\r\n\r\n"
    sent = message.encode("utf-8", "surrogateescape")
    house.says({"$rm": method, "$mb": sent, "$(mb{s.encode.hexa})": sent.hex()})
    assert headers.misleads(method)
    assert house.answers == [400]


@pytest.mark.parametrize("head", ["Subject: a", "Subject: a\r\n b", "Subject: \u20ac\udcff"])
def test_a_folded_line_and_a_body_of_any_kind_hide_nothing(house, head):
    message = f"INVITE sip:1009@edge SIP/2.0\r\nVia: x\r\n{head}\r\n\r\nv=0\n\0\r"
    sent = message.encode("utf-8", "surrogateescape")
    house.says({"$rm": "INVITE", "$mb": sent, "$(mb{s.encode.hexa})": sent.hex()})
    assert not headers.misleads("INVITE")
    assert house.answers == []


@pytest.mark.parametrize("before", ["\r\n\r\n", "\r\n"])
@pytest.mark.parametrize("subject", ["a\rb: c", "a"])
def test_a_line_end_before_a_request_hides_nothing_of_it(house, before, subject):
    """Kamailio skips it, and passes it on."""
    message = f"{before}INVITE sip:1009@edge SIP/2.0\r\nSubject: {subject}\r\n\r\n"
    house.says({"$rm": "INVITE", "$mb": message})
    assert headers.misleads("INVITE")
    assert house.answers == [400]


@pytest.mark.parametrize("blank", [" ", "\t", "  "])
def test_blanks_behind_a_request_line_are_refused(house, blank):
    """RFC 4475 §3.1.2.10 (trws): a proxy must not pass them on."""
    house.says({"$rm": "INVITE", "$mb": f"INVITE sip:1009@edge SIP/2.0{blank}\r\nVia: x\r\n\r\n"})
    assert headers.misleads("INVITE")
    assert house.answers == [400]


@pytest.mark.parametrize(
    ("uri", "left"),
    [
        ("sip:1009@edge?Route=%3Csip:x%3E", "sip:1009@edge"),
        ("sip:a?b@edge;c?d=e", "sip:a?b@edge;c"),
        ("sip:a?b@edge", "sip:a?b@edge"),
    ],
)
def test_headers_in_a_request_uri_go_no_further(house, uri, left):
    """RFC 4475 §3.1.2.11 (escruri)."""
    house.says({"$rm": "INVITE", "$mb": f"INVITE {uri} SIP/2.0\r\nVia: x\r\n\r\n"})
    house.fake.pv["$ru"] = uri
    assert not headers.misleads("INVITE")
    assert house.fake.pv["$ru"] == left
    assert house.answers == []


def test_what_is_too_long_to_be_looked_at_is_refused_and_an_ack_is_dropped(house):
    house.says({"$rm": "INVITE", "$mb": b"\xff", "$(mb{s.encode.hexa})": None})
    assert headers.misleads("INVITE")
    house.says({"$rm": "ACK", "$mb": "ACK sip:1009@edge SIP/2.0\r\nSubject: a\rb\r\n\r\n"})
    assert headers.misleads("ACK")
    assert house.answers == [400]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_within_a_dialog_nobody_says_who_he_is_or_makes_a_phone_answer(house, method):
    message = f"{method} sip:1009@edge SIP/2.0\r\nAlert-Info: x\r\n\r\n"
    house.says({"$rm": method, "$mb": message})
    headers.strip_in_dialog(method, ours=False)
    assert ("Alert-Info",) in house.fake.called("textops.remove_hf")


def test_within_a_dialog_the_pbx_may_make_a_phone_answer(house):
    house.says({"$rm": "INVITE", "$mb": "INVITE sip:1 SIP/2.0\r\nAlert-Info: x\r\n\r\n"})
    headers.strip_in_dialog("INVITE", ours=True)
    removed = house.fake.called("textops.remove_hf")
    assert ("P-Asserted-Identity",) in removed
    assert ("Alert-Info",) not in removed

"""The answer to what Kamailio's parser gives up: known to its sender, and sent to nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop.addresses import Address
from bellhop.unreadable import answer

HERE = Address("192.0.2.7", 40_000)
LINES = {
    "Via": "Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKa",
    "From": 'From: "never closed <sip:1020@edge>;tag=1',
    "To": "To: <sip:1009@edge>",
    "Call-ID": "Call-ID: c1",
    "CSeq": "CSeq: 7 INVITE",
}


def request(first="INVITE sip:1009@edge SIP/2.0", extra=(), **changed):
    lines = {name.replace("-", "_"): line for name, line in LINES.items()} | changed
    return "\r\n".join([first, *(line for line in lines.values() if line), *extra, "", "body"])


def told(message, source=HERE):
    found = answer(message, source)
    assert found is not None
    first, *lines = found.text.removesuffix("\r\n\r\n").split("\r\n")
    return found.to, first, lines


def test_it_has_the_senders_own_lines_and_a_tag():
    to, first, lines = told(request())
    assert to == Address("192.0.2.7", 5070)
    assert first == "SIP/2.0 400 Bad Request"
    assert lines[:2] == [LINES["Via"], LINES["From"]]
    assert lines[2].startswith(LINES["To"] + ";tag=")
    assert lines[3:] == [LINES["Call-ID"], LINES["CSeq"], "Content-Length: 0"]


def test_the_same_request_gets_the_same_tag_and_another_another():
    assert told(request()) == told(request())
    assert told(request())[2][2] != told(request(Call_ID="Call-ID: c2"))[2][2]


def test_a_tag_of_the_senders_stays():
    assert told(request(To="To: <sip:1@x>; Tag = 9"))[2][2] == "To: <sip:1@x>; Tag = 9"


def test_compact_names_odd_case_and_folded_lines_are_read():
    message = request(
        Via="v : SIP / 2.0 / UDP 192.0.2.7\r\n ;branch=z9hG4bKa", From="F: x", To="t:y",
        Call_ID="i: c1", CSeq="cSEQ: 7 INVITE",
    )  # fmt: skip
    to, _, lines = told(message)
    assert to == Address("192.0.2.7", 5060)
    assert [line.partition(";tag")[0] for line in lines[:5]] == [
        "Via: SIP / 2.0 / UDP 192.0.2.7 ;branch=z9hG4bKa", "From: x", "To: y", "Call-ID: c1",
        "CSeq: 7 INVITE",
    ]  # fmt: skip


def test_of_what_there_is_twice_the_first_is_said_and_every_via():
    message = request(extra=("To: <sip:other@x>", "CSeq: 8 INVITE", "Via: rubbish"))
    names = [line.partition(":")[0] for line in told(message)[2]]
    assert names == ["Via", "Via", "From", "To", "Call-ID", "CSeq", "Content-Length"]


@pytest.mark.parametrize(
    ("via", "stamped", "port"),
    [
        ("192.0.2.7;rport;branch=b", "192.0.2.7;rport=40000;branch=b;received=192.0.2.7", 40_000),
        ("192.0.2.7;branch=b;rport", "192.0.2.7;branch=b;rport=40000;received=192.0.2.7", 40_000),
        ("192.0.2.9:5071;branch=b", "192.0.2.9:5071;branch=b;received=192.0.2.7", 5071),
        ("pc.example;branch=b", "pc.example;branch=b;received=192.0.2.7", 5060),
        ("192.0.2.7, SIP/2.0/UDP x;rport", "192.0.2.7, SIP/2.0/UDP x;rport", 5060),
        ("[2001:db8::1]:5072;branch=b", "[2001:db8::1]:5072;branch=b;received=192.0.2.7", 5072),
    ],
)
def test_it_goes_where_the_request_came_from(via, stamped, port):
    """RFC 3261 §18.2.2: to the address that it came from, whatever its Via says; RFC 3581: to its
    port where that was asked for.
    """
    to, _, lines = told(request(Via=f"Via: SIP/2.0/UDP {via}"))
    assert to == Address("192.0.2.7", port)
    assert lines[0] == f"Via: SIP/2.0/UDP {stamped}"


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
@pytest.mark.parametrize("via", ["192.0.2.9:5071;branch=b", "192.0.2.7;rport;branch=b"])
def test_by_a_connection_it_goes_back_whatever_the_via_says(protocol, via):
    message = request(Via=f"Via: SIP/2.0/{protocol.upper()} {via}")
    found = answer(message, HERE, protocol=protocol)
    assert found is not None
    assert found.to == HERE


@pytest.mark.parametrize("named", ["TCP", "TLS", "SCTP", "ws"])
def test_a_via_of_another_protocol_is_no_reason_for_silence(named):
    """RFC 4475's esc02 and intmeth are such when UDP brings them; and its others when TCP does."""
    message = request(Via=f"Via: SIP/2.0/{named} 192.0.2.9;branch=b")
    to, _, lines = told(message)
    assert to == Address("192.0.2.7", 5060)
    assert lines[0] == f"Via: SIP/2.0/{named} 192.0.2.9;branch=b;received=192.0.2.7"
    found = answer(request(), HERE, protocol="tcp")
    assert found is not None
    assert found.to == HERE


@pytest.mark.parametrize(
    "missing",
    [("From",), ("To",), ("Call-ID",), ("From", "To", "Call-ID")],
)
@pytest.mark.parametrize("empty", [False, True])
def test_a_header_that_is_missing_is_missing_in_the_answer_too(missing, empty):
    """RFC 4475 §3.3.1 (insuf): ideally 400. Its branch and CSeq are what it is known by."""
    changed = {name.replace("-", "_"): f"{name}: " if empty else "" for name in missing}
    _, first, lines = told(request(**changed))
    assert first == "SIP/2.0 400 Bad Request"
    names = ["Via", "From", "To", "Call-ID", "CSeq", "Content-Length"]
    assert [line.partition(":")[0] for line in lines] == [n for n in names if n not in missing]


def test_line_ends_before_it_are_none_of_it():
    _, first, lines = told("\r\n\r\n" + request())
    assert (first, lines[0]) == ("SIP/2.0 400 Bad Request", LINES["Via"])


def test_another_version_of_sip_is_told_so():
    """RFC 4475 §3.1.2.16 (badvers), whose Via is of that version too; RFC 3261 §21.5.6."""
    via = "Via:     SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw"
    to, first, lines = told(request(first="OPTIONS sip:t.watson@example.org SIP/7.0", Via=via))
    assert to == Address("192.0.2.7", 5060)
    assert first == "SIP/2.0 505 Version Not Supported"
    assert lines[0] == "Via: SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw;received=192.0.2.7"


@pytest.mark.parametrize(
    "changed",
    [
        *({name: ""} for name in ("Via", "CSeq")),
        *({name: f"{name}:  "} for name in ("Via", "CSeq")),
        {"Via": "Via: rubbish"},
        {"Via": "Via: SIP/2.0/UDP 192.0.2.7:99999"},
        {"Via": "Via: SIP/2.0/UDP 192.0.2.7:0"},
        {"first": "ACK sip:1009@edge SIP/2.0"},
        {"first": "ack sip:1009@edge SIP/2.0"},
        {"first": "INVITE sip:1009@edge HTTP/1.1"},
        {"first": "SIP/2.0 200 OK"},
        {"first": ""},
    ],
)
def test_what_nobody_would_know_for_an_answer_is_not_said(changed):
    assert answer(request(**changed), HERE) is None


def test_headers_end_where_the_head_does():
    message = request(CSeq="").replace("body", "CSeq: 7 INVITE")
    assert answer(message, HERE) is None


@given(st.text(), st.text(), st.text())
def test_whatever_comes_an_answer_is_one_and_its_lines_are_whole(to, number, more):
    message = request(To=f"To: {to}", Call_ID=f"Call-ID: {number}", extra=(more,))
    found = answer(message, HERE)
    if found is not None:
        assert found.to.host == HERE.host
        head, end, body = found.text.partition("\r\n\r\n")
        assert (end, body) == ("\r\n\r\n", "")
        assert not {"\r", "\n"} & set(head.replace("\r\n", ""))
        allowed = {"Via", "From", "To", "Call-ID", "CSeq", "Content-Length"}
        assert {line.partition(":")[0] for line in head.split("\r\n")[1:]} <= allowed

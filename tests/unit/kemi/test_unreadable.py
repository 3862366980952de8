"""What Kamailio cannot answer is answered from its text; what it can, it answers."""

import pytest

from tests.unit.kemi.house import SOCKETS

SOURCE = "192.0.2.66"
RAW = (
    "INVITE sip:1009@edge SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66;rport;branch=z9hG4bKa\r\n"
    'From: "never closed <sip:1020@edge>;tag=1\r\nTo: <sip:1009@edge>\r\nCall-ID: c1\r\n'
    "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)


def sent(house):
    return house.fake.called("corex.sendx")


@pytest.fixture
def insane(house):
    house.fake.returns["sanity.sanity_check"] = -1
    return house


def test_what_is_not_sane_is_answered_by_kamailio_where_it_can(insane):
    insane.arrives("INVITE", source=SOURCE, raw=RAW)
    assert len(insane.fake.called("sanity.sanity_reply")) == 1
    assert sent(insane) == []


def test_where_it_cannot_its_text_is_answered_from_the_socket_that_it_came_in_by(insane):
    insane.fake.returns["sanity.sanity_reply"] = -1
    insane.arrives("INVITE", source=SOURCE, raw=RAW)
    [(to, socket, text)] = sent(insane)
    assert to == f"sip:{SOURCE}:5060;transport=udp"
    assert socket == "udp:{1}:{2}".format(*SOCKETS["devices"])
    assert text.startswith("SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP 192.0.2.66;rport=5060;")
    assert not insane.relays


def test_by_a_connection_it_goes_back(insane):
    insane.fake.returns["sanity.sanity_reply"] = -1
    raw = RAW.replace("SIP/2.0/UDP", "SIP/2.0/TCP").replace(";rport", "")
    insane.arrives("INVITE", source=SOURCE, raw=raw, door="tcp")
    [(to, socket, _)] = sent(insane)
    assert to == f"sip:{SOURCE}:5060;transport=tcp"
    assert socket.startswith("tcp:")


def test_it_goes_no_further(insane):
    for answered in (1, -1):
        insane.fake.returns["sanity.sanity_reply"] = answered
        insane.arrives("INVITE", source=SOURCE, raw=RAW)
    assert not insane.answers
    assert not insane.relays


def takes_no_nul(*_args):
    raise ValueError("embedded null character")


def test_what_cannot_be_sent_is_answered_by_kamailio_where_it_has_read_the_via(insane):
    """app_python3 takes no text that holds a NUL."""
    insane.fake.returns["sanity.sanity_reply"] = -1
    insane.fake.returns["corex.sendx"] = takes_no_nul
    insane.arrives("INVITE", source=SOURCE, raw=RAW.replace("c1", "c\0"))
    assert insane.answers == [400]


def test_kamailio_is_asked_for_no_answer_to_what_it_has_not_read(insane):
    """It would end, by signal 11, where that is the Via."""
    insane.fake.returns["corex.sendx"] = takes_no_nul
    insane.arrives("INVITE", source=SOURCE, raw=RAW)
    insane.app.ksr_unreadable(None)
    assert len(sent(insane)) == 1
    assert insane.answers == []

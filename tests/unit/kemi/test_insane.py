"""A request that is not sane: what is said of it, and what of it can be put right."""

import pytest

PEER = "192.0.2.66"


@pytest.fixture
def insane(house):
    house.fake.returns["sanity.sanity_check"] = -1
    return house


@pytest.fixture
def longer(insane):
    """Sane but for its length; tells what the body became."""
    insane.fake.returns["sanity.sanity_check"] = lambda flags, _: -1 if flags & 128 else 1
    insane.fake.returns["textops.set_body"] = 1
    return insane


def arrives(house, length, body, kind="application/sdp", **said):
    there = len(body) if isinstance(body, bytes) else len(body.encode())
    given = {"$rb": body, "$cT": kind, "$bs": there, "$cl": length}
    house.arrives("OPTIONS", "sip:edge", body=given, source=PEER, **said)


@pytest.mark.parametrize(
    "uri", ["soap.beep://192.0.2.103:3002", "nobodyKnowsThisScheme:totallyopaque", "http://edge"]
)
def test_a_uri_of_another_kind_is_416(insane, uri):
    insane.arrives("OPTIONS", uri, source=PEER, raw=f"OPTIONS {uri} SIP/2.0\r\n")
    assert insane.answers == [416]
    assert not insane.fake.called("sanity.sanity_reply")


@pytest.mark.parametrize("uri", ["sip:1009@[2001:db8::1", "SIP:", "<sip:1009@edge>", "tel:"])
def test_of_our_own_kinds_kamailio_says_what_is_wrong(insane, uri):
    insane.arrives("OPTIONS", uri, source=PEER, raw=f"OPTIONS {uri} SIP/2.0\r\n")
    assert insane.answers == []
    assert insane.fake.called("sanity.sanity_reply")


def test_of_what_is_not_utf8_kamailio_says_what_is_wrong(insane):
    insane.arrives("OPTIONS", "sip:edge", source=PEER, raw=b"OPTIONS sip:\xff SIP/2.0\r\n")
    assert insane.answers == []
    assert insane.fake.called("sanity.sanity_reply")


@pytest.mark.parametrize(
    ("said", "code"),
    [("0", 483), (" 0 ", 483), (None, 483), ("-1", 400), ("seventy", 400), ("", 400)],
)
def test_hops_that_are_no_number_are_not_used_up(house, said, code):
    house.fake.returns["maxfwd.process_maxfwd"] = -1
    house.arrives(
        "OPTIONS", "sip:edge", headers=[("Max-Forwards", said)] if said is not None else []
    )
    assert house.answers == [code]
    house.arrives("ACK", "sip:edge", headers=[("Max-Forwards", said)] if said is not None else [])
    assert house.answers == []
    assert set(house.fake.called("maxfwd.process_maxfwd")) == {(70,)}  # for who has said none


@pytest.mark.parametrize(
    ("length", "body", "left"),
    [(3, "v=0INVITE sip:x SIP/2.0", "v=0"), (2, "äx", "ä"), (4, "äöü", "äö")],
)
def test_what_stands_behind_the_end_of_a_datagram_is_taken_off(longer, length, body, left):
    arrives(longer, length, body)
    assert longer.answers == [200]
    assert longer.fake.called("textops.set_body") == [(left, "application/sdp")]


def test_of_a_message_without_a_body_all_is_taken_off(longer):
    arrives(longer, 0, "INVITE sip:x SIP/2.0\r\n\r\n", kind=None)
    assert longer.answers == [200]
    assert len(longer.fake.called("textopsx.remove_body")) == 1


@pytest.mark.parametrize(
    ("length", "body", "kind"),
    [
        (9999, "v=0", "application/sdp"),  # it is shorter than it says
        (1, "äx", "text/plain"),  # its end is in a letter
        (2, b"\xff\xffx", "text/plain"),
        (2, "v=0", None),
    ],
)
def test_what_cannot_be_cut_is_told_so(longer, length, body, kind):
    arrives(longer, length, body, kind)
    assert longer.answers == []
    assert len(longer.fake.called("sanity.sanity_reply")) == 1
    assert not longer.fake.called("textops.set_body")


def test_on_a_connection_the_length_says_where_the_next_message_begins(longer):
    arrives(longer, 0, "x", door="tcp")
    assert longer.answers == []
    assert len(longer.fake.called("sanity.sanity_reply")) == 1


def test_what_is_longer_and_wrong_besides_is_told_what_is_wrong(insane):
    arrives(insane, 0, "x")
    assert insane.answers == []
    assert len(insane.fake.called("sanity.sanity_reply")) == 1


@pytest.fixture
def undated(insane):
    """Sane but for its Expires; tells what that became."""
    insane.fake.returns["sanity.sanity_check"] = lambda flags, _: -1 if flags & 256 else 1
    return insane


def expires(house, method, **said):
    headers = [("Contact", "<sip:x@192.0.2.77>"), ("Expires", "Thu, 01 Dec 1994 16:00:00 GMT")]
    house.arrives(method, "sip:edge", headers=headers, **said)
    return [line for (line,) in house.fake.called("hdr.append") if line.startswith("Expires")]


def test_a_register_until_a_date_is_for_an_hour(undated):
    """RFC 3261 §20.10; the registrar reads what stands there now."""
    assert expires(undated, "REGISTER", user="horn-1008", fU="1008", tU="1008") == [
        "Expires: 3600\r\n"
    ]
    assert undated.answers == [200]
    assert ("Expires",) in undated.fake.called("textops.remove_hf")
    paths = [call.path for call in undated.fake.calls]
    assert paths.index("textopsx.msg_apply_changes") < paths.index("registrar.save_uri")


def test_another_request_until_a_date_is_told_what_is_wrong(undated):
    assert expires(undated, "OPTIONS") == []
    assert undated.answers == []
    assert len(undated.fake.called("sanity.sanity_reply")) == 1


def test_a_register_that_is_wrong_besides_is_told_what_is_wrong(insane):
    assert expires(insane, "REGISTER", user="horn-1008", fU="1008", tU="1008") == []
    assert insane.answers == []
    assert insane.fake.called("sanity.sanity_check")[-1][0] & 256 == 0  # which that answers


def test_an_expires_that_could_not_be_rewritten_is_answered(undated):
    undated.may_break = True
    undated.fake.returns["textopsx.msg_apply_changes"] = -1
    expires(undated, "REGISTER", user="horn-1008", fU="1008", tU="1008")
    assert undated.answers == [500]
    assert undated.fake.called("registrar.save_uri") == []

"""Within a dialog: only what our own mark allows, and an ACK is never answered."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi import dialog
from tests.unit.kemi.house import NORTH, PBX, PHONE, RECEPTION

quiet = settings(deadline=None, derandomize=True, max_examples=80)
KEY = b"k" * 32
TEXT = st.text(max_size=12)
PEERS = st.sampled_from(["", "pbx", "trunk:reception", "carrier:north", "carrier:south"])


@quiet
@given(call=TEXT, tag=TEXT, peers=st.sets(PEERS.filter(bool)), peer=PEERS, other=TEXT)
def test_a_mark_is_good_for_its_call_and_its_peers_alone(call, tag, peers, peer, other):
    mark = dialog.mark(KEY, call, tag, tuple(sorted(peers)))
    good = peer == "" or peer in peers
    assert dialog.allowed(KEY, call, (tag, "x" + tag), peer, mark) is good
    assert dialog.allowed(KEY, call, ("x" + tag, tag), peer, mark) is good
    assert not dialog.allowed(KEY, call + "x", (tag, tag), peer, mark)
    assert not dialog.allowed(KEY, call, ("x" + tag, other + "y" + tag), peer, mark)
    assert not dialog.allowed(b"z" * 32, call, (tag, tag), peer, mark)
    assert mark.replace("-", "").isalnum()


@quiet
@given(value=st.one_of(TEXT, st.from_regex(r"[0-9a-f]{10}(-[0-9a-f]{10})*", fullmatch=True)))
def test_no_text_is_a_mark_by_luck(value):
    assert not dialog.allowed(KEY, "c", ("t", "u"), "", value)


def test_the_mark_of_a_call_names_its_peers(house):
    house.calls("4412")
    ((parameter,),) = house.fake.called("rr.add_rr_param")
    peers = ("carrier:east", "carrier:north", "carrier:south", "carrier:west")
    assert parameter == f";bh={dialog.mark(house.key, 'call-1', 'from-1', peers)}"


@pytest.mark.parametrize(
    ("path", "known", "followed"),
    [
        ("<sip:{mine};lr;bh={ours}-0123456789>", 1, 0),
        ("<sip:pbx;lr>,<sip:{mine};lr;bh={ours}-0123456789>", 1, 0),
        ("<sip:{mine};lr;bh={ours}-0123456789>", -1, 1),  # the call that it was is over
        ("<sip:{mine};lr;bh=0123456789-{ours}>", 1, 1),  # no mark of ours: of two calls, each is one
        (b"<sip:\xff>", 1, 1),
        (None, 1, 1),
    ],
)  # fmt: skip
def test_a_call_that_comes_by_again_is_the_one_that_is_followed(house, path, known, followed):
    ours = dialog.mark(house.key, "call-1", "from-1", ("x",)).partition("-")[0]
    house.fake.returns["dialog.is_known_dlg"] = known
    written = path.format(mine="192.0.2.10", ours=ours) if isinstance(path, str) else path
    way = [("Record-Route", written)] if path else []
    house.calls("4412", user=None, door="trunks", source=RECEPTION, headers=way)
    assert len(house.fake.called("dialog.dlg_manage")) == followed
    assert len(house.sent_to) == 1


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "INFO", "PRACK", "NOTIFY", "ACK"])
def test_a_request_of_our_dialog_goes_on(within, method):
    house = within(method)
    assert house.sent_to == [f"sip:x@{NORTH}"]
    assert house.answers == []
    # Nothing answers an ACK.
    assert house.fake.called("tm.t_on_reply") == [("ksr_reply_dialog",)] * (method != "ACK")


def test_replies_between_two_peers_that_are_no_devices_are_nobodys_business(within):
    house = within("BYE", source=RECEPTION, door="trunks")
    assert house.sent_to
    assert house.fake.called("tm.t_on_reply") == []


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_but_for_those_that_tell_anew_where_a_peer_is(within, method):
    house = within(method, source=RECEPTION, door="trunks")
    assert house.fake.called("tm.t_on_reply") == [("ksr_reply_dialog",)]
    house.says({"$(ct{nameaddr.uri}{uri.host})": "sbc.north.example", "$Rp": 5070})
    house.says({"$(ct{nameaddr.uri})": "sip:x@sbc.north.example"})
    contact = [("Contact", "<sip:x@sbc.north.example>")]
    house.fake.reply(200, rm=method, ft="from-1", tt="to-1", headers=contact)
    house.app.ksr_reply_dialog(None)
    assert len(house.fake.called("nathelper.set_contact_alias")) == 1


@pytest.mark.parametrize(
    ("uri", "host", "routes", "marked"),
    [
        ("sip:x@203.0.113.9", "203.0.113.9", None, False),
        ("sip:x@203.0.113.9;transport=udp", "203.0.113.9", None, False),
        ("sip:x@203.0.113.9;transport=tcp", "203.0.113.9", None, True),
        ("sip:x@203.0.113.9;Transport=WS", "203.0.113.9", None, True),
        ("sips:x@203.0.113.9", "203.0.113.9", None, True),
        ("sip:x@[2001:db8::7]", "[2001:db8::7]", None, True),
        ("sip:x@sbc.example;transport=tcp", "sbc.example", None, True),
        ("sip:x@203.0.113.9;transport=tcp", "203.0.113.9", "<sip:203.0.113.8;lr>", False),
        ("sip:x@203.0.113.9", "203.0.113.9", "<sip:203.0.113.8;transport=tcp;lr>", True),
        ("tel:+44", None, None, False),
    ],
)  # fmt: skip
def test_a_peer_at_a_way_for_which_there_is_no_listener_is_reached_where_it_is(
    within, uri, host, routes, marked
):
    """By the alias that is always written: set_contact_alias writes none at the source's own host."""
    house = within("INVITE", source=RECEPTION, door="trunks")
    house.says({"$(ct{nameaddr.uri})": uri, "$(ct{nameaddr.uri}{uri.host})": host})
    house.says({"$hdr(Record-Route)": routes, "$Rp": 5070})
    house.fake.reply(200, rm="INVITE", ft="from-1", tt="to-1", headers=[("Contact", f"<{uri}>")])
    house.app.ksr_reply_dialog(None)
    assert bool(house.fake.called("nathelper.add_contact_alias_addr")) == marked


def test_an_answer_without_a_contact_is_asked_for_none(within):
    """Kamailio would log an error for each call: for what is asked of a Contact that is not there."""
    house = within("BYE")
    house.arrives("OPTIONS", source=NORTH, door="trunks")  # the way that it comes
    house.says({"$(ct{nameaddr.uri}{uri.host})": None, "$hdr(Record-Route)": None})
    house.fake.reply(200, rm="BYE", ft="from-1", tt="to-1")
    house.fake.calls.clear()
    house.app.ksr_reply_dialog(None)
    asked = [args[0] for args in house.fake.called("pv.get")]
    assert [one for one in asked if "$(ct" in one and not one.startswith("$_s(")] == []
    assert house.fake.called("nathelper.set_contact_alias") == []


@pytest.mark.parametrize(
    ("way", "aliases"),
    [
        ({}, 1),
        ({"to": PHONE, "source": NORTH, "door": "trunks", "ft": "to-1", "tt": "from-1"}, 0),
        (
            {"to": PHONE, "source": NORTH, "door": "trunks", "ft": "to-1", "tt": "from-1",
             "contact": "sbc.north.example"},
            1,
        ),
    ],
)  # fmt: skip
def test_a_request_goes_on_to_a_real_address_without_what_only_we_may_write(within, way, aliases):
    raw = "INVITE sip:x SIP/2.0\r\nAlert-Info: x\r\n\r\n"
    house = within("INVITE", raw=raw, **{"contact": "192.168.1.5"} | way)
    assert house.sent_to
    assert ("Alert-Info",) in house.fake.called("textops.remove_hf")
    assert house.fake.called("nathelper.handle_ruri_alias") == [()]
    assert len(house.fake.called("nathelper.set_contact_alias")) == aliases
    assert house.fake.called("tm.t_on_reply") == [("ksr_reply_dialog",)]


def test_a_request_of_our_dialog_proves_itself_and_no_other_does(within):
    asked = within("BYE").fake.tables["bellhop_asked"].values
    assert asked.get(PHONE, 0) == 0
    within("BYE", mark="0" * 10)
    assert asked[PHONE] == 1


def test_the_other_side_has_the_tags_the_other_way_round(within):
    assert within("BYE", to=PHONE, source=NORTH, door="trunks", ft="to-1", tt="from-1").sent_to


@pytest.mark.parametrize(
    "forged",
    [
        {"mark": ""},
        {"mark": "0" * 10},
        {"mark": "é"},
        {"mark": "-" * 5000},
        {"ci": "call-2"},
        {"ft": "other", "tt": "another"},
        {"peers": ("carrier:south",)},
        {"peers": ()},
        {"to": RECEPTION},
        {"to": PBX},
        {"to": "203.0.113.22"},
        {"to": "carrier.example"},
        {"to": "[::ffff:203.0.113.2]"},
        {"to": None},
        {"to": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["INVITE", "BYE", "ACK", "MESSAGE"])
def test_a_forged_dialog_reaches_no_peer(within, method, forged):
    house = within(method, **forged)
    assert house.relays == []
    assert house.answers == ([] if method == "ACK" else [403])
    assert house.logged == []


def test_a_mark_that_is_not_utf8_is_400(within):
    house = within("BYE", mark=b"\xff")
    assert house.answers == [400]
    assert house.relays == []


@pytest.mark.parametrize("method", ["BYE", "INVITE"])
def test_a_dialog_of_nobody_is_481(within, house, method):
    house.fake.returns["rr.loose_route"] = -1
    assert within(method).answers == [481]
    assert house.relays == []


def test_a_refer_is_refused_even_in_our_dialog(within):
    house = within("REFER")
    assert house.answers == [403]
    assert house.relays == []


@pytest.mark.parametrize("tag", ["to-1", None])
def test_an_ack_for_a_transaction_goes_to_it_and_else_nowhere(within, house, tag):
    house.fake.returns["rr.loose_route"] = -1
    within("ACK", tt=tag)
    assert (house.relays, house.answers) == ([], [])
    house.fake.returns["tm.t_check_trans"] = 1
    within("ACK", tt=tag)
    assert len(house.relays) == 1
    assert house.answers == []


def test_a_cancel_goes_where_its_invite_went(house):
    house.fake.returns["tm.t_check_trans"] = 1
    house.arrives("CANCEL", "sip:1009@edge")
    assert len(house.relays) == 1
    assert house.answers == []


@pytest.mark.parametrize("method", ["CANCEL", "ACK"])
def test_what_tm_has_done_is_done(within, house, method):
    house.fake.returns["tm.t_check_trans"] = 0
    house.fake.returns["rr.loose_route"] = -1
    house.arrives(method, "sip:1009@edge")
    assert (house.relays, house.answers) == ([], [])
    within(method)
    assert (house.relays, house.answers) == ([], [])
    house.fake.returns["rr.loose_route"] = 1  # an ACK of a refusal of ours may have a Route, too
    within(method)
    assert (house.relays, house.answers) == ([], [])


def test_a_cancel_of_nothing_is_481(house):
    house.arrives("CANCEL", "sip:1009@edge")
    assert house.answers == [481]
    assert house.relays == []


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ({"source": NORTH, "door": "trunks"}, [[], [481], [481]]),
        ({"source": PHONE, "door": "trunks"}, [[481]] * 3),  # a stranger's is not remembered
    ],
)
def test_a_peers_cancel_that_may_be_ahead_of_its_invite_is_answered_when_it_comes_again(
    house, said, answers
):
    """Another worker may have the INVITE in hand: after a 481 its call would ring on."""
    given = []
    for _ in answers:
        house.arrives("CANCEL", "sip:1009@edge", **said)
        given.append(house.answers)
    assert given == answers


def test_an_invite_of_no_call_that_is_there_begins_none(house, within):
    house.fake.returns["dialog.is_known_dlg"] = -1
    within("INVITE")
    assert house.relays == []
    assert house.answers == [481]


def test_a_bye_of_a_call_from_before_a_restart_goes_on(house, within):
    house.fake.returns["dialog.is_known_dlg"] = -1
    assert within("BYE").sent_to == [f"sip:x@{NORTH}"]


def with_event(event):
    return [("Contact", f"<sip:x@{PHONE}>"), ("Event", event)]


@pytest.mark.parametrize("event", ["talk", "Talk;id=1", "hold", "telephone-event,talk", " talk "])
def test_nobody_has_anothers_phone_answer_by_an_event(within, event):
    """BroadSoft's remote control: many a phone answers a ringing call by NOTIFY with `talk`."""
    house = within("NOTIFY", to=PHONE, headers=with_event(event))
    assert house.sent_to == []
    assert house.answers == [403]


@pytest.mark.parametrize("event", ["telephone-event", "talking", "dialog", ""])
def test_any_other_event_goes_on(within, event):
    house = within("NOTIFY", to=PHONE, headers=with_event(event))
    assert house.sent_to == [f"sip:x@{PHONE}"]


def test_the_pbx_may_have_a_phone_answer_by_an_event(within):
    house = within(
        "NOTIFY", to=PHONE, headers=with_event("talk"), source=PBX, door="internal", fU="8000"
    )
    assert house.sent_to == [f"sip:x@{PHONE}"]

"""Which number an INVITE within a call may name: how whoever gets it is known there; and which
requests keep their two sides reachable.
"""

import pytest

from tests.unit.kemi.house import NORTH, PHONE, RECEPTION

TO_PHONE = {"to": PHONE, "source": NORTH, "door": "trunks", "ft": "to-1", "tt": "from-1"}


@pytest.mark.parametrize(("method", "renewed"), [("INVITE", 1), ("UPDATE", 1), ("INFO", 0)])
def test_where_a_peer_is_is_told_anew_only_by_what_renews_it(within, method, renewed):
    house = within(method, contact="sbc.north.example", **TO_PHONE)
    assert len(house.fake.called("nathelper.set_contact_alias")) == renewed
    assert house.fake.called("tm.t_on_reply") == [("ksr_reply_dialog",)]  # a device answers


@pytest.mark.parametrize("method", ["SUBSCRIBE", "NOTIFY", "INFO", "ACK"])
def test_a_device_behind_a_nat_is_kept_reachable_by_whatever_it_sends(within, method):
    """A SUBSCRIBE and a NOTIFY move their sender, too (RFC 6665 §3.1, §3.2)."""
    house = within(method, contact="192.168.1.5")
    assert len(house.fake.called("nathelper.set_contact_alias")) == 1


@pytest.mark.parametrize(("method", "lines"), [("BYE", 1), ("ACK", 0)])
def test_a_request_of_a_call_that_cannot_be_sent_is_told_but_for_an_ack(
    house, within, method, lines
):
    house.fake.returns["tm.t_relay"] = -1
    within(method)
    assert house.logged == [f"in-dialog {method} could not be sent on\n"] * lines


@pytest.mark.parametrize(
    ("user", "goes_on"),
    [
        ("900123", False),
        ("+900123", False),
        ("%39%30%30", False),
        ("900;x=a", False),
        ("441632960100", True),
        ("1020", False),  # what the caller calls himself opens no way to the carrier
        ("gw-7", True),
    ],
)
def test_an_invite_within_a_call_names_no_other_number_than_the_contact_of_who_gets_it(
    house, within, user, goes_on
):
    house.arrives = _with_contacts(house, "sip:1020@192.0.2.77:5060", f"sip:441632960100@{NORTH}")
    within("INVITE", user=user)
    assert (house.answers, len(house.relays)) == (([], 1) if goes_on else ([481], 0))


@pytest.mark.parametrize(
    ("uri", "goes_on"),
    [
        (f"sip:+44;tgrp=a;trunk-context=b@{NORTH};user=phone", True),
        (f"sip:+44%3Btgrp=a;trunk-context=b@{NORTH}", True),
        (f"sip:+44;tgrp=c;trunk-context=b@{NORTH};user=phone", False),
        (f"sip:+44@{NORTH};user=phone", False),
        (f"sip:+44:x@{NORTH}", False),
        ("tel:+44", False),
    ],
)
def test_a_contact_of_a_trunk_group_is_known_with_its_parameters(house, within, uri, goes_on):
    """Kamailio gives the user of a URI with user=phone without them, and without a password."""
    gateway = f"sip:+44;tgrp=a;trunk-context=b@{NORTH};user=phone"
    house.arrives = _with_contacts(house, f"sip:2000@{RECEPTION}", gateway)
    within("INVITE", uri=uri, rU="+44")
    assert (house.answers, len(house.relays)) == (([], 1) if goes_on else ([481], 0))


@pytest.mark.parametrize(("user", "goes_on"), [("2000", True), ("441632960100", False)])
def test_what_the_callee_calls_himself_opens_no_way_to_the_caller(house, within, user, goes_on):
    house.arrives = _with_contacts(house, f"sip:2000@{RECEPTION}", f"sip:441632960100@{NORTH}")
    within("INVITE", to=RECEPTION, user=user, peers=("trunk:reception",), source=NORTH,
           door="trunks", ft="to-1", tt="from-1")  # fmt: skip
    assert (house.answers, len(house.relays)) == (([], 1) if goes_on else ([481], 0))


def moves(house, contact, code=200, method="INVITE", callers="from-1", **tags):
    """A 2xx to a request within the dialog comes in, from whoever is now at this Contact."""
    house.arrives("OPTIONS", source=NORTH, door="trunks")  # the way that it comes
    house.says({"$(ct{nameaddr.uri})": contact, "$dlg(from_tag)": callers})
    house.fake.transaction.replies.clear()
    tags = {"ft": "from-1", "tt": "to-1"} | tags
    house.fake.reply(code, rm=method, headers=[("Contact", f"<{contact}>")], **tags)
    house.app.ksr_reply_dialog(None)


@pytest.mark.parametrize(
    ("said", "goes_on"),
    [
        ({}, True), ({"method": "UPDATE"}, True), ({"code": 183}, False), ({"method": "BYE"}, False),
        ({"ft": "to-1", "tt": "from-1"}, False),  # it was the caller's
    ],
)  # fmt: skip
def test_who_moves_in_a_reply_is_found_there(house, within, said, goes_on):
    moves(house, f"sip:900123@{NORTH}", **said)
    within("INVITE", user="900123")
    assert (house.answers, len(house.relays)) == (([], 1) if goes_on else ([481], 0))


def test_a_contact_longer_than_any_is_not_kept(house, within):
    moves(house, f"sip:900123@{NORTH};x={'y' * 255}")
    within("INVITE", user="900123")
    assert house.answers == [481]


def test_a_reply_in_a_call_that_nobody_knows_moves_nobody(house, within):
    moves(house, f"sip:900123@{NORTH}", callers=None)
    within("INVITE", user="900123")
    assert house.answers == [481]


def test_who_would_move_and_is_refused_is_found_where_he_was(house, within):
    """The dialog module takes his Contact from the request, whatever becomes of it."""
    house.arrives = _with_contacts(house, f"sip:2000@{RECEPTION}", f"sip:441632960100@{NORTH}")
    back = {"to": RECEPTION, "peers": ("trunk:reception",), "source": NORTH, "door": "trunks",
            "ft": "to-1", "tt": "from-1"}  # fmt: skip
    for number in ("2001", "2002"):
        within("INVITE", moves_to=f"sip:{number}@{RECEPTION}")
        house.arrives = _with_contacts(house, f"sip:{number}@{RECEPTION}", f"sip:gw@{NORTH}")
    within("INVITE", user="2000", **back)
    assert (house.answers, len(house.relays)) == ([], 1)
    within("INVITE", user="2001", **back)
    assert house.answers == [481]


def test_who_moves_before_the_call_is_answered_is_found_there(house, within):
    """By an UPDATE that has its 2xx (RFC 3311 §5.1): the module reads none so early."""
    within("UPDATE", moves_to=f"sip:2077@{PHONE}")
    within("INVITE", user="2077", **TO_PHONE)
    assert house.answers == [481]
    within("UPDATE", moves_to=f"sip:2077@{PHONE}")
    house.fake.reply(200, rm="UPDATE", headers=[], ft="from-1", tt="to-1")
    house.says({"$(ct{nameaddr.uri})": None, "$dlg(from_tag)": "from-1"})
    house.app.ksr_reply_dialog(None)
    within("INVITE", user="2077", **TO_PHONE)
    assert (house.answers, len(house.relays)) == ([], 1)


def _with_contacts(house, caller, callee):
    arrives = house.arrives

    def go(*given, **said):
        says = house.says
        contacts = {"$dlg(from_contact)": caller, "$dlg(to_contact)": callee}
        house.says = lambda variables: says(variables | contacts)
        arrives(*given, **said)
        house.says = says

    return go


@pytest.mark.parametrize(
    ("uri", "source", "alone", "before_another"),
    [
        (f"sip:x@{PHONE}:5060", PHONE, 0, []),
        (f"sip:x@{PHONE}:5060;alias=203.0.113.9~5060~1", PHONE, 0, [(PHONE, "5060", "udp")]),
        (f"sip:x@{PHONE};ALIAS=1~2~1;ob", PHONE, 0, [(PHONE, "5060", "udp")]),
        ("sip:x@192.168.1.5;alias=203.0.113.9~5060~1", PHONE, 0, [(PHONE, "5060", "udp")]),
        ("sip:x@192.168.1.5", PHONE, 1, []),
        (f"sip:x@{NORTH};alias=192.168.1.5~5060~1", NORTH, 0, [(NORTH, "5060", "udp")]),
        (f"sip:x@{NORTH}", NORTH, 0, []),
    ],
)
def test_before_an_alias_of_somebody_elses_stands_ours(within, uri, source, alone, before_another):
    """The first one is followed: a device could name any host there, and a carrier has his own."""
    host = uri.partition("@")[2].partition(":")[0].partition(";")[0]
    way = TO_PHONE if source == NORTH else {}
    house = within("INVITE", **way | {"contact": host, "moves_to": uri})
    assert len(house.fake.called("nathelper.set_contact_alias")) == alone
    assert house.fake.called("nathelper.add_contact_alias_addr") == before_another


@pytest.mark.parametrize(("door", "aliases"), [("tcp", 1), ("devices", 0)])
def test_who_is_on_a_connection_is_found_by_it_whatever_port_his_contact_has(within, door, aliases):
    house = within("INVITE", door=door, contact=PHONE)
    assert len(house.fake.called("nathelper.set_contact_alias")) == aliases


def test_an_alias_of_an_ipv6_address_has_it_in_brackets(within):
    """Without them nathelper mars the Contact: its ACK and BYE went nowhere (measured)."""
    uri = "sip:x@[2001:db8::7];alias=192.168.1.5~5060~1"
    house = within("INVITE", source="2001:db8::77", contact="[2001:db8::7]", moves_to=uri)
    before_another = [("[2001:db8::77]", "5060", "udp")]
    assert house.fake.called("nathelper.add_contact_alias_addr") == before_another


def test_a_contact_that_is_not_there_is_never_asked_for_by_itself(house, within):
    """That is an error in Kamailio's log, each time."""
    within("UPDATE", moves_to=None, headers=[])
    house.fake.reply(200, rm="UPDATE", headers=[], ft="from-1", tt="to-1")
    house.says({"$(ct{nameaddr.uri})": None})
    house.app.ksr_reply_dialog(None)
    asked = {variable for (variable,) in house.fake.called("pv.get")}
    assert any("$(ct{nameaddr.uri})" in variable for variable in asked)
    assert "$(ct{nameaddr.uri})" not in asked


def test_the_dialog_module_sees_our_alias_alone(within):
    """It follows the last one: its own BYE went to any host that a device wrote there (measured)."""
    house = within("INVITE", contact=PHONE, moves_to=f"sip:x@{PHONE};alias=203.0.113.9~5060~1")
    done = [
        call.args[1] if call.path == "textops.subst_hf" else call.path
        for call in house.fake.calls
        if "Contact" in call.args[:1] or "alias_addr" in call.path or "apply" in call.path
    ]
    there = done.index("/;alias=/;bh-alias=/gi")
    assert done[there + 1 :] == [
        "textopsx.msg_apply_changes", "nathelper.add_contact_alias_addr",
        "textopsx.msg_apply_changes", "/;bh-alias=/;alias=/g",
    ]  # fmt: skip


def test_a_device_has_its_alias_before_the_dialog_module_reads_where_it_is(within):
    """Which it does as the Route is followed: its own BYE went to the private address (measured)."""
    house = within("INVITE", contact="192.168.1.5", moves_to="sip:x@192.168.1.5")
    paths = [call.path for call in house.fake.calls]
    assert paths.index("nathelper.set_contact_alias") < paths.index("rr.loose_route")


@pytest.mark.parametrize(("method", "answers"), [("BYE", [414]), ("ACK", [])])
def test_a_request_uri_that_is_too_long_for_kamailio_is_not_looked_at(within, method, answers):
    house = within(method, user="1" * 1_000)
    assert (house.answers, house.relays) == (answers, [])
    assert house.fake.called("nathelper.handle_ruri_alias") == []


@pytest.mark.parametrize(
    ("protocol", "uri", "marked"),
    [
        ("TLS", f"sip:x@{NORTH}:5060", True), ("TCP", f"sip:{NORTH}:5060;ob", True),
        ("TLS", f"sip:x@{NORTH}:5060;transport=tls", False), ("TLS", f"sips:x@{NORTH}:5060", False),
        ("TCP", f"sip:x@{NORTH}:5070", False), ("UDP", f"sip:x@{NORTH}:5060", False),
    ],
)  # fmt: skip
def test_whose_contact_is_where_he_is_connected_and_says_no_protocol_is_reached_by_the_connection(
    make_house_of, protocol, uri, marked
):
    doors = 'trunks = ["udp:192.0.2.10:5070", "tcp:192.0.2.10:5070", "tls:192.0.2.10:5071"]'
    house = make_house_of(lambda text: text.replace('trunks = ["udp:192.0.2.10:5070"]', doors))
    house.calls("4412")
    house.says({"$proto": protocol, "$si": NORTH, "$sp": 5060, "$Rp": 5070, "$ct": f"<{uri}>"})
    house.says({"$(ct{nameaddr.uri})": uri, "$(ct{nameaddr.uri}{uri.host})": NORTH})
    house.says({"$hdr(Record-Route)": None})
    house.replies(200)
    assert bool(house.fake.called("nathelper.add_contact_alias_addr")) is marked

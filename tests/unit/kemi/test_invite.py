"""A call begins: where it is sent, what the caller is told, and where its dialog goes."""

import pytest

from tests.unit.kemi.house import NORTH, PBX, RECEPTION


def headers_to_caller(house):
    return house.fake.headers.to_reply


def test_a_call_to_a_device_goes_to_its_registration(house):
    house.calls("1009")
    assert house.sent_to == ["sip:1009@192.0.2.77:5060"]
    assert house.answers == []
    assert house.fake.called("registrar.lookup_uri") == [
        ("location", "sip:1009@registered.invalid")
    ]


def test_a_registered_contacts_headers_are_left_out(house):
    """RFC 4475 §3.3.14 (regescrt)."""
    house.contacts["1009"] = "sip:1009@192.0.2.77:5060?Route=%3Csip:sip.example.com%3E"
    house.fake.returns["registrar.lookup_uri"] = lambda *_: registered(house)
    house.calls("1009")
    assert [relay.ruri for relay in house.relays] == ["sip:1009@192.0.2.77:5060"]


def registered(house):
    house.says({"$nh(d)": "192.0.2.77", "$nh(p)": "5060"})
    house.fake.pv["$ru"] = house.contacts["1009"]
    return 1


def test_a_call_to_a_carrier_carries_its_address_and_its_number_and_leaves_by_the_trunks_socket(
    house,
):
    house.calls("+442012")
    assert [(r.ruri, r.destination) for r in house.relays] == [
        ("sip:00442012@203.0.113.2:5060", "sip:203.0.113.2:5060")
    ]
    assert house.fake.pv["$fs"] == "udp:192.0.2.10:5070"


@pytest.mark.parametrize(
    ("ruri", "code", "cause"),
    [
        ("sip:1008&1009@edge", 484, 28),
        ("sip:1008%261009@edge", 484, 28),
        ("sip:1,2@edge", 484, 28),
        ("sip:edge", 484, 28),
        ("sip:7777@edge", 404, 1),
    ],
)
def test_a_number_that_goes_nowhere_is_answered_with_its_cause(house, ruri, code, cause):
    house.arrives("INVITE", ruri, user="1020")
    assert house.answers == [code]
    assert headers_to_caller(house) == [f"Reason: Q.850;cause={cause}\r\n"]
    assert house.relays == []


def test_a_known_device_that_is_not_registered_is_480_with_20(house):
    house.contacts.clear()
    house.arrives("INVITE", "sip:1009@edge", user="1020")
    assert house.answers == [480]
    assert headers_to_caller(house) == ["Reason: Q.850;cause=20\r\n"]
    (row,) = house.rows
    assert (row.rule, row.code, row.verdict) == ("not-registered", None, "advance")


@pytest.mark.parametrize(
    "contact",
    [
        "sip:x@203.0.113.1:5060", "sip:x@192.0.2.40:5060", "sip:x@198.51.100.20:5060",
        "sip:x@198.51.100.10:5080", "sip:x@carrier.example:5060", "sip:x@0.0.0.0:5060",
        "sip:x@[::ffff:203.0.113.1]:5060", "sip:x@[::]:5060",
    ],
)  # fmt: skip
def test_a_device_that_registers_a_peers_address_reaches_no_peer(house, contact):
    house.contacts["1009"] = contact
    house.arrives("INVITE", "sip:1009@edge", user="1021")
    assert house.relays == []
    assert house.answers == [480]


def test_a_retransmission_is_tms_own(house):
    house.fake.returns["tm.t_check_trans"] = 0  # tm has sent its last reply again
    house.arrives("INVITE", "sip:1009@edge", user="1020")
    assert house.relays == []
    assert house.answers == []
    assert house.fake.called("auth.pv_auth_check") == []


def test_a_copy_that_another_worker_has_in_hand_is_left_to_it(house):
    house.fake.returns["tmx.t_precheck_trans"] = 1
    house.arrives("INVITE", "sip:1009@edge", user="1020")
    assert (house.relays, house.answers) == ([], [])
    assert house.fake.called("tm.t_check_trans") == []  # it would drop the other's transaction


def test_a_callers_route_header_does_not_go_on(house):
    for door, source in (("devices", "192.0.2.77"), ("internal", PBX), ("trunks", RECEPTION)):
        house.fake.calls.clear()
        house.calls("1009", user="1020", door=door, source=source)
        assert ("Route",) in house.fake.called("textops.remove_hf")
        assert len(house.sent_to) == 1


def test_a_call_from_outside_tries_its_legs_in_order_under_its_profile(house):
    house.calls("442071838750", user=None, door="trunks", source=NORTH, fU="49123")
    assert house.sent_to == ["sip:192.0.2.40:5060"]
    assert house.call.profile == "broadworks-inbound"
    assert house.call.caller == "carrier:north:49123"
    house.fails(503)
    assert house.sent_to[1] == "sip:1020@192.0.2.77:5060"


def test_a_did_under_broadworks_stops_on_404(house):
    house.calls("442071838750", user=None, door="trunks", source=NORTH, fU="49123")
    house.fails(404)
    assert len(house.relays) == 1


def test_behind_a_nat_the_answer_and_the_dialog_go_to_the_source(house):
    house.fake.returns["nathelper.nat_uac_test"] = 1
    house.calls("1009", contact="192.168.1.5")
    assert house.fake.called("force_rport") == [()]
    assert len(house.fake.called("nathelper.set_contact_alias")) == 1


@pytest.mark.parametrize(("number", "aliases"), [("1009", 1), ("4412", 0)])
@pytest.mark.parametrize("code", [183, 200])
def test_a_device_behind_a_nat_answers_with_its_source_and_a_carrier_with_what_it_says(
    house, number, code, aliases
):
    house.calls(number)
    house.says({"$(ct{nameaddr.uri}{uri.host})": "192.168.1.5"})
    house.replies(code, headers=[("Contact", "<sip:x@192.168.1.5>")])
    assert len(house.fake.called("nathelper.set_contact_alias")) == aliases


NAMED = "sbc.north.example"
OURS = "<sip:192.0.2.10:5070;lr;bh=abc>"


@pytest.mark.parametrize(
    ("host", "routes", "aliases"),
    [
        (NAMED, [OURS], 1),
        (NAMED, [], 1),
        ("203.0.113.9", [OURS], 0),
        ("[2001:db8::9]", [OURS], 0),
        (None, [OURS], 0),
        (NAMED, [f"<sip:203.0.113.8;lr>, {OURS}"], 0),  # its proxy is asked first
        (NAMED, ["<sip:proxy.north.example;lr>", OURS], 1),
        (NAMED, [f"<sip:proxy@203.0.113.8;lr>, {OURS}"], 0),
        (NAMED, [f"<sip:[2001:db8::8]:5060;lr>, {OURS}"], 0),
        (NAMED, [f"<sip:203.0.113.8;lr>,\n {OURS}"], 0),  # folded (RFC 3261 §7.3.1)
        ("203.0.113.9", [f"<sip:p@proxy.north.example:5060;lr>, {OURS}"], 1),
        (NAMED, [b"\xff"], 0),
    ],
)
@pytest.mark.parametrize("code", [180, 200])
def test_a_carrier_whose_contact_is_a_name_is_found_where_it_answers_from(
    house, host, routes, aliases, code
):
    house.calls("4412")
    house.says({"$(ct{nameaddr.uri}{uri.host})": host})
    contact = ("Contact", f"<sip:x@{host}>" if host else "<tel:+441632960100>")
    house.replies(code, headers=[contact, *(("Record-Route", route) for route in routes)])
    assert len(house.fake.called("nathelper.set_contact_alias")) == aliases
    assert len(house.rows) == (code == 200)


@pytest.mark.parametrize(("contact", "aliases"), [("pbx.example", 1), (RECEPTION, 0)])
def test_a_pbx_whose_contact_is_a_name_is_found_where_it_calls_from(house, contact, aliases):
    house.calls("4412", user=None, door="trunks", source=RECEPTION, contact=contact)
    assert len(house.fake.called("nathelper.set_contact_alias")) == aliases


def test_every_attempt_of_a_call_is_within_its_budget(house):
    house.calls("4412")
    assert house.call.deadline - house.call.started == house.site.edge.budget
    assert house.call.attempts_allowed == house.site.edge.attempts
    assert house.call.attempts[0].failure is None


def test_both_devices_of_a_call_are_in_it(house):
    house.calls("1009")
    assert house.engaged == ["1020", "1009"]


def test_who_pages_and_who_is_paged_is_in_no_call(house):
    house.calls("8000")
    house.calls("1009", user=None, door="internal", source=PBX)
    assert house.sent_to[-1] == "sip:1009@192.0.2.77:5060"
    assert house.engaged == []
    # But they are Asterisk's, and end when it dies.
    assert house.asterisks == ["pbx:", "pbx:1009"]

"""Two Asterisks: who takes a page, and whose word is believed."""

import pytest

from kemi import dialog

FIRST, SECOND = "198.51.100.20:5060", "198.51.100.21:5060"
TABLE = """
[standby]
address = "198.51.100.21:5060"
media = "192.0.2.21"
agi = "198.51.100.31:4573"
ami = "198.51.100.21:5038"
"""


@pytest.fixture
def two(make_house_of):
    house = make_house_of(lambda text: text + TABLE)
    house.fake.returns["dispatcher.ds_mark_addr"] = 1
    return house


def went(house):
    return [uri.removeprefix("sip:") for uri in house.sent_to]


def dead(house, *addresses):
    house.dead = {f"sip:{address}" for address in addresses}


def test_a_page_goes_to_the_first_and_is_not_waited_for_long(two):
    two.calls("8000")
    assert went(two) == [FIRST]
    assert two.fake.called("tm.t_set_fr") == [(4_000, 1_000)]


def test_when_the_first_says_nothing_the_second_is_asked_with_patience(two):
    two.calls("8000")
    two.fails()
    assert went(two) == [FIRST, SECOND]
    assert two.fake.called("tm.t_set_fr")[-1] == (4_000, 4_000)
    assert two.fake.called("dispatcher.ds_mark_addr") == [("ip", 20118, f"sip:{FIRST}")]


def test_a_call_is_the_asterisks_that_has_it(two):
    two.calls("8000")
    assert two.asterisks == ["pbx:"]
    two.fails()
    assert two.asterisks == ["standby:"]
    two.calls("1009", user=None, door="internal", source=SECOND.partition(":")[0])
    assert two.asterisks == ["standby:", "standby:1009"]


@pytest.mark.parametrize("code", [500, 503])
def test_a_first_that_cannot_is_left_for_the_second_and_is_not_dead(two, code):
    two.calls("8000")
    two.fails(code)
    assert went(two) == [FIRST, SECOND]
    assert not two.fake.called("dispatcher.ds_mark_addr")


@pytest.mark.parametrize("code", [403, 404, 480, 486, 603])
def test_what_an_asterisk_has_decided_is_not_asked_again(two, code):
    two.calls("8000")
    two.fails(code)
    assert went(two) == [FIRST]
    assert two.answers[-1] == code
    assert two.rows[-1].rule == "pbx-decided"


def test_a_caller_who_gives_up_says_nothing_of_the_first(two):
    two.calls("8000")
    two.fake.returns["tm.t_is_canceled"] = 1
    two.fails()
    assert went(two) == [FIRST]
    assert not two.fake.called("dispatcher.ds_mark_addr")


def test_a_first_that_is_known_to_be_dead_is_passed_over_while_the_second_lives(two):
    dead(two, FIRST)
    two.calls("8000")
    assert went(two) == [SECOND]
    assert [(row.leg, row.rule) for row in two.rows] == [("pbx:pbx", "probe-down")]


def test_when_both_are_held_for_dead_both_are_tried(two):
    dead(two, FIRST, SECOND)
    two.calls("8000")
    two.fails()
    assert went(two) == [FIRST, SECOND]
    two.fails()
    assert two.answers == [503]


def test_without_a_standby_nothing_is_asked_of_the_dispatcher(house):
    house.calls("8000")
    house.fails()
    assert went(house) == [FIRST]
    assert house.answers == [503]
    assert not house.fake.called("dispatcher.ds_mark_addr")
    assert not house.fake.called("dispatcher.ds_is_active_uri")


@pytest.mark.parametrize("address", [FIRST, SECOND])
def test_both_may_ring_a_member(two, address):
    source = address.partition(":")[0]
    two.calls("1009", user=None, door="internal", source=source)
    assert len(went(two)) == 1


def test_nobody_is_the_second_where_none_stands_by(house):
    house.calls("1009", user=None, door="internal", source=SECOND.partition(":")[0])
    assert house.answers == [403]


def test_no_registration_leads_a_call_to_the_second(two):
    two.contacts["1009"] = f"sip:8000@{SECOND}"
    two.calls("1009")
    assert not two.sent_to
    assert two.answers == [480]


def test_a_request_within_a_call_to_the_second_needs_the_mark_of_a_page(two):
    for host, peer in ((FIRST, "pbx"), (SECOND, "pbx"), ("198.51.100.77:5060", "")):
        assert dialog.peers_of(two.site, host.partition(":")[0]) == (peer,)


def test_without_a_standby_nobody_is_probed(make_house_of):
    house = make_house_of(lambda text: text.replace("[edge]", '[edge]\nprobe = "10s"'))
    house.app.ksr_gateways_load(None)
    assert "20118" not in (house.folder / "gateways.list").read_text()


def test_both_are_probed_from_the_internal_listener_and_nobody_else_is(two):
    two.app.ksr_gateways_load(None)
    lines = (two.folder / "gateways.list").read_text().splitlines()
    assert lines == [
        f"20118 sip:{address} 0 0 socket=udp:198.51.100.10:5080" for address in (FIRST, SECOND)
    ]


WATCH = [("Event", "dialog"), ("Contact", "<sip:x@192.0.2.50>")]


def watches(house, *, dead=(), expires=None, to=None):
    house.dead = {f"sip:{address}" for address in dead}
    headers = [*WATCH, *([("Expires", expires)] if expires else [])]
    said = {"user": "1020", "headers": headers}
    if to:  # a subscription that there is
        said |= {"mark": dialog.mark(house.key, "call-1", "from-1", ("pbx",)), "next_hop": to}
        said |= {"tt": "to-1", "source": "192.0.2.77"}
    house.arrives("SUBSCRIBE", f"sip:8000@{to or 'edge'}", **said)


@pytest.mark.parametrize(
    ("gone", "asked"), [((), FIRST), ((FIRST,), SECOND), ((FIRST, SECOND), FIRST)]
)
def test_a_key_is_told_by_the_asterisk_that_takes_pages(two, gone, asked):
    watches(two, dead=gone)
    assert two.fake.pv["$du"] == f"sip:{asked}"
    assert two.answers == []


@pytest.mark.parametrize(
    ("gone", "to", "answers"),
    [
        ((), FIRST, []),
        ((), SECOND, [481]),
        ((FIRST,), FIRST, [481]),
        ((FIRST,), SECOND, []),
        ((FIRST, SECOND), FIRST, []),
    ],
)
def test_a_key_whose_asterisk_takes_no_pages_asks_anew(two, gone, to, answers):
    watches(two, dead=gone, to=to.partition(":")[0])
    assert two.answers == answers


@pytest.mark.parametrize("within", [None, FIRST.partition(":")[0]])
@pytest.mark.parametrize(
    ("asked", "bounded"),
    [
        ("3600", True),
        (None, True),
        ("121", True),
        ("x", True),
        ("120", False),
        ("0", False),
        ("9" * 5000, True),
        ("060", False),
    ],
)
def test_a_subscription_lasts_no_longer_than_a_key_may_be_told_nothing(two, asked, bounded, within):
    watches(two, expires=asked, to=within)
    assert two.answers == []
    assert (("Expires",) in two.fake.called("textops.remove_hf")) is bounded
    assert ("Expires: 120\r\n" in two.fake.headers.appended) is bounded


def test_with_one_asterisk_a_subscription_lasts_as_long_as_is_asked_for(house):
    watches(house, expires="3600")
    assert ("Expires",) not in house.fake.called("textops.remove_hf")
    assert house.fake.headers.appended == []


def test_the_pagers_of_both_may_ask(two):
    for source, answered in (("198.51.100.31", True), ("198.51.100.77", False)):
        two.fake.returns["jsonrpcs.dispatch"] = 1
        before = len(two.fake.called("jsonrpcs.dispatch"))
        two.fake.request("POST", "sip:x", source=(source, 40000))
        two.says({"$proto": "tcp", "$Ri": "198.51.100.10", "$Rp": 5080, "$hu": "/RPC", "$rb": ""})
        two.app.ksr_xhttp_event("xhttp:request")
        assert (len(two.fake.called("jsonrpcs.dispatch")) > before) is answered

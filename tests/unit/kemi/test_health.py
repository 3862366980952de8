"""Legs that are out are skipped at once, and every attempt tells of its gateway."""

import json

import msgspec
import pytest

from bellhop.calls import challenged
from bellhop.health import Breaker, gateway_key, hand_key

NORTH, SOUTH, WEST = (f"203.0.113.{n}:5060" for n in (1, 2, 3))
NORTH_HOST = "203.0.113.1"


def keys(**tables):
    """Return a change of the site file: more keys for some carriers."""

    def change(text):
        for name, more in tables.items():
            head = f"[carriers.{name}]\n"
            assert head in text
            text = text.replace(head, head + more + "\n")
        return text

    return change


def breaker(house, name="north", address=NORTH):
    stored = house.health.get(gateway_key(name, address))
    return msgspec.json.decode(stored, type=Breaker) if stored else None


def set_breaker(house, one, name="north", address=NORTH):
    house.health[gateway_key(name, address)] = msgspec.json.encode(one).decode()


@pytest.fixture
def at(monkeypatch):
    """Say what time it is, on the clock of calls."""
    return lambda ms: monkeypatch.setattr("kemi.attempt.now", lambda: ms)


def call(house):
    """One more call by the phone; returns where its INVITE went first."""
    house.calls("4412")
    return hosts(house)[0]


def hosts(house):
    return [str(uri).removeprefix("sip:") for uri in house.sent_to]


def test_silence_in_a_row_opens_the_breaker_for_all_processes(make_house_of):
    house = make_house_of(keys(north="breaker = 2"))
    for _ in range(2):
        call(house)
        house.fails()
    opened = breaker(house)
    assert (opened.opened, opened.why, opened.pause) == (1, "silence", 30_000)
    call(house)
    assert hosts(house)[-1] == SOUTH
    assert house.skipped == [("carrier:north", "breaker-open")]
    (row,) = [row for row in house.rows if row.verdict == "skipped"]
    assert (row.attempt, row.code, row.ms, row.gateway) == (0, None, 0, NORTH)


def test_a_healthy_gateway_has_no_entry_and_nothing_is_written_for_it(house):
    call(house)
    house.replies(180)
    house.replies(200)
    assert house.health == {}
    assert not house.fake.called("htable.sht_sets")
    assert not house.fake.called("htable.sht_lock")


@pytest.mark.parametrize("code", [180, 200])
def test_a_ring_or_an_answer_ends_the_counting(house, code):
    call(house)
    house.fails()
    assert breaker(house).faults == 1
    call(house)
    house.replies(code)
    assert breaker(house) is None


def test_what_cannot_be_sent_is_a_fault_too(house):
    house.fake.returns["tm.t_relay"] = [-7, 1]
    call(house)
    assert breaker(house).faults == 1


def test_a_caller_who_hangs_up_early_says_nothing_of_the_carrier(house):
    call(house)
    house.fake.returns["tm.t_is_canceled"] = 1
    house.fails()
    assert breaker(house) is None


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ([("Retry-After", "120 (maintenance);duration=60")], 120_000),
        ([("Retry-After", "soon")], None),
        ([("Retry-After", b"\xff1")], None),
        ([], None),
    ],
)
def test_a_503_is_obeyed_when_it_says_for_how_long(house, headers, pause):
    call(house)
    house.fails(503, headers=headers)
    found = breaker(house)
    assert (found.pause if found else None) == pause


def test_a_486_with_retry_after_is_of_the_callee(house):
    call(house)
    house.fails(486, headers=[("Retry-After", "120")])
    assert breaker(house) is None


def test_one_call_tries_a_gateway_whose_pause_is_over(house, at):
    set_breaker(house, Breaker(opened=1, until=1_000, why="silence", pause=1_000))
    at(2_000)
    assert [call(house), call(house)] == [NORTH, SOUTH]
    assert breaker(house).trial == 2_000


def test_a_trial_that_a_limit_stops_is_left_to_the_next_call(make_house_of, at):
    house = make_house_of(keys(north="calls_per_second = 1"))
    set_breaker(house, Breaker(opened=1, until=1_000, why="silence", pause=1_000))
    at(2_000)
    house.this_second.append("north:1")
    call(house)
    assert hosts(house) == [SOUTH]
    assert breaker(house).trial == 0
    assert house.live == ["south"]


@pytest.mark.parametrize(("hand", "rule"), [("drain", "drained"), ("block", "blocked")])
def test_what_is_out_by_hand_gets_no_call(house, hand, rule):
    house.health[hand_key("north")] = hand
    call(house)
    assert hosts(house) == [SOUTH]
    assert house.skipped == [("carrier:north", rule)]


def test_a_word_that_nobody_knows_is_told_and_stops_nothing(house):
    house.health[hand_key("north")] = "drian\n"
    call(house)
    assert hosts(house) == [NORTH]
    assert any("drian" in line and "allow, drain, block" in line for line in house.logged)


def test_a_breaker_that_is_none_is_told_and_stops_nothing(house):
    house.health[gateway_key("north", NORTH)] = "open"
    call(house)
    assert hosts(house) == [NORTH]
    assert any("no breaker" in line for line in house.logged)


def test_a_carrier_has_no_more_calls_than_it_may_and_a_failed_attempt_frees_its_place(
    make_house_of,
):
    house = make_house_of(keys(north="calls = 1"))
    call(house)
    assert house.live == ["north"]
    call(house)
    assert house.live == ["north", "south"]
    assert house.skipped == [("carrier:north", "calls-limit")]
    house.fails(503)
    assert house.live == ["north", "west"]


def test_what_cannot_be_sent_takes_no_place(house):
    """Kamailio takes no dialog out of a profile in a request route: it is in both, and then in one."""
    house.sends(-7, 1)
    call(house)
    assert house.live == ["south"]
    assert house.refused == []


def test_a_gateway_of_the_same_carrier_may_have_the_place_of_one_that_could_not_be_sent_to(
    make_house_of,
):
    two = f'gateway = ["{NORTH}", "203.0.113.9:5060"]\ncalls = 1'
    house = make_house_of(lambda text: text.replace(f'gateway = "{NORTH}"', two))
    house.sends(-7, 1)
    house.calls("4412")
    assert hosts(house) == ["203.0.113.9:5060"]
    assert (house.live, house.skipped) == (["north"], [])


def test_a_carrier_gets_no_more_calls_in_a_second_than_it_may(make_house_of):
    house = make_house_of(keys(north="calls_per_second = 2"))
    assert [call(house) for _ in range(3)] == [NORTH, NORTH, SOUTH]
    assert house.skipped == [("carrier:north", "rate-limit")]
    assert house.live == ["north", "north", "south"]


def test_when_all_are_out_the_caller_hears_so_at_once(house):
    for name in house.site.carriers:
        house.health[hand_key(name)] = "drain"
    house.arrives("INVITE", "sip:4412@edge", user="1020")
    assert house.sent_to == []
    assert [(r.code, r.reason) for r in house.fake.transaction.replies] == [
        (503, "Service Unavailable")
    ]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=38\r\n"]
    ending = json.loads(house.fake.called("mqueue.mq_add")[-1][2])
    assert (ending["code"], ending["cause"], ending["why"]) == (503, 38, "drained")


def test_a_breaker_tells_the_caller_when_to_come_again(house, at):
    at(5_000)
    for number, name in enumerate(house.site.carriers, 1):
        one = Breaker(opened=1, until=5_000 + number * 7_000, why="silence", pause=1)
        set_breaker(house, one, name, str(house.site.carriers[name].gateways[0]))
    house.arrives("INVITE", "sip:4412@edge", user="1020")
    assert house.answers == [503]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=41\r\n", "Retry-After: 7\r\n"]


def test_when_the_rest_is_out_the_attempts_tell_the_caller(house):
    for name in ("south", "west", "east"):
        house.health[hand_key(name)] = "drain"
    call(house)
    house.fails(503, reason=["Q.850;cause=34"])
    assert house.answers == [503]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=34\r\n"]


@pytest.mark.parametrize(("got_ours", "faults"), [(True, 1), (False, None)])
def test_a_403_counts_against_a_carrier_that_has_had_our_credentials(house, got_ours, faults):
    call(house)
    house.says({"$cs": 1})
    if got_ours:
        house.fake.pv["$avp(bellhop)"] = msgspec.json.encode(challenged(house.call)).decode()
    house.fails(403)
    found = breaker(house)
    assert (found.faults if found else None) == faults


def test_a_carrier_that_is_blocked_begins_no_calls_here(house):
    for hand, answers in (("drain", []), ("block", [503])):
        house.health[hand_key("north")] = hand
        house.arrives("INVITE", "sip:442071838750@edge", door="trunks", source=NORTH_HOST)
        assert house.answers == answers

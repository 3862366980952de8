"""Attempts in order: what follows a failure, a ring, a cancel, a relay that cannot be made."""

import msgspec
import pytest
from kamailio_kemi.fake import installed

from bellhop.calls import Exhausted
from bellhop.recursion import Failure, Verdict, decide
from kemi import answer

FOUR = ["sip:203.0.113.1:5060", "sip:203.0.113.2:5060", "sip:203.0.113.3:5060"]
CALL_ROUTES = [
    ("tm.t_on_branch", "ksr_branch_call"),
    ("tm.t_on_reply", "ksr_reply_call"),
    ("tm.t_on_failure", "ksr_failure_call"),
]


def armed(house):
    """Return for each relay which routes were armed since the one before."""
    found, since = [], []
    for call in house.fake.calls:
        if call.path.startswith("tm.t_on_"):
            since.append((call.path, call.args[0]))
        elif call.path == "tm.t_relay":
            found.append(since)
            since = []
    return found


def test_a_carrier_that_fails_is_followed_by_the_next_with_its_own_number(house):
    house.calls("4412")
    house.fails(503, reason=["Q.850;cause=34"])
    house.fails(503, branch=1)
    assert house.sent_to == FOUR
    assert [str(r.ruri) for r in house.relays] == [
        "sip:4412@203.0.113.1:5060",
        "sip:004412@203.0.113.2:5060",
        "sip:912@203.0.113.3:5060",
    ]
    assert house.answers == []


def test_what_a_second_carrier_repeats_is_the_callers_own(house):
    house.calls("4412")
    house.fails(488)
    assert len(house.sent_to) == 2
    house.fails(488, branch=1)
    assert len(house.sent_to) == 2
    assert house.rows[-1].verdict == "stop"


def test_a_busy_callee_is_not_retried_and_the_caller_hears_it_in_our_own_words(house):
    house.calls("4412")
    house.fails(486, phrase="Busy At MegaTel", reason=['Q.850;cause=17;text="MegaTel"'])
    assert len(house.relays) == 1
    assert [(r.code, r.reason) for r in house.fake.transaction.replies] == [(486, "Busy Here")]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=17\r\n"]
    assert house.rows[-1].verdict == "stop"


def test_every_attempt_is_armed_quietened_and_timed_anew(house):
    house.calls("4412")
    house.fails(503)
    house.fails(503, branch=1)
    assert armed(house) == [CALL_ROUTES] * 3
    assert house.fake.called("tm.t_set_disable_internal_reply") == [(1,)] * 3
    timers = house.fake.called("tm.t_set_fr")
    assert len(timers) == 3
    assert timers[0][0] == timers[0][1] <= 2_000  # north's own answer_timeout
    assert all(200 <= ms <= 4_000 for pair in timers for ms in pair)


def test_the_bound_on_attempts_holds(house):
    house.calls("4412")
    for branch in range(3):
        house.fails(503, branch=branch)
    assert house.sent_to == FOUR  # attempts = 3, though east is left
    assert any(Exhausted.ATTEMPTS.value in text for _, text in house.fake.log)


def test_a_used_up_budget_ends_the_search(house, monkeypatch):
    house.calls("4412")
    late = house.call.deadline - 100
    monkeypatch.setattr("kemi.attempt.now", lambda: late)
    house.fails(503)
    assert len(house.relays) == 1
    assert any(Exhausted.BUDGET.value in text for _, text in house.fake.log)


def test_the_timers_are_cut_to_what_is_left(house, monkeypatch):
    house.calls("4412")
    late = house.call.deadline - 1_000
    monkeypatch.setattr("kemi.attempt.now", lambda: late)
    house.fails(503)
    # Two may yet be tried, so this one has half of the second that is left.
    assert house.fake.called("tm.t_set_fr")[-1] == (500, 500)
    house.replies(183, branch=1)
    assert house.fake.called("tm.t_set_fr")[-1] == (1_000, 1_000)


@pytest.mark.parametrize("result", [-1, -7, -478])
def test_a_relay_that_fails_goes_on_without_a_ghost_answer(house, result):
    house.fake.returns["tm.t_relay"] = [result, 1]
    house.calls("4412")
    assert house.sent_to == FOUR[1:2]
    assert house.answers == []
    assert not any(relay.ghost for relay in house.relays)
    (row,) = house.rows
    assert (row.leg, row.rule, row.code) == ("carrier:north", "not-sent", None)


def test_when_no_relay_can_be_made_the_caller_is_told_once(house):
    house.fake.returns["tm.t_relay"] = -7
    house.arrives("INVITE", "sip:4412@edge", user="1020")
    assert len(house.relays) == 3
    assert house.answers == [503]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=38\r\n"]
    assert [row.attempt for row in house.rows] == [1, 2, 3]


def test_a_relay_that_fails_in_the_failure_route_goes_on_too(house):
    house.calls("4412")
    house.fake.returns["tm.t_relay"] = [-7, 1]
    house.fails(503)
    assert house.sent_to == [FOUR[0], FOUR[2]]
    assert house.answers == []


def test_a_relay_with_wrong_arguments_is_neither_success_nor_no(house):
    house.may_break = True
    house.fake.KSR.tm.t_relay = lambda: False
    house.arrives("INVITE", "sip:4412@edge", user="1020")
    assert house.answers == [500]
    assert "BadCall" in house.logged[-1]


def test_the_next_device_of_a_did_is_looked_up(house):
    house.calls("442071838750", user=None, door="trunks", source="203.0.113.1", fU="49")
    house.fails(503)
    assert house.sent_to == ["sip:192.0.2.40:5060", "sip:1020@192.0.2.77:5060"]
    assert house.relays[1].destination is None


def test_a_device_that_is_called_no_longer_is_in_no_call(house):
    house.calls("442071838750", user=None, door="trunks", source="203.0.113.1", fU="49")
    house.fails(503)
    assert house.engaged == ["1020"]
    house.fails(503)
    assert len(house.relays) == 2


def test_a_cancelled_call_is_487_and_rings_nobody_else(house):
    house.calls("4412")
    house.fake.returns["tm.t_is_canceled"] = 1
    house.fails(503)
    assert len(house.relays) == 1
    assert house.answers == [487]
    assert house.rows[-1].rule == "caller-cancelled"


def test_a_cancel_between_the_decision_and_the_relay_is_487(house):
    house.calls("4412")
    answers = iter([-1, -1, 1, 1, 1, 1])
    house.fake.returns["tm.t_is_canceled"] = lambda: next(answers)
    house.fake.returns["tm.t_relay"] = -1  # tm refuses to forward what is cancelled
    house.fails(503)
    assert house.answers == [487]
    assert len(house.relays) == 2


def test_a_cancel_that_comes_before_anything_was_sent_is_487(house):
    house.fake.returns["tm.t_is_canceled"] = 1
    house.arrives("INVITE", "sip:4412@edge", user="1020", transaction=True)
    assert house.answers == [487]
    assert house.relays == []


def test_a_cancel_is_asked_for_where_there_is_a_transaction_to_ask(house):
    house.calls("4412")
    assert house.fake.called("tm.t_is_canceled") == []  # tm would log an error at each call
    house.fails(503)
    assert house.fake.called("tm.t_is_canceled")


@pytest.mark.parametrize("code", [180, 181, 182, 183])
def test_an_18x_is_remembered_and_starts_the_ring_timer_once(house, code):
    house.calls("4412")
    house.replies(code)
    house.replies(183)
    house.replies(180)
    timers = house.fake.called("tm.t_set_fr")
    assert len(timers) == 2
    assert timers[1][0] == 20_000  # north's ring_timeout
    house.fails()
    assert len(house.relays) == 1  # it rang till our timer ended it
    assert house.rows[-1].rang is True
    assert house.answers == [480]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=19\r\n"]


@pytest.mark.parametrize("code", [100, 101, 184, 199])
def test_what_is_no_ring_is_none(house, code):
    house.calls("4412")
    house.replies(code)
    assert len(house.fake.called("tm.t_set_fr")) == 1
    house.fails()
    assert house.rows[-1].rang is False
    assert len(house.relays) == 2


def test_a_ring_belongs_to_its_own_attempt(house):
    house.calls("4412")
    house.replies(180)
    house.fails(503)
    assert house.rows[-1].rang is True
    house.fails(503, branch=1)
    assert house.rows[-1].rang is False


@pytest.mark.parametrize("late", [180, 200])
def test_a_late_reply_of_an_abandoned_branch_changes_nothing(house, late):
    house.calls("4412")
    house.fails()  # north is silent; south is tried
    before = house.call
    house.replies(late, branch=0)
    assert house.call == before
    assert len(house.fake.called("tm.t_set_fr")) == 2
    house.fails(branch=1)
    assert house.rows[-1].rang is False
    assert len(house.relays) == 3


def test_an_answer_after_the_end_is_no_answer_of_the_call(house):
    house.calls("4412")
    house.replies(180)
    house.fails()  # it rang till our timer ended it, and the caller has his 480
    house.replies(200)
    assert [row.verdict for row in house.rows] == ["stop"]


def test_an_answer_is_one_row_however_often_it_comes(house):
    house.calls("4412")
    house.replies(180)
    house.replies(200)
    house.replies(200)
    house.replies(200)
    (row,) = house.rows
    assert (row.verdict, row.code, row.rang, row.leg) == ("answered", 200, True, "carrier:north")


def test_each_attempt_is_one_row_in_order_with_its_rule(house):
    house.calls("4412")
    house.fails(503, reason=["Q.850;cause=34"])
    house.fails(branch=1)
    house.replies(200, branch=2)
    assert [(r.attempt, r.leg, r.code, r.cause, r.verdict) for r in house.rows] == [
        (1, "carrier:north", 503, 34, "advance"),
        (2, "carrier:south", None, None, "advance"),
        (3, "carrier:west", 200, None, "answered"),
    ]
    assert len({row.call for row in house.rows}) == 1
    assert {row.call_id for row in house.rows} == {"call-1"}
    assert all(row.why and row.rule for row in house.rows)


def test_a_reason_that_is_not_utf8_does_not_count_and_ends_nothing(house):
    house.calls("4412")
    house.fails(503, reason=[b'Q.850;cause=17;text="\xff"'])
    assert house.rows[-1].cause is None
    assert len(house.relays) == 2


def test_causes_of_a_carrier_that_is_not_trusted_do_not_decide(house):
    house.calls("4412")
    house.fails(503)
    house.fails(503, branch=1)
    assert house.call.leg.name == "west"
    house.fails(404, branch=2, reason=["Q.850;cause=34"])
    believed = decide(Failure(404, cause=34)).verdict
    alone = decide(Failure(404)).verdict
    assert (believed, alone) == (Verdict.ADVANCE, house.rows[-1].verdict)
    assert "not believed" in house.rows[-1].why


def test_where_the_sites_own_profile_heeds_no_cause_none_chooses_the_answer_either(
    make_house_changed,
):
    """17 would make of the first carrier's 503 the most meaningful answer: it speaks of the callee."""

    def own(text):
        mine = '[profiles.deaf]\nextends = "carrier"\ntrust_reason = false\n\n[[routes]]'
        return text.replace("[[routes]]", mine, 1).replace(
            'prefix = "44"', 'prefix = "44"\nprofile = "deaf"'
        )

    told = []
    for make in (lambda text: text, own):
        one = make_house_changed(make)
        with installed(one.fake):
            one.calls("4412")
            one.fails(503, reason=["Q.850;cause=17"])
            while not one.answers[-1:] or one.answers[-1] < 300:
                one.fails(500, branch=len(one.relays) - 1)
            told.append((one.rows[0].trusted, one.rows[0].believed, one.answers[-1]))
    assert told == [(True, True, 503), (True, False, 500)]


def test_the_ledger_says_by_which_route_a_call_went(house):
    house.calls("4412")
    house.fails(486)
    assert house.endings[-1].prefix == "44"


def test_a_call_id_without_end_does_not_fill_the_memory_that_all_share(house):
    house.calls("4412", ci="x" * 60_000)
    house.fails(503)
    assert len(house.rows[0].call_id) == 255
    assert all(len(args[2]) < 1_000 for args in house.fake.called("mqueue.mq_add"))


@pytest.mark.parametrize("full", [{"mqueue.mq_add": -1}, {"mqueue.mq_size": 19_000}])
def test_a_full_ledger_is_told_and_stops_no_call(house, full):
    house.fake.returns.update(full)
    house.calls("4412")
    house.fails(503)
    assert len(house.sent_to) == 2
    assert any("ledger=full" in text for text in house.logged)


def test_the_ledger_says_what_the_decision_stood_on_and_where_the_call_was_sent(house):
    house.calls("4412")
    house.fails(404, reason=["Q.850;cause=1;location=RPN"])
    [row] = house.rows
    assert (row.gateway, row.number) == ("203.0.113.1:5060", "4412")
    assert (row.location, row.conflicting, row.replied, row.trusted) == ("RPN", False, True, True)
    house.calls("4412")
    house.fails(500, reason=["Q.850;cause=34", "Q.850;cause=17"])
    assert (house.rows[-1].cause, house.rows[-1].conflicting) == (None, True)
    house.calls("4412")
    house.fails()
    assert (house.rows[-1].code, house.rows[-1].replied) == (None, False)


def test_the_ledger_has_what_the_caller_got(house):
    house.calls("4412")
    house.fails(503)
    house.fails(404, branch=1, reason=["Q.850;cause=1"])
    house.fails(503, branch=2)
    [end] = house.endings
    assert [(r.code) for r in house.fake.transaction.replies] == [end.code]
    assert (end.attempts, end.code, end.cause, end.of) == (3, 404, 1, 2)
    assert (end.leg, end.why) == ("", "attempts-used-up")
    assert (end.call, end.caller, end.dialled) == (house.rows[0].call, "1020", "4412")


def test_the_ledger_has_who_answered(house):
    house.calls("4412")
    house.fails(503)
    house.replies(200, branch=1)
    [end] = house.endings
    assert (end.code, end.leg, end.of, end.why) == (200, "carrier:south", 2, "answered")


def test_a_call_that_was_cancelled_is_in_the_ledger_even_if_nobody_had_been_tried(house):
    house.fake.returns["tm.t_is_canceled"] = 1
    house.calls("4412", transaction=True)
    [end] = house.endings
    assert (end.attempts, end.code, end.cause, end.why) == (0, 487, None, "cancelled")


@pytest.mark.parametrize(
    ("caller", "dialled", "told"),
    [
        ("1020", "7777", (404, 1, "unknown-number")),
        ("1021", "8000", (403, 21, "not-allowed")),
        ("1020", "1009%26x" * 99, (484, 28, "not-a-number")),
    ],
)
def test_a_known_callers_call_that_goes_nowhere_is_in_the_ledger(house, caller, dialled, told):
    house.calls(dialled, user=caller)
    [end] = house.endings
    assert (end.code, end.cause, end.why) == told
    assert (end.caller, end.dialled, end.attempts) == (caller, dialled[:64], 0)


def test_a_strangers_call_leaves_nothing_in_the_ledger(house):
    house.calls("4412", user=None)
    assert not house.endings
    assert house.fake.called("auth.auth_challenge")


DEVICE_ANSWERS = [
    (486, [], 486, 17), (480, [], 480, 18), (404, [], 404, 1), (603, [], 603, 21), (488, [], 488, 31),
    (302, [], 480, 20), (300, [], 480, 20), (401, [], 480, 21), (407, [], 480, 21),
    (None, [], 408, 18),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reason", "told", "cause"), DEVICE_ANSWERS)
def test_what_the_edge_says_of_a_device_tells_why(house, code, reason, told, cause):
    house.calls("1009")
    house.fails(code, reason=reason)
    assert len(house.relays) == 1
    assert house.answers == [told]
    assert house.fake.headers.to_reply == [f"Reason: Q.850;cause={cause}\r\n"]


def test_a_phrase_that_nobody_can_read_is_the_devices_not_the_callers_mistake(house):
    house.calls("1009")
    house.fails(486, phrase=b"B\xe9set")
    assert house.answers == [486]


def test_paging_that_is_down_is_503_with_41(house):
    house.calls("8000")
    house.fails()
    assert house.answers == [503]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=41\r\n"]


def test_a_carrier_that_never_answers_is_408_with_102_at_the_end(house):
    house.calls("4412")
    for branch in range(3):
        house.fails(branch=branch)
    assert house.answers == [408]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=102\r\n"]


def test_a_call_with_nobody_to_try_is_answered(house):
    house.calls("4412")
    answer.final(msgspec.structs.replace(house.call, legs=(), attempts=()), "nobody-left")
    assert house.answers == [503]


def test_a_failure_route_without_a_call_is_answered(house):
    house.may_break = True
    house.fake.request("INVITE", "sip:1@edge", ci="c")
    house.fails(503)
    assert house.answers == [500]


def test_a_branch_index_is_kept_however_many_there_were(house):
    house.calls("4412")
    house.branch(11)  # tm numbers on; an AVP is a stack
    house.replies(180, branch=11)
    assert len(house.fake.called("tm.t_set_fr")) == 2
    house.replies(200, branch=0)
    assert house.rows == []


def _decided_by(house, **names):
    """Give the call and its first leg other profiles, as another site would have."""
    call = house.call
    leg = msgspec.structs.replace(call.legs[0], profile=names.get("leg", ""))
    call = msgspec.structs.replace(
        call, legs=(leg, *call.legs[1:]), profile=names.get("call", "carrier")
    )
    house.fake.pv["$avp(bellhop)"] = msgspec.json.encode(call).decode()


@pytest.mark.parametrize(
    ("names", "answers"),
    [
        ({}, []),
        ({"call": "broadworks-inbound"}, [404]),
        ({"leg": "broadworks-inbound"}, [404]),
        ({"leg": "carrier", "call": "broadworks-inbound"}, []),
    ],
)
def test_a_carriers_own_profile_decides_else_the_calls(house, names, answers):
    house.calls("4412")
    _decided_by(house, **names)
    house.fails(404)
    assert house.answers == answers


def test_a_profile_that_a_reload_took_away_is_carrier_and_that_is_logged(house):
    house.calls("4412")
    _decided_by(house, leg="gone")
    house.fails(404)
    assert len(house.sent_to) == 2
    [line] = house.logged
    assert "profile=gone is no longer in the site; carrier decides" in line

"""Attempts in order: what follows a failure, a ring, a cancel, a relay that cannot be made."""

import pytest

from bellhop.calls import Exhausted

FOUR = ["sip:203.0.113.1:5060", "sip:203.0.113.2:5060", "sip:203.0.113.3:5060"]
CALL_ROUTES = [
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


@pytest.mark.parametrize("code", [302, 486, 503, 603])
def test_a_refusal_that_passes_the_reply_route_is_left_to_the_failure_route(house, code):
    house.calls("4412")
    before = house.call
    house.replies(code)
    assert (house.call, house.rows) == (before, [])
    house.fails(code)
    assert house.rows[0].code == code


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


def test_a_device_that_could_not_be_called_is_not_in_the_call_that_goes_on_without_it(
    make_house_of,
):
    """A page that wants it would end the call of somebody else."""
    house = make_house_of(lambda text: text.replace('["2000", "1020"]', '["1020", "2000"]'))
    house.contacts.clear()
    house.sends(1)
    house.calls("442071838750", user=None, door="trunks", source="203.0.113.1", fU="49")
    assert house.sent_to == ["sip:192.0.2.40:5060"]
    assert (house.engaged, house.refused) == ([], [])


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


def test_an_18x_is_remembered_however_long_its_contact_is(house):
    """Kamailio 5.6 gives nothing for a text of more than 8 kB."""
    house.calls("4412")
    house.says({"$(ct{nameaddr.uri})": f"sip:{'a' * 9_000}@{FOUR[0]}"})
    house.replies(180)
    assert len(house.fake.called("tm.t_set_fr")) == 2


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


def test_a_branch_index_is_kept_however_many_there_were(house):
    house.calls("4412")
    house.fails(503, branch=10)  # tm numbers on
    house.replies(180, branch=11)
    assert len(house.fake.called("tm.t_set_fr")) == 3
    house.replies(200, branch=0)
    assert len(house.rows) == 1


def test_after_a_leg_that_could_not_be_sent_the_branch_itself_tells_its_index(house):
    house.fake.returns["tm.t_relay"] = [-1, 1]  # and yet tm may have made a branch, or may not
    house.calls("4412")
    house.branch(1)
    house.replies(180, branch=0)
    assert len(house.fake.called("tm.t_set_fr")) == 2
    house.replies(180, branch=1)
    assert len(house.fake.called("tm.t_set_fr")) == 3

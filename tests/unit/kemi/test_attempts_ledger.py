"""What the ledger has of a call and its attempts."""

import pytest


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


def test_the_next_carrier_does_not_wait_for_what_is_written_down(house):
    house.calls("4412")
    before = len(house.fake.calls)
    house.fails(503)
    paths = [call.path for call in house.fake.calls[before:]]
    assert paths.index("tm.t_relay") < paths.index("mqueue.mq_add") < paths.index("notice")
    assert [row.verdict for row in house.rows] == ["advance"]


def test_an_attempt_is_written_down_before_the_ones_after_it(house):
    house.calls("4412")
    house.fake.returns["tm.t_relay"] = [-1, 1]
    house.fails(503)
    assert [row.leg for row in house.rows] == ["carrier:north", "carrier:south"]
    house.fails(486, branch=1)
    assert [row.attempt for row in house.rows] == [1, 2, 3]


def test_an_attempt_is_written_down_before_who_is_passed_over_behind_it(house):
    house.calls("4412")
    house.health["hand:south"] = "drain"
    house.fails(503)
    assert [row.leg for row in house.rows] == ["carrier:north", "carrier:south"]
    assert house.skipped == [("carrier:south", "drained")]


def test_an_attempt_is_written_down_whatever_breaks_after_it(house, monkeypatch):
    def broken(*_):
        raise OSError("x")

    house.may_break = True
    house.calls("4412")
    monkeypatch.setattr("kemi.attempt._send", broken)
    house.fails(503)
    assert house.answers == [500]
    assert [row.verdict for row in house.rows] == ["advance"]


def test_an_answer_and_the_calls_end_are_queued_together(house):
    house.calls("4412")
    house.replies(200)
    assert len(house.fake.called("mqueue.mq_add")) == 1
    assert [row.verdict for row in house.rows] == ["answered"]
    assert [end.why for end in house.endings] == ["answered"]


def test_what_is_lost_together_is_counted_each(house):
    house.calls("4412")
    house.fake.returns["mqueue.mq_add"] = -1
    house.replies(200)
    counted = [args[2] for args in house.fake.called("xhttp_prom.counter_inc_l1")]
    assert counted.count("queue") == 2


@pytest.mark.parametrize("first", ['SIP;cause=480;text="', 'SIP;text="one " two" three'])
def test_a_quote_that_is_never_closed_hides_no_cause_in_the_next_line(house, first):
    house.calls("4412")
    house.fails(480, reason=[first, "Q.850;cause=17"])
    assert house.answers == [480]
    assert (house.rows[0].cause, house.rows[0].rule) == (17, "cause-stop")


@pytest.mark.parametrize("codes", [(486,), (503, 486), (503, 503, 503)])
def test_a_calls_end_is_written_down_behind_its_attempts(house, codes):
    house.calls("4412")
    for branch, code in enumerate(codes):
        house.fails(code, branch=branch)
    assert len(house.rows) == len(codes)
    assert house.written == [*house.rows, *house.endings]


def test_so_is_the_end_of_a_call_that_is_cancelled_while_it_goes_on(house):
    house.calls("4412")
    house.fake.returns["tm.t_relay"] = -1
    house.fake.returns["tm.t_is_canceled"] = [-1, 1, 1, 1]
    house.fails(503)
    assert house.answers == [487]
    assert [row.rule for row in house.rows] == ["server-failure"]
    assert house.written == [*house.rows, *house.endings]

"""A carrier's health: what outcomes mean, and the breaker, over any sequence of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop.health import (
    CLOSED,
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    LONGEST_TOLD,
    Breaker,
    Hand,
    Kind,
    Out,
    Outcome,
    Skipped,
    after,
    asked,
    outcome,
    retry_after,
    told,
    why_out,
)
from bellhop.recursion import Failure

LIFE, FAULT = Outcome(Kind.LIFE), Outcome(Kind.FAULT, "silence")
NOTHING = Outcome(Kind.NOTHING)
PATIENCE = 2_000
LEASE = PATIENCE + 5_000


def away(ms):
    return Outcome(Kind.AWAY, "retry-after", ms)


def step(breaker, seen, *, began, now, faults=3, pause=30_000):
    return after(breaker, seen, began=began, now=now, at=now / 1_000, faults=faults, pause=pause)


def opened(now=1_000, faults=2):
    breaker = CLOSED
    for _ in range(faults):
        breaker = step(breaker, FAULT, began=now - 1, now=now, faults=faults)
    return breaker


# --- Retry-After ---


@pytest.mark.parametrize(
    ("header", "ms"),
    [
        ("120", 120_000),
        ("  5 ", 5_000),
        ("18000;duration=3600", LONGEST_RETRY_AFTER),
        ("120 (I'm in a meeting)", 120_000),
        ("3;x=(", 3_000),
        ("99999999999999999999", LONGEST_RETRY_AFTER),
        ("0", None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("5 5", None),
        ("5, 10", None),
        ("soon", None),
        ("٣", None),
        ("9" * 21, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_a_retry_after_is_obeyed_within_bounds_and_ignored_when_malformed(header, ms):
    assert retry_after(header) == ms


@given(st.text())
def test_no_retry_after_is_beyond_the_bound(header):
    ms = retry_after(header)
    assert ms is None or 0 < ms <= LONGEST_RETRY_AFTER


# --- what an attempt says ---


@pytest.mark.parametrize(
    ("failure", "options", "kind"),
    [
        (None, {}, Kind.LIFE),
        (Failure(None, replied=False), {}, Kind.FAULT),
        (Failure(None, replied=False, rang=True), {}, Kind.LIFE),
        (Failure(None, replied=False, cancelled=True), {}, Kind.NOTHING),
        (Failure(487, cancelled=True), {}, Kind.LIFE),
        (Failure(503), {}, Kind.LIFE),
        (Failure(503), {"asked_away": 9_000}, Kind.AWAY),
        (Failure(503, rang=True), {"asked_away": 9_000}, Kind.AWAY),  # an announcement came first
        (Failure(503, rang=True), {}, Kind.LIFE),
        (Failure(486), {"asked_away": 9_000}, Kind.LIFE),
        (Failure(403), {}, Kind.LIFE),
        (Failure(403), {"credentials": True}, Kind.FAULT),
        (Failure(407), {"credentials": True}, Kind.FAULT),
        (Failure(401), {"credentials": True}, Kind.FAULT),
        (Failure(401), {}, Kind.LIFE),
        (Failure(403, cause=21), {"credentials": True}, Kind.FAULT),
        (Failure(403, cause=50), {"credentials": True}, Kind.FAULT),
        (Failure(403, cause=57), {"credentials": True}, Kind.FAULT),
        (Failure(403, cause=1), {"credentials": True}, Kind.LIFE),
        (Failure(403, cause=1, trusted=False), {"credentials": True}, Kind.FAULT),
        (Failure(404), {"credentials": True}, Kind.LIFE),
        (Failure(603), {}, Kind.LIFE),
    ],
)
def test_what_an_attempt_says_of_its_gateway(failure, options, kind):
    assert outcome(failure, **options).kind is kind


# --- the breaker ---


def test_faults_in_a_row_open_it_and_life_between_them_does_not():
    breaker = CLOSED
    for seen in (FAULT, FAULT, LIFE, FAULT, FAULT):
        breaker = step(breaker, seen, began=0, now=1_000)
    assert asked(breaker, 1_000, PATIENCE)[0]
    breaker = step(breaker, FAULT, began=0, now=1_000)
    assert (breaker.until, breaker.why, breaker.at) == (31_000, "silence", 1.0)
    assert not asked(breaker, 30_999, PATIENCE)[0]


def test_no_number_of_faults_opens_one_that_counts_none():
    breaker = CLOSED
    for now in range(100):
        breaker = step(breaker, FAULT, began=now, now=now, faults=0)
    assert breaker == CLOSED


def test_after_its_pause_one_call_tries_it_and_the_others_wait():
    breaker = opened(1_000)
    may, trying = asked(breaker, 31_000, PATIENCE)
    assert may
    assert asked(trying, 31_000, PATIENCE) == (False, trying)
    assert asked(trying, 31_000 + LEASE - 1, PATIENCE)[0] is False
    assert asked(trying, 31_000 + LEASE, PATIENCE)[0]  # the trial's process must have died


def test_a_trial_that_fails_opens_it_for_longer_and_one_that_lives_closes_it():
    trying = asked(opened(1_000), 31_000, PATIENCE)[1]
    longer = step(trying, FAULT, began=31_000, now=33_000)
    assert (longer.pause, longer.until, longer.trial) == (60_000, 93_000, 0)
    trying = asked(longer, 93_000, PATIENCE)[1]
    assert step(trying, FAULT, began=93_001, now=95_000).pause == 120_000
    assert step(trying, LIFE, began=93_001, now=95_000) == CLOSED


def test_a_trial_whose_caller_hangs_up_leaves_it_to_the_next_call():
    trying = asked(opened(1_000), 31_000, PATIENCE)[1]
    left = step(trying, NOTHING, began=31_000, now=31_500)
    assert asked(left, 31_500, PATIENCE)[0]


def test_calls_from_before_it_opened_change_nothing_by_failing():
    breaker = opened(1_000)
    assert step(breaker, FAULT, began=900, now=2_000) == breaker
    trying = asked(breaker, 31_000, PATIENCE)[1]
    assert step(trying, FAULT, began=900, now=31_100) == trying
    assert step(trying, NOTHING, began=900, now=31_100) == trying


def test_a_retry_after_opens_it_at_once_for_so_long_and_an_older_calls_life_does_not_end_it():
    breaker = step(CLOSED, away(120_000), began=0, now=1_000)
    assert breaker.until == 121_000
    assert step(breaker, LIFE, began=0, now=2_000) == breaker
    assert step(breaker, away(1_000), began=0, now=2_000).until == 121_000
    trying = asked(breaker, 121_000, PATIENCE)[1]
    assert step(trying, LIFE, began=121_000, now=121_100) == CLOSED


def test_an_older_calls_life_closes_one_that_silence_has_opened():
    assert step(opened(1_000), LIFE, began=900, now=2_000) == CLOSED


OUTCOMES = st.sampled_from([LIFE, FAULT, NOTHING]) | st.integers(1, LONGEST_RETRY_AFTER).map(away)
EVENTS = st.lists(
    st.tuples(st.integers(0, 200_000), st.booleans(), st.integers(0, 30), OUTCOMES), max_size=60
)


@given(EVENTS, st.integers(0, 5), st.integers(1_000, 3_600_000))
def test_whatever_happens_one_trial_at_a_time_and_every_pause_ends(events, faults, pause):
    """Calls ask, and some time later tell, in any order; only those that were let in tell."""
    breaker, now, under_way, trial_began = CLOSED, 1, [], None
    for passes, asks, which, seen in events:
        now += passes
        if asks:
            before = breaker
            may, breaker = asked(breaker, now, PATIENCE)
            assert may or before.until  # a closed one lets everybody in
            if may and before.until:
                assert now >= before.until
                assert trial_began is None or now >= trial_began + LEASE
                trial_began = now
            if may:
                under_way.append(now)
        elif under_way:
            began = under_way.pop(which % len(under_way))
            breaker = step(breaker, seen, began=began, now=now, faults=faults, pause=pause)
            if not breaker.trial:
                trial_began = None
        most = max(LONGEST_PAUSE, LONGEST_RETRY_AFTER, pause)
        assert breaker.until <= now + most
        assert asked(breaker, now + most + LEASE, PATIENCE)[0]  # nobody is left out for ever


# --- which legs are out, and what a caller hears when all are ---


@pytest.mark.parametrize(
    ("hand", "down", "out"),
    [
        (Hand.ALLOW, False, None),
        (Hand.ALLOW, True, Out.PROBE_DOWN),
        (Hand.DRAIN, False, Out.DRAINED),
        (Hand.DRAIN, True, Out.DRAINED),
        (Hand.BLOCK, True, Out.BLOCKED),
    ],
)
def test_what_a_human_has_set_comes_before_what_a_probe_found(hand, down, out):
    assert why_out(hand, probed_down=down) is out


@pytest.mark.parametrize(
    ("outs", "cause", "seconds"),
    [
        ([(Out.BREAKER_OPEN, 8_200), (Out.BREAKER_OPEN, 90_000)], 41, 9),
        ([(Out.BREAKER_OPEN, 3_600_000)], 41, LONGEST_TOLD),
        ([(Out.PROBE_DOWN, 0)], 41, LONGEST_TOLD),
        ([(Out.PROBE_DOWN, 0), (Out.BREAKER_OPEN, 1_000)], 41, 1),
        ([(Out.DRAINED, 0), (Out.BLOCKED, 0)], 38, None),
        ([(Out.DRAINED, 0), (Out.BREAKER_OPEN, 2_000)], 41, 2),
        ([(Out.CALLS_LIMIT, 0), (Out.BREAKER_OPEN, 2_000)], 34, 5),
        ([(Out.RATE_LIMIT, 0), (Out.DRAINED, 0)], 34, 1),
    ],
)
def test_the_most_hopeful_leg_tells_the_caller_why_and_when_to_come_again(outs, cause, seconds):
    skipped = tuple(Skipped(leg, out, wait) for leg, (out, wait) in enumerate(outs))
    assert told(skipped) == (cause, seconds)


def test_every_rule_has_words_for_people():
    assert all(Skipped(0, out).why for out in Out)


def test_a_new_breaker_is_closed():
    assert Breaker() == CLOSED

"""A call's way through its legs: bounds that hold whatever the legs, the outcomes and the clock."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.calls import (
    SHORTEST_ATTEMPT,
    Call,
    Exhausted,
    Leg,
    LegKind,
    answer_timer,
    begun,
    ended,
    next_leg,
    ring_timer,
)
from bellhop.recursion import Failure, Verdict

quiet = settings(deadline=None, derandomize=True, max_examples=100)


def leg(name="north", answer=4000, ring=60_000):
    return Leg(
        kind=LegKind.CARRIER,
        name=name,
        user="4412",
        address="203.0.113.1:5060",
        answer_timeout=answer,
        ring_timeout=ring,
    )


NORTH = leg()


def call(legs=(NORTH,), allowed=4, budget=40_000, started=1_000):
    return Call(
        id="c",
        caller="1020",
        dialled="4412",
        profile="carrier",
        started=started,
        deadline=started + budget,
        attempts_allowed=allowed,
        legs=tuple(legs),
    )


LEGS = st.lists(
    st.builds(
        leg,
        name=st.sampled_from(["a", "b", "c"]),
        answer=st.integers(200, 32_000),
        ring=st.integers(1_000, 600_000),
    ),
    max_size=12,
)
FAILURES = st.builds(
    Failure,
    st.one_of(st.none(), st.integers(300, 699)),
    cause=st.one_of(st.none(), st.integers(1, 127)),
    location=st.one_of(st.none(), st.sampled_from(["U", "LN"])),
    conflicting=st.booleans(),
    rang=st.booleans(),
    cancelled=st.booleans(),
    replied=st.booleans(),
    trusted=st.booleans(),
)


@quiet
@given(
    legs=LEGS,
    allowed=st.integers(1, 10),
    budget=st.integers(1_000, 120_000),
    took=st.lists(st.integers(0, 50_000), min_size=12, max_size=12),
    failures=st.lists(FAILURES, min_size=12, max_size=12),
)
def test_any_call_ends_within_its_attempts_and_its_budget_and_tries_no_leg_twice(
    legs, allowed, budget, took, failures
):
    one, now = call(legs, allowed, budget), 1_000
    for ms, failure in zip(took, failures, strict=True):
        index = next_leg(one, now)
        if isinstance(index, Exhausted):
            break
        one = begun(one, index, now)
        assert one.leg is one.legs[index]
        assert SHORTEST_ATTEMPT <= answer_timer(one, now) <= one.leg.answer_timeout
        assert now + answer_timer(one, now) <= one.deadline
        assert now + ring_timer(one, now) <= one.deadline
        assert ring_timer(one, now) <= one.leg.ring_timeout
        now += ms
        one = ended(one, now, rule="x", failure=failure, verdict=Verdict.ADVANCE)
    else:
        assert next_leg(one, now) is Exhausted.LEGS  # twelve at most were there
    tried = [attempt.leg for attempt in one.attempts]
    assert tried == sorted(set(tried))
    for place, attempt in enumerate(one.attempts):
        answered = {legs[a.leg].name for a in one.attempts[:place] if a.failure.replied}
        assert legs[attempt.leg].name not in answered
    assert len(tried) <= min(allowed, len(legs))
    assert all(a.started + SHORTEST_ATTEMPT <= one.deadline for a in one.attempts)


def test_why_a_search_ends_is_told():
    assert next_leg(call(()), 1_000) is Exhausted.LEGS
    one = ended(begun(call((leg(), leg("b"))), 0, 1_000), 1_500, rule="x", verdict=Verdict.ADVANCE)
    assert next_leg(one, 1_500) == 1
    assert next_leg(msgspec.structs.replace(one, attempts_allowed=1), 1_500) is Exhausted.ATTEMPTS
    assert next_leg(one, one.deadline - SHORTEST_ATTEMPT) == 1
    assert next_leg(one, one.deadline - SHORTEST_ATTEMPT + 1) is Exhausted.BUDGET
    assert next_leg(one, one.deadline + 5_000) is Exhausted.BUDGET
    # Where nobody is left, no bound has ended the search, whatever else is used up.
    last = ended(begun(call((leg(),)), 0, 1_000), 1_500, rule="x", verdict=Verdict.ADVANCE)
    assert next_leg(msgspec.structs.replace(last, attempts_allowed=1), 99_000) is Exhausted.LEGS


def test_a_ring_timer_is_what_is_left_and_never_tms_word_for_none():
    one = begun(call(budget=10_000), 0, 1_000)
    assert ring_timer(one, 1_000) == 10_000
    assert ring_timer(one, 6_000) == 5_000
    # tm takes 0 for "its default", which would let a ring at the very end go on for ever.
    assert (ring_timer(one, 10_950), ring_timer(one, 11_000), ring_timer(one, 99_000)) == (50, 1, 1)
    assert ring_timer(begun(call((leg(ring=2_000),)), 0, 1_000), 1_000) == 2_000


@quiet
@given(
    legs=LEGS.filter(bool),
    failures=st.lists(FAILURES, max_size=4),
    verdict=st.sampled_from(Verdict),
)
def test_a_call_survives_its_way_through_an_avp(legs, failures, verdict):
    one = call(legs)
    for failure in failures:
        one = begun(one, len(one.attempts) % len(legs), 1_200)
        one = ended(one, 1_300, rule="r", failure=failure, verdict=verdict, rang=failure.rang)
    one = begun(one, 0, 1_400)
    back = msgspec.json.decode(msgspec.json.encode(one), type=Call)
    assert back == one
    assert back.earlier == tuple(failures)
    assert [a.verdict for a in back.attempts] == [verdict.value] * len(failures) + [""]


@pytest.mark.parametrize("name", ['é\u2028\n\r\x00"\\', "\U0001f514", "a" * 5000])
def test_any_text_survives_its_way_through_an_avp(name):
    one = call((leg(name),))
    encoded = msgspec.json.encode(one)
    assert b"\n" not in encoded
    assert b"\x00" not in encoded
    assert msgspec.json.decode(encoded, type=Call) == one


def test_the_attempt_at_hand_is_not_an_earlier_one():
    first, second = Failure(503), Failure(400)
    one = ended(begun(call((NORTH, NORTH)), 0, 1_000), 1_500, rule="x", failure=first)
    assert one.earlier == ()
    one = ended(begun(one, 1, 1_500), 1_900, rule="x", failure=second)
    assert one.earlier == (first,)


def test_an_answered_attempt_has_no_failure():
    one = ended(begun(call(), 0, 1_000), 1_700, rule="answered", rang=True)
    assert (one.current.verdict, one.current.failure, one.current.rang) == ("answered", None, True)
    assert one.current.ended == 1_700
    assert one.earlier == ()


def after(legs, *failures):
    """Return which leg is next after the first ones have failed like this."""
    one = call(legs)
    for failure in failures:
        index = next_leg(one, 1_000)
        one = begun(one, index, 1_000)
        one = ended(one, 1_100, rule="r", failure=failure, verdict=Verdict.ADVANCE)
    return next_leg(one, 1_100)


SILENT, BUSY = Failure(None, replied=False), Failure(503)
NORTH_TWICE_THEN_SOUTH = (leg("north"), leg("north"), leg("south"))


def test_a_carriers_next_gateway_is_for_one_that_did_not_answer():
    assert after(NORTH_TWICE_THEN_SOUTH, SILENT) == 1
    assert after(NORTH_TWICE_THEN_SOUTH, SILENT, SILENT) == 2


def test_a_carrier_that_has_answered_is_not_asked_at_another_gateway():
    assert after(NORTH_TWICE_THEN_SOUTH, BUSY) == 2
    assert after(NORTH_TWICE_THEN_SOUTH, SILENT, BUSY) == 2
    assert after((leg("north"), leg("south"), leg("north")), BUSY, SILENT) is Exhausted.LEGS


def test_a_503_may_be_one_gateways_alone_and_nothing_else_is():
    north = msgspec.structs.replace(leg("north"), alone_503=True)
    legs = (north, north, leg("south"), leg("south"))
    assert after(legs, BUSY) == 1
    assert after(legs, BUSY, BUSY) == 2
    assert after(legs, BUSY, Failure(500)) == 2
    assert after(legs, Failure(500)) == 2
    assert after(legs, Failure(404, cause=34)) == 2
    assert after(legs, BUSY, BUSY, BUSY) is Exhausted.LEGS


def test_a_trunk_and_a_carrier_of_one_name_are_two_peers():
    trunk = msgspec.structs.replace(leg("north"), kind=LegKind.TRUNK)
    assert after((leg("north"), trunk), BUSY) == 1


def timers(legs, budget, allowed=4):
    """Return how long each attempt has, when all are silent."""
    one, now, given = call(legs, allowed, budget), 1_000, []
    while isinstance(index := next_leg(one, now), int):
        one = begun(one, index, now)
        given.append(answer_timer(one, now))
        now += given[-1]
        one = ended(one, now, rule="r", failure=SILENT, verdict=Verdict.ADVANCE)
    return given


def test_silent_carriers_share_a_budget_that_is_too_short_for_all():
    legs = [leg(name, answer=2_000) for name in ("a", "b", "c")]
    assert timers(legs, 40_000) == [2_000, 2_000, 2_000]
    assert timers(legs, 3_000) == [1_000, 1_000, 1_000]


def test_what_one_attempt_does_not_use_is_the_others():
    legs = [leg("a", answer=500), leg("b", answer=4_000), leg("c", answer=4_000)]
    assert timers(legs, 4_500) == [500, 2_000, 2_000]


def test_legs_beyond_the_attempts_have_no_share():
    legs = [leg(name) for name in ("a", "b", "c", "d")]
    assert timers(legs, 4_000, allowed=2) == [2_000, 2_000]


@quiet
@given(legs=LEGS.filter(bool), allowed=st.integers(1, 10), budget=st.integers(2_400, 120_000))
def test_no_silent_peer_leaves_another_one_no_time(legs, allowed, budget):
    given_times = timers(legs, budget, allowed)
    assert sum(given_times) <= budget
    assert len(given_times) == min(len(legs), allowed)

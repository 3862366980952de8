"""The whole search of a call over the pure core: for any profile, any legs and anything that carriers
do, it ends, within attempts and time, with nobody called twice and nothing after an answer.
"""

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
from bellhop.finals import final
from bellhop.profiles import BUILT_IN, SETTINGS, Table, resolve
from bellhop.reason import LOCATIONS
from bellhop.recursion import Failure, Verdict, decide

quiet = settings(deadline=None, derandomize=True, max_examples=250)

CODES = st.integers(400, 699).map(str) | st.sampled_from(["4xx", "5xx", "6xx", "486", "503"])
CAUSES = st.integers(1, 127).map(str) | st.builds(
    "{}@{}".format, st.integers(1, 127), st.sampled_from(sorted(LOCATIONS))
)


@st.composite
def tables(draw, name="x", parents=tuple(BUILT_IN)):
    """Draw what a site file may say of a profile: no code and no cause both stops and advances."""

    def halves(keys):
        drawn = draw(st.lists(keys, unique=True, max_size=6))
        cut = draw(st.integers(0, len(drawn)))
        return tuple(drawn[:cut]), tuple(drawn[cut:])

    stop, advance = halves(CODES)
    stop_causes, advance_causes = halves(CAUSES)
    said = {s: draw(st.none() | st.booleans()) for s in SETTINGS if s not in {"on_480", "redirect"}}
    return Table(
        name=name,
        extends=draw(st.sampled_from(parents)),
        stop=stop,
        advance=advance,
        stop_causes=stop_causes,
        advance_causes=advance_causes,
        on_480=draw(st.sampled_from([None, "by-ringing", "advance", "stop"])),
        redirect=draw(st.sampled_from([None, "relay", "follow", "fail"])),
        **said,
    )


@st.composite
def profiles(draw):
    """Draw a profile that extends another."""
    found, mistakes = resolve(
        {"parent": draw(tables("parent")), "x": draw(tables("x", (*BUILT_IN, "parent")))}, BUILT_IN
    )
    assert mistakes == []
    return found["x"]


LEGS = st.lists(
    st.builds(
        Leg,
        kind=st.sampled_from([LegKind.CARRIER, LegKind.TRUNK]),
        name=st.sampled_from(["north", "south"]),
        user=st.just("4412"),
        address=st.integers(1, 250).map("203.0.113.{}:5060".format),
        answer_timeout=st.integers(200, 32_000),
        ring_timeout=st.integers(1_000, 600_000),
        trusted=st.booleans(),
    ),
    max_size=10,
)
# What a leg does: for how long it says nothing, whether it rings and for how long, and its reply.
ANSWERED, SILENT = 200, None
DOINGS = st.tuples(
    st.integers(0, 300) | st.integers(0, 60_000),
    st.none() | st.integers(0, 120_000),
    st.sampled_from([ANSWERED, SILENT, 404, 480, 500, 503]) | st.integers(300, 699),
    st.none() | st.integers(1, 127),
    st.none() | st.sampled_from(sorted(LOCATIONS)),
    st.booleans(),
)


def does(call, now, doing, gives_up):
    """Return when the attempt under way is over, and its failure; None when it was answered.

    The timers are tm's: the first runs until an 18x, the second from there.
    """
    silence, ringing, code, cause, location, conflicting = doing
    end = now + answer_timer(call, now)
    rang = ringing is not None and now + silence < end
    replies = now + silence
    if rang:
        end = now + silence + ring_timer(call, now + silence)
        replies += ringing
    replied = code is not SILENT and replies < end
    end = min(end, replies) if replied else end
    if gives_up is not None and gives_up < end:
        return max(now, gives_up), Failure(None, replied=False, rang=rang, cancelled=True)
    if not replied:
        return end, Failure(None, replied=False, rang=rang)
    if code == ANSWERED:
        return end, None
    return end, Failure(
        code,
        cause=None if conflicting else cause,
        location=location,
        conflicting=conflicting,
        rang=rang,
        trusted=call.leg.trusted,
    )


@quiet
@given(
    profile=profiles(),
    legs=LEGS,
    doings=st.lists(DOINGS, min_size=10, max_size=10),
    allowed=st.integers(1, 10),
    budget=st.integers(1_000, 120_000),
    gives_up=st.none() | st.integers(0, 130_000),
    out=st.sets(st.integers(0, 9), max_size=4),
)
def test_any_search_ends_within_its_bounds_and_calls_nobody_twice(
    *, profile, legs, doings, allowed, budget, gives_up, out
):
    now = 0
    call = Call(
        id="c", caller="1020", dialled="4412", profile=profile.name, started=0, deadline=budget,
        attempts_allowed=allowed, legs=tuple(legs),
    )  # fmt: skip
    over, steps = False, 0
    while not over:
        steps += 1
        assert steps <= allowed + 1, "it ends"
        index = next_leg(call, now, out.__contains__)
        if isinstance(index, Exhausted):
            break
        call = begun(call, index, now)
        now, failure = does(call, now, doings[index], gives_up)
        if failure is None:
            call = ended(call, now, rule="answered")
            break
        decision = decide(failure, profile, call.earlier)
        call = ended(
            call, now, rule=decision.rule, failure=failure, verdict=decision.verdict,
            rang=failure.rang,
        )  # fmt: skip
        over = decision.verdict is not Verdict.ADVANCE

    attempts = call.attempts
    assert len(attempts) <= min(allowed, len(legs))
    assert not out & {a.leg for a in attempts}, "nobody is called who is out"
    assert [a.leg for a in attempts] == sorted({a.leg for a in attempts}), "no leg twice"
    for place, attempt in enumerate(attempts):
        assert attempt.started + SHORTEST_ATTEMPT <= budget, "none begins without its time"
        assert attempt.ended <= budget + SHORTEST_ATTEMPT, "none outlives the budget"
        before = attempts[:place]
        heard = {(legs[a.leg].kind, legs[a.leg].name) for a in before if a.failure.replied}
        assert (legs[attempt.leg].kind, legs[attempt.leg].name) not in heard, "no carrier twice"
        assert all(a.verdict == Verdict.ADVANCE for a in before), "nothing after a stop"
        assert all(a.failure is not None for a in before), "nothing after a 2xx"
        assert not any(a.failure.cancelled for a in before), "nothing after the caller gave up"
        if not profile.advance_after_18x:
            assert not any(a.rang and a.failure.replied for a in before), "no second ringing"
    if not attempts or attempts[-1].failure is not None:
        assert 300 <= final(call).code <= 699, "and the caller is told something"

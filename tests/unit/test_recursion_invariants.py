"""The decision, for any failure, any profile and any earlier failures."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.profiles import CARRIER, Profile
from bellhop.recursion import Decision, Failure, Verdict, decide
from tests.unit.failures import CODES, EMPTY, FACTS, FAILURES, PROFILES, STOP_LIST, UNASSIGNED

quiet = settings(deadline=None, derandomize=True, max_examples=300)
ADVANCE, STOP, REDIRECT = Verdict.ADVANCE, Verdict.STOP, Verdict.REDIRECT


@quiet
@given(FAILURES, PROFILES, st.lists(FAILURES, max_size=3))
def test_every_failure_gets_a_decision_with_its_reasons(failure, profile, earlier):
    decision = decide(failure, profile, earlier)
    assert isinstance(decision, Decision)
    assert isinstance(decision.verdict, Verdict)
    assert decision.rule == decision.rule.lower().strip()
    assert decision.source
    assert decision.why
    assert "\n" not in decision.why
    assert "{" not in decision.why
    assert "None" not in decision.why
    assert decision == decide(failure, profile, list(earlier))


@quiet
@given(FAILURES, PROFILES, st.lists(FAILURES, max_size=3))
def test_after_the_caller_gave_up_nothing_is_tried(failure, profile, earlier):
    decision = decide(replace(failure, cancelled=True), profile, earlier)
    assert (decision.verdict, decision.rule) == (STOP, "caller-cancelled")


@quiet
@given(st.integers(600, 699), FACTS, st.lists(FAILURES, max_size=3))
def test_a_6xx_stops_whatever_the_cause(code, facts, earlier):
    facts |= {"cancelled": False, "replied": True}
    decision = decide(Failure(code, **facts), CARRIER, earlier)
    assert (decision.verdict, decision.rule) == (STOP, "global-failure")


@quiet
@given(st.integers(500, 599), FACTS, st.lists(FAILURES, max_size=3))
def test_a_5xx_advances_whatever_the_cause(code, facts, earlier):
    facts |= {"cancelled": False, "replied": True}
    decision = decide(Failure(code, **facts), CARRIER, earlier)
    assert (decision.verdict, decision.rule) == (ADVANCE, "server-failure")


@quiet
@given(st.sampled_from(sorted(STOP_LIST)), FACTS, PROFILES, st.lists(FAILURES, max_size=3))
def test_the_stop_list_stops_whatever_the_cause_unless_the_profile_lists_the_code(
    code, facts, profile, earlier
):
    facts |= {"cancelled": False, "replied": True}
    decision = decide(Failure(code, **facts), profile, earlier)
    counts = facts["trusted"] and profile.trust_reason and facts["cause"] is not None
    both = profile.of_both(code, facts["cause"], facts["location"]) if counts else None
    listed = both or profile.of_code(code)
    if facts["rang"] and not profile.advance_after_18x:
        assert (decision.verdict, decision.rule) == (STOP, "after-18x")
    elif listed is None:
        assert (decision.verdict, decision.rule) == (STOP, "stop-code")
    else:
        assert (decision.verdict, decision.source) == (listed.verdict, listed.source)


@quiet
@given(st.integers(300, 399), FACTS, st.lists(FAILURES, max_size=3))
def test_a_3xx_is_a_redirect_and_no_failure(code, facts, earlier):
    facts |= {"cancelled": False, "replied": True}
    for redirect, expected in (("relay", REDIRECT), ("follow", REDIRECT), ("fail", ADVANCE)):
        profile = Profile(name="x", redirect=redirect)
        assert decide(Failure(code, **facts), profile, earlier).verdict is expected


@quiet
@given(CODES, FACTS, PROFILES, st.sampled_from(EMPTY[1:] + UNASSIGNED))
def test_an_echo_changes_no_verdict_unless_the_profile_lists_it(code, facts, profile, echo):
    profile = replace(profile, causes={})
    without = decide(Failure(code, **facts | {"cause": None}), profile)
    beside = decide(Failure(code, **facts | {"cause": echo}), profile)
    assert (beside.verdict, beside.rule) == (without.verdict, without.rule)


@quiet
@given(CODES, FACTS, PROFILES, st.lists(FAILURES, max_size=3))
def test_a_cause_that_is_not_trusted_changes_no_verdict(code, facts, profile, earlier):
    facts |= {"trusted": False}
    without = decide(Failure(code, **facts | {"cause": None, "location": None}), profile, earlier)
    beside = decide(Failure(code, **facts), profile, earlier)
    assert (beside.verdict, beside.rule) == (without.verdict, without.rule)

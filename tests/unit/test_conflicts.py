"""What is a conflict: the code decided, the cause alone would have decided otherwise."""

import pytest

from bellhop import policy
from bellhop.conflicts import CAUSE_RULES, conflict
from bellhop.profiles import BUILT_IN, CARRIER, Entry, Profile, Table
from bellhop.recursion import Failure, decide


def is_conflict(failure, profile=CARRIER, earlier=()):
    return conflict(failure, decide(failure, profile, earlier), profile)


@pytest.mark.parametrize(
    ("code", "cause"),
    [(486, 63), (486, 34), (603, 41), (503, 17), (500, 28), (401, 38), (484, 27), (600, 3)],
)
def test_a_code_and_a_cause_that_say_opposite_things_are_in_conflict(code, cause):
    assert is_conflict(Failure(code, cause=cause))


@pytest.mark.parametrize(
    ("code", "cause", "more"),
    [
        (486, 17, {}),  # both stop
        (503, 34, {}),  # both advance
        (404, 17, {}),  # the cause decided
        (480, 34, {"rang": True}),
        (486, None, {}),
        (486, 16, {}),  # says nothing
        (486, 127, {}),
        (486, 77, {}),  # nothing is known of it
        (486, 63, {"trusted": False}),
        (486, None, {"conflicting": True}),
        (302, 17, {}),  # a redirection
        (503, 17, {"cancelled": True}),
        (None, 17, {"replied": False}),
        (404, 26, {}),  # a rule of the two together
    ],
)
def test_these_are_in_conflict_with_nothing(code, cause, more):
    assert not is_conflict(Failure(code, cause=cause, **more))


def test_where_the_cause_counts_there_is_no_conflict_left():
    strict = Table(name="strict", refine_5xx=True, trust_6xx=False).extended(CARRIER)
    assert not is_conflict(Failure(503, cause=17), strict)
    assert not is_conflict(Failure(603, cause=41), strict)
    blind = Table(name="blind", trust_reason=False).extended(CARRIER)
    assert not is_conflict(Failure(486, cause=63), blind)


def test_a_profiles_own_lists_count():
    inbound = BUILT_IN["broadworks-inbound"]
    assert is_conflict(Failure(403, cause=34), inbound)  # 403 stops there
    assert not is_conflict(Failure(403, cause=34), CARRIER)
    lists = Table(name="lists", advance_causes=("17",)).extended(CARRIER)
    assert is_conflict(Failure(486, cause=17), lists)
    assert not is_conflict(Failure(503, cause=17), lists)


def test_location_and_ringing_count():
    assert is_conflict(Failure(503, cause=21, location="U"))
    assert not is_conflict(Failure(503, cause=21, location="LN"))
    assert is_conflict(Failure(503, cause=18, rang=True))
    assert not is_conflict(Failure(503, cause=18))


def test_what_a_second_carrier_repeats_is_the_codes_word():
    assert is_conflict(Failure(400, cause=None), earlier=[Failure(400)]) is False
    assert decide(Failure(483), earlier=[Failure(483)]).rule not in CAUSE_RULES


def test_no_rule_is_both_a_codes_and_a_causes():
    both = {"profile-stop-both", "profile-advance-both"}  # of a list of codes, and ask the cause
    codes = {r.rule for r in policy.ROWS if not r.causes and "_causes" not in r.setting}
    assert codes & CAUSE_RULES == both


def test_a_code_that_is_listed_beside_a_cause_is_in_conflict_with_none():
    """What a profile says of both has asked the cause."""
    entries = {"486/63": Entry("stop", "x"), "503/17": Entry("advance", "x")}
    both = Profile(name="x", codes=entries)
    assert not is_conflict(Failure(486, cause=63), both)
    assert not is_conflict(Failure(503, cause=17), both)
    assert is_conflict(Failure(486, cause=34), both)

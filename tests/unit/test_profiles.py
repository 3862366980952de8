"""Profiles: what their lists and what extending come to, and how both decide."""

import itertools

import pytest

from bellhop.profiles import BUILT_IN, CARRIER
from bellhop.recursion import Failure, decide
from tests.unit.profiled import ADVANCE, REDIRECT, STOP, one, profiles, said, verdict


def test_a_codes_entry_decides_whatever_the_cause_and_the_built_in_rules():
    x = one("stop = [503, 404]\nadvance = [486, 603]")
    for cause, rang in itertools.product((None, 16, 17, 34), (False, True)):
        for code in (503, 404):
            assert said(x, code, cause=cause, rang=rang) == (
                STOP, "profile-stop-code", "profile x: stop",
            )  # fmt: skip
        for code in (486, 603):
            assert said(x, code, cause=cause, rang=rang) == (
                ADVANCE, "profile-advance-code", "profile x: advance",
            )  # fmt: skip
    assert verdict(x, 500) is ADVANCE
    assert verdict(x, 485) is STOP


def test_a_class_speaks_of_its_codes_but_for_those_that_are_listed():
    x = one('stop = ["4xx", 503]\nadvance = [480, "6xx"]')
    assert [verdict(x, c, cause=34) for c in (400, 404, 480, 499, 500, 503, 600)] == [
        STOP, STOP, ADVANCE, STOP, ADVANCE, STOP, ADVANCE,
    ]  # fmt: skip


@pytest.mark.parametrize("code", [None, 99, 200, 302, 399, 700, 10**30])
def test_a_list_says_nothing_of_what_is_no_failure(code):
    x = one('stop = ["4xx", "5xx", "6xx"]\nadvance = [400, 699]')
    assert code is None or x.of_code(code) is None


def test_a_call_that_is_over_is_over_in_any_profile():
    x = one('advance = ["4xx", "5xx", "6xx"]\nadvance_causes = [17]')
    assert said(x, 487, cause=17, cancelled=True)[:2] == (STOP, "caller-cancelled")
    assert said(x, None, replied=False, rang=True)[:2] == (STOP, "ring-timeout")
    assert said(x, 200)[:2] == (STOP, "answered")


def test_nobody_answered_advances_in_any_profile():
    x = one('stop = ["4xx", "5xx", "6xx"]')
    assert said(x, 408, replied=False)[:2] == (ADVANCE, "no-reply")


def test_a_causes_entry_speaks_where_a_cause_is_asked():
    x = one("stop_causes = [34]\nadvance_causes = [17, 16]")
    assert said(x, 480, cause=34) == (STOP, "profile-stop-cause", "profile x: stop_causes")
    assert said(x, 404, cause=17) == (ADVANCE, "profile-advance-cause", "profile x: advance_causes")
    assert said(x, 480, cause=16, rang=True)[0] is ADVANCE  # an echo no more
    for code, expected in ((486, STOP), (503, ADVANCE), (603, STOP)):
        for cause in (16, 17, 34):
            assert verdict(x, code, cause=cause) is expected  # the code has decided
    assert verdict(x, 480, cause=34, trusted=False) is ADVANCE
    assert verdict(x, 480, conflicting=True, rang=True) is STOP


def test_a_causes_entry_speaks_on_5xx_and_6xx_where_the_profile_opens_them():
    x = one("refine_5xx = true\ntrust_6xx = false\nstop_causes = [20]\nadvance_causes = [17]")
    assert said(x, 503, cause=20)[:2] == (STOP, "profile-stop-cause")
    assert said(x, 503, cause=17)[:2] == (ADVANCE, "profile-advance-cause")
    assert said(x, 503, cause=22)[:2] == (STOP, "refined-5xx")
    assert said(x, 603, cause=17)[:2] == (ADVANCE, "profile-advance-cause")
    assert said(x, 603, cause=22)[:2] == (STOP, "cause-stop")
    assert said(x, 603)[:2] == (STOP, "global-failure")


CRANKBACK = """
causes_first = true
advance_causes = [34, "17@LN"]
stop_causes = [3]
advance = [408, 503]
stop = ["4xx", "5xx", "6xx"]
"""


@pytest.mark.parametrize("code", [404, 480, 486, 487, 500, 503, 600, 603])
def test_with_causes_first_a_causes_entry_speaks_before_every_code(code):
    x = one(CRANKBACK)
    for rang in (False, True):
        assert said(x, code, cause=34, rang=rang) == (
            ADVANCE, "profile-advance-cause", "profile x: advance_causes",
        )  # fmt: skip
        assert said(x, code, cause=3, rang=rang) == (
            STOP, "profile-stop-cause", "profile x: stop_causes",
        )  # fmt: skip
    assert verdict(x, code, cause=17, location="LN") is ADVANCE
    # What the lists do not name is the codes', and so is what nobody believes.
    by_code = ADVANCE if code == 503 else STOP
    for facts in ({}, {"cause": 17}, {"cause": 41}, {"cause": 34, "trusted": False}):
        assert verdict(x, code, **facts) is by_code


def test_causes_first_changes_no_redirect_and_no_call_that_is_over():
    x = one(CRANKBACK)
    assert said(x, 302, cause=34)[:2] == (REDIRECT, "redirect")
    assert said(x, 480, cause=34, cancelled=True)[1] == "caller-cancelled"
    assert said(x, None, cause=34, replied=False, rang=True)[1] == "ring-timeout"
    y = one(CRANKBACK + "advance_after_18x = false")
    assert said(y, 480, cause=34, rang=True)[1] == "after-18x"


def test_causes_first_is_a_childs_to_take_back():
    found = profiles(f'[x]\n{CRANKBACK}\n[y]\nextends = "x"\ncauses_first = false')
    assert verdict(found["x"], 486, cause=34) is ADVANCE
    assert verdict(found["y"], 486, cause=34) is STOP


def test_a_code_that_is_listed_asks_no_cause():
    x = one("stop = [404]\nadvance_causes = [34]")
    assert verdict(x, 404, cause=34) is STOP
    assert verdict(x, 403, cause=34) is ADVANCE


def test_an_entry_with_a_location_beats_one_without():
    x = one('stop_causes = [3]\nadvance_causes = ["3@TN,INTL", "21@U"]')
    assert verdict(x, 480, cause=3) is STOP
    assert verdict(x, 480, cause=3, location="U") is STOP
    assert verdict(x, 480, cause=3, location="TN") is ADVANCE
    assert verdict(x, 480, cause=3, location="INTL") is ADVANCE
    assert verdict(x, 403, cause=21, location="U") is ADVANCE
    assert verdict(x, 480, cause=21, rang=True) is STOP  # not at the user: the code decides


def test_without_advance_after_18x_a_failure_after_ringing_ends_the_search():
    x = one("advance_after_18x = false\nadvance = [486]")
    for code in (400, 404, 480, 486, 500, 503):
        assert said(x, code, cause=34, rang=True) == (
            STOP, "after-18x", "profile x: advance_after_18x",
        )  # fmt: skip
        assert verdict(x, code, cause=34) is ADVANCE
    assert verdict(x, 302, rang=True) is REDIRECT
    assert verdict(x, None, replied=False) is ADVANCE
    y = one('advance_after_18x = false\nredirect = "fail"')
    assert (verdict(y, 302), verdict(y, 302, rang=True)) == (ADVANCE, STOP)


def test_without_trust_reason_no_cause_counts_and_the_why_says_so():
    x = one("trust_reason = false\nstop_causes = [34]")
    decision = decide(Failure(480, cause=34), x)
    assert decision.verdict is ADVANCE
    assert "does not count in this profile (trust_reason)" in decision.why


def test_a_followed_redirect_is_one_too_and_says_where_it_goes():
    decision = decide(Failure(302), one('redirect = "follow"'))
    assert (decision.verdict, decision.rule) == (REDIRECT, "redirect")
    assert "goes there" in decision.why
    assert decision.source == "profile x: redirect"


def test_a_child_says_only_what_it_changes_and_wins_over_its_parent():
    found = profiles(
        """
        [child]
        extends = "parent"
        advance = [404]
        stop_causes = ["1@U"]
        trust_6xx = true
        [parent]
        extends = "broadworks-inbound"
        stop = [410, "5xx"]
        advance_causes = ["1@U,RPN"]
        trust_6xx = false
        on_480 = "stop"
        source = "a contract"
        """
    )
    child, parent = found["child"], found["parent"]
    assert said(child, 404) == (ADVANCE, "profile-advance-code", "profile child: advance")
    assert said(child, 410)[2] == "profile parent: stop (a contract)"
    assert said(child, 403)[2] == (
        'profile broadworks-inbound: stop ("What\'s your problem?" (2012))'
    )
    assert said(child, 480)[1:] == ("on-480", "profile parent: on_480 (a contract)")
    assert verdict(parent, 404) is STOP
    assert verdict(child, 402, cause=1, location="U") is STOP
    assert verdict(child, 402, cause=1, location="RPN") is ADVANCE
    assert (verdict(parent, 603, cause=41), verdict(child, 603, cause=41)) == (ADVANCE, STOP)
    assert child.extends == "parent"


def test_a_code_beats_a_class_whoever_says_it():
    found = profiles('[a]\nextends = "broadworks-inbound"\nadvance = ["4xx"]')
    assert verdict(found["a"], 403) is STOP
    assert verdict(found["a"], 486) is ADVANCE


def test_the_built_in_profiles_stand_on_somebodys_word():
    assert list(BUILT_IN) == [
        "carrier", "broadworks-inbound", "teams-direct-routing", "server-failures",
    ]  # fmt: skip
    assert all(profile.source for profile in BUILT_IN.values())
    assert CARRIER.codes == CARRIER.causes == {}


def test_teams_direct_routing_fails_over_on_three_codes_and_never_after_ringing():
    teams = BUILT_IN["teams-direct-routing"]
    advances = [c for c in range(400, 700) if verdict(teams, c, cause=34) is ADVANCE]
    assert advances == [408, 503, 504]
    assert not any(verdict(teams, c, rang=True) is ADVANCE for c in range(300, 700))


def test_server_failures_is_blind_to_causes():
    plain = BUILT_IN["server-failures"]
    for code, cause in itertools.product(range(400, 700), (None, 17, 34)):
        advances = code == 408 or 500 <= code < 600
        assert verdict(plain, code, cause=cause) is (ADVANCE if advances else STOP)

import pytest

from bellhop.explain import bodies, explain
from bellhop.profiles import BROADWORKS_INBOUND, BUILT_IN, CARRIER, Profile, find
from bellhop.recursion import Failure, Verdict


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Q.850;cause=17", "Q.850;cause=17"),
        ("Reason: Q.850;cause=17", " Q.850;cause=17"),
        ("REASON:Q.850;cause=17", "Q.850;cause=17"),
        (" reason\t:Q.850;cause=17", "Q.850;cause=17"),
        ('SIP;text="Reason: x"', 'SIP;text="Reason: x"'),
        ("Reason", "Reason"),
        ("X-Reason: Q.850", "X-Reason: Q.850"),
        ("", ""),
    ],
)
def test_a_headers_name_may_be_pasted_along(header, expected):
    assert bodies(header) == [expected]


def test_several_headers_may_be_pasted_at_once():
    assert bodies("Reason: SIP;cause=486\r\nREASON :Q.850;cause=17") == [
        " SIP;cause=486",
        "Q.850;cause=17",
    ]
    assert bodies("Reason: SIP\r\n ;cause=486") == [" SIP\r\n ;cause=486"]
    assert bodies('Q.850;text="a\nb"') == ['Q.850;text="a\nb"']


def test_an_explanation_holds_what_the_contract_promises_and_no_more():
    said = explain(Failure(480), ["Reason: SIP;cause=486", "q.850;cause=34"], CARRIER)
    assert said.contract() == {
        "verdict": "advance",
        "rule": "cause-advance",
        "why": said.decision.why,
        "source": said.decision.source,
        "code": 480,
        "cause": 34,
        "profile": "carrier",
    }


def test_where_carrier_decides_otherwise_an_explanation_says_so():
    said = explain(Failure(404), [], BROADWORKS_INBOUND).contract()
    assert said["carrier"] == {"verdict": "advance", "rule": "code-advance"}
    assert "carrier" not in explain(Failure(486), [], BROADWORKS_INBOUND).contract()


def test_causes_of_two_headers_that_differ_count_as_none():
    said = explain(Failure(480), ["Q.850;cause=17", "Q.850;cause=34"], CARRIER)
    assert said.contract()["cause"] is None
    assert said.decision.rule == "code-advance"


def test_an_explanation_tells_what_the_other_profiles_say():
    said = explain(Failure(404), [], CARRIER)
    assert said.decision.verdict is Verdict.ADVANCE
    assert said.others["broadworks-inbound"].verdict is Verdict.STOP
    assert said.others.keys() | {"carrier"} == BUILT_IN.keys()
    assert "carrier" in explain(Failure(404), [], BROADWORKS_INBOUND).others
    mine = Profile(name="mine")
    assert set(explain(Failure(404), [], mine, {"mine": mine, "carrier": CARRIER}).others) == {
        "carrier"
    }


def test_a_profile_is_found_by_its_name_or_the_names_are_told():
    mine = {"mine": Profile(name="mine")}
    assert find("carrier", BUILT_IN) is CARRIER
    assert find("mine", mine).name == "mine"
    with pytest.raises(ValueError, match="expected one of mine, got 'x'"):
        find("x", mine)

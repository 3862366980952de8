"""A code beside a cause in a profile's lists: `486/34`."""

import pytest

from bellhop import listed
from bellhop.changes import changes, unasked
from bellhop.profiles import Table
from bellhop.recursion import Failure, decide
from tests.unit.profiled import ADVANCE, STOP, one, said, verdict

BOTH = """
stop = ["503/17", "404/1", "5xx/1", "4xx/34"]
advance = ["486/34", "603/41", 404, "500/1@LN,TN"]
stop_causes = [41]
"""


def test_a_code_beside_a_cause_decides_before_all_that_says_one_of_them():
    x = one(BOTH)
    for rang in (False, True):
        for code, cause, expected in (
            (503, 17, STOP), (404, 1, STOP), (486, 34, ADVANCE), (603, 41, ADVANCE),
        ):  # fmt: skip
            kind = "stop" if expected is STOP else "advance"
            assert said(x, code, cause=cause, rang=rang) == (
                expected, f"profile-{kind}-both", f"profile x: {kind}",
            )  # fmt: skip
    for code, cause, expected in (
        (503, 34, ADVANCE), (503, None, ADVANCE), (404, 3, ADVANCE), (404, None, ADVANCE),
        (486, 17, STOP), (486, None, STOP), (603, 17, STOP), (603, None, STOP),
    ):  # fmt: skip
        assert verdict(x, code, cause=cause) is expected
        assert "both" not in said(x, code, cause=cause)[1]
    why = decide(Failure(486, cause=34), x).why
    assert why == (
        "486 beside cause 34 No circuit/channel available goes on to the next carrier in this profile"
    )


def test_a_class_beside_a_cause_speaks_where_its_code_beside_it_does_not():
    x = one(BOTH)
    assert verdict(x, 501, cause=1) is STOP
    assert verdict(x, 500, cause=1) is STOP
    assert verdict(x, 500, cause=1, location="LN") is ADVANCE
    assert verdict(x, 500, cause=1, location="TN") is ADVANCE
    assert verdict(x, 500, cause=1, location="U") is STOP
    assert verdict(x, 480, cause=34) is STOP
    assert verdict(x, 486, cause=34) is ADVANCE


def test_a_code_beside_a_cause_goes_before_causes_first_too():
    x = one('causes_first = true\nadvance_causes = [34]\nstop = ["486/34"]')
    assert (verdict(x, 486, cause=34), verdict(x, 480, cause=34)) == (STOP, ADVANCE)


def test_a_code_beside_a_cause_that_does_not_count_is_the_code_alone():
    x = one('advance = ["486/34"]')
    assert verdict(x, 486, cause=34) is ADVANCE
    assert verdict(x, 486, cause=34, trusted=False) is STOP
    assert verdict(x, 486, conflicting=True) is STOP
    assert verdict(one('advance = ["486/34"]\ntrust_reason = false'), 486, cause=34) is STOP
    assert said(x, 487, cause=34, cancelled=True)[1] == "caller-cancelled"
    assert said(one("stop = ['4xx/34']"), 408, cause=34, replied=False)[1] == "no-reply"


@pytest.mark.parametrize(
    "spelled",
    ["302/34", "486/0", "486/128", "486/", "/34", "486/34/17", "486/34@X", "486/34@", "486 / 34",
     "7xx/34", "4xx/4xx", "486/٣٤", "486/34@U,U", "486/0x22"],
)  # fmt: skip
def test_a_code_beside_a_cause_is_spelled_in_one_way(spelled):
    with pytest.raises(ValueError, match=r"or one of these beside a cause|expected a cause from 1"):
        listed.code(spelled)


def test_a_code_beside_a_cause_in_both_lists_is_a_mistake():
    table = Table(name="x", stop=("486/34", "404/1@U,LN"), advance=("486/34", "404/1@LN"))
    assert [one.what for one in table.contradictions()] == [
        "486/34 stands in `stop` too", "404/1@LN stands in `stop` too",
    ]  # fmt: skip


def test_what_a_profile_changes_of_a_code_beside_a_cause_is_told_beside_the_carriers_word():
    told = {change.what: change for change in changes(one(BOTH))}
    assert {key: (c.kind, c.says, c.instead) for key, c in told.items() if "/" in key} == {
        "503/17": ("code", "stop", "advance"),
        "404/1": ("code", "stop", "advance"),
        "5xx/1": ("code", "stop", "advance"),
        "4xx/34": ("code", "stop", "by code"),
        "486/34": ("code", "advance", "stop"),
        "603/41": ("code", "advance", "stop"),
        "500/1@LN": ("code", "advance", "advance"),
        "500/1@TN": ("code", "advance", "advance"),
    }


def test_without_trust_reason_no_code_beside_a_cause_is_ever_asked():
    assert unasked(one('advance = ["486/34", 404]\ntrust_reason = false')) == ["486/34"]
    assert unasked(one('advance = ["486/34", 404]')) == []

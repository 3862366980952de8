import re

import pytest

from bellhop import policy
from bellhop.causes import CAUSES
from bellhop.reason import LOCATIONS
from bellhop.recursion import Failure, Verdict, decide

HEAD = "step\tcodes\tcauses\twhen\tverdict\trule\twhy\tsource\n"
LAST = "8\t*\t*\t-\tadvance\tlast\twhy\tsource\n"


def test_the_policy_speaks_of_every_cause():
    assert set(CAUSES) == policy.CAUSES


def test_the_policy_is_in_the_order_of_its_steps():
    steps = [row.step for row in policy.ROWS]
    assert steps == sorted(steps)
    assert set(steps) == set(range(1, 9))


def test_rules_are_names_fit_for_a_label():
    assert all(re.fullmatch("[a-z]+(-([a-z]+|480|5xx|18x))*", row.rule) for row in policy.ROWS)


def test_one_rule_has_one_verdict_except_where_a_profile_chooses():
    verdicts = {}
    for row in policy.ROWS:
        verdicts.setdefault(row.rule, set()).add(row.verdict)
    assert {rule for rule, found in verdicts.items() if len(found) > 1} == {"on-480"}


def test_the_policys_verdicts_are_those_of_the_decision():
    assert set(policy.VERDICTS) - {policy.CODE_DECIDES} == {verdict.value for verdict in Verdict}


def test_every_row_can_be_reached():
    """A row that an earlier one hides would be a rule that is written down and never followed."""
    reached = set()
    for row in policy.ROWS:
        rows_before = policy.ROWS[: policy.ROWS.index(row)]
        for code in _codes(row):
            for cause in sorted(row.causes) or [None]:
                facts = row.when | frozenset(sorted(row.places)[:1])
                if not any(
                    before.speaks_of(code, cause)
                    and before.holds(facts)
                    and before.verdict != policy.CODE_DECIDES
                    for before in rows_before
                ):
                    reached.add(row)
    assert set(policy.ROWS) - reached == set()


def _codes(row):
    classes = {"2xx": 200, "3xx": 302, "4xx": 499, "5xx": 503, "6xx": 603, "other": 999}
    return [classes[c] if c in classes else int(c) for c in row.codes] or [499]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("8\t*\t*\trang\tadvance\tlast\twhy\tsource\n", "the last row must fit every failure"),
        ("8\t480\t*\t-\tadvance\tlast\twhy\tsource\n", "the last row must fit every failure"),
        ("8\t*\t17\t-\tadvance\tlast\twhy\tsource\n", "the last row must fit every failure"),
        ("8\t*\t*\t-\tcode\tlast\twhy\tsource\n", "the last row must fit every failure"),
        ("8\t*\t*\tlocation=U\tstop\tlast\twhy\tsource\n", "the last row must fit every failure"),
        ("8\t*\t*\tringing\tstop\trule\twhy\tsource\n" + LAST, "not a row"),
        ("8\t*\t*\t-\tretry\trule\twhy\tsource\n" + LAST, "not a row"),
        ("8\t*\t*\t-\tstop\trule\twhy\t\n" + LAST, "not a row"),
        ("8\t*\t*\t-\tstop\trule\t\tsource\n" + LAST, "not a row"),
        ("8\t*\t*\t-\tstop\t\twhy\tsource\n" + LAST, "not a row"),
        ("8\t*\t*\tlocation=X\tstop\trule\twhy\tsource\n" + LAST, "not a location"),
    ],
)
def test_a_policy_that_says_nothing_clear_is_refused(rows, complaint):
    with pytest.raises(ValueError, match=complaint):
        policy.read(HEAD + rows)


def test_a_policy_may_have_remarks_and_rows_for_every_word_and_place():
    words = f"{' '.join(policy.WORDS)} location={','.join(sorted(LOCATIONS))}"
    first, last = policy.read(f"# why\n\n{HEAD}\n7\t*\t*\t{words}\tstop\tr\twhy\tby\n#\n{LAST}")
    assert (first.when, len(first.places)) == (set(policy.WORDS), len(LOCATIONS))
    assert not last.codes


def test_the_rule_of_a_decision_is_one_of_the_policys():
    rules = {row.rule for row in policy.ROWS}
    assert {decide(Failure(code)).rule for code in range(100, 700)} <= rules


def test_the_causes_that_may_say_nothing_are_named_with_a_reason():
    named = {n for row in policy.ROWS if row.verdict == policy.CODE_DECIDES for n in row.causes}
    assert named == {1, 16, 21, 30, 31, 40, 83, 84, 85, 86, 127}
    for cause in named:
        assert f"(cause {cause} " in decide(Failure(499, cause=cause)).why
        assert "nothing is known" not in decide(Failure(499, cause=cause)).why
        assert "beside" not in decide(Failure(499, cause=cause)).why

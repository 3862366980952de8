"""The matrix of the chain test, against the decision alone, and with Reason headers from the wild."""

import csv
from pathlib import Path

import pytest

from bellhop.recursion import Failure, Verdict, decide
from tests.chain.matrix import CODES, HELP, NOBODY, REPEATED, Case, cases, outcome

VERDICTS = {"next": Verdict.ADVANCE, "stop": Verdict.STOP, "moved": Verdict.REDIRECT}
EXAMPLES = Path(__file__).parents[1] / "wire" / "reason_examples.tsv"
# What the causes of the examples tell, as the matrix calls it; 1 and 21 come from a network there,
# and 18, 26 and 102 depend on more than the matrix has (data/depends.tsv).
TELLS = {"": (), "16": (), "31": (), "127": (), "1": (), "21": (), "17": NOBODY, "34": HELP,
         "41": HELP, "63": HELP}  # fmt: skip
DEPENDS = {"18", "26", "102"}


def test_every_code_is_in_the_matrix_with_every_cause_rung_and_not():
    every = list(cases())
    assert len(every) == len(set(every)) == len(CODES) * 5 * 2
    assert len({case.dialled for case in every}) == len(every)


@pytest.mark.parametrize("code", CODES)
def test_the_decision_is_the_matrixs(code):
    for case in cases():
        if case.code == code:
            failure = Failure(code, rang=case.rang).with_reason(case.reason)
            assert decide(failure).verdict is VERDICTS[outcome(case)], str(case)


def examples():
    text = EXAMPLES.read_text("utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        pairs = zip(
            row["expected_protocol"].split(" | "), row["expected_cause"].split(" | "), strict=True
        )
        cause = next((c for p, c in pairs if p == "Q.850"), "")
        if cause not in DEPENDS:
            yield row["header_value"], cause


@pytest.mark.parametrize(("header", "cause"), list(examples()))
def test_a_header_from_the_wild_has_the_decision_that_its_cause_has(header, cause):
    for code in CODES:
        for rang in (False, True):
            said = decide(Failure(code, rang=rang).with_reason(header)).verdict
            assert said is VERDICTS[outcome(Case(code, TELLS[cause], rang))], (code, rang)


@pytest.mark.parametrize("case", REPEATED, ids=str)
def test_what_carriers_repeat_ends_where_the_matrix_says(case):
    failure = Failure(case.code, rang=case.rang).with_reason(case.reason)
    tried = 1
    while tried <= case.failing and decide(failure, earlier=[failure] * (tried - 1)).verdict is (
        Verdict.ADVANCE
    ):
        tried += 1
    assert min(tried, 3) == REPEATED[case][0]

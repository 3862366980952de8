"""Real Reason headers, and what each of them means."""

import csv
from pathlib import Path

import pytest

from bellhop.reason import parse


def examples():
    text = (Path(__file__).parent / "reason_examples.tsv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    for number, row in enumerate(rows, 2):
        expected = [
            tuple(row[column].split(" | "))
            for column in ("expected_protocol", "expected_cause", "expected_text")
        ]
        values = [] if expected[0] == ("",) else list(zip(*expected, strict=True))
        yield pytest.param(row["header_value"], values, id=f"line-{number}")


@pytest.mark.parametrize(("header", "expected"), list(examples()))
def test_a_header_from_the_wild_means_what_it_says(header, expected):
    read = [
        (v.protocol, "" if v.cause is None else str(v.cause), v.text or "") for v in parse(header)
    ]
    assert read == expected


def test_no_example_was_lost():
    assert len(list(examples())) == 48

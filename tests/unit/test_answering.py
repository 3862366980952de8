"""Dialects: a closed set of headers, safe on every line that they are written to."""

import re

import pytest

from bellhop.answering import DIALECTS, dialect_of

HEADER_NAMES = {"Call-Info", "Alert-Info", "Answer-Mode"}


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        ("AXIS C3003-E", "axis"), ("Axis A8004-VE", "axis"), ("snom PA1", "snom"),
        ("Polycom VVX 411", "polycom"), ("Poly Edge E220", "polycom"), ("Yealink T48S", "yealink"),
        ("Grandstream GXV3240", "grandstream"), ("Cisco 8841", "cisco"), ("Mitel 6920", "mitel"),
        ("Aastra 6731i", "aastra"), ("OpenStage 40", "unify"), ("", "common"), ("Acme 1", "common"),
    ],
)  # fmt: skip
def test_a_model_speaks_its_makers_dialect(model, dialect):
    assert dialect_of(model) == dialect


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialects_headers_fit_every_line_that_they_are_written_to(dialect):
    for name, value in DIALECTS[dialect]:
        assert name in HEADER_NAMES
        # AMI and dialplan: no line ends, no variables, nothing that ends an argument list.
        assert re.fullmatch(r"[A-Za-z0-9 <>:;=./@-]+", value)
        assert len(f"Variable: PJSIP_HEADER(add,{name})={value}") < 1000


def test_both_conventions_go_to_a_device_that_nobody_knows():
    assert {name for name, _ in DIALECTS["common"]} == {"Call-Info", "Alert-Info"}


def test_answer_after_is_0_wherever_it_is_said():
    said = [
        value for headers in DIALECTS.values() for _, value in headers if "answer-after" in value
    ]
    assert said
    assert all(value.endswith(";answer-after=0") for value in said)

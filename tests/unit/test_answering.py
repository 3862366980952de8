"""Dialects: a closed set of headers, safe on every line that they are written to."""

import re
from pathlib import Path

import pytest

from bellhop.answering import COMMON, DIALECTS, dialect_of, headers_of

HEADER_NAMES = {"Call-Info", "Alert-Info", "Answer-Mode", "Priv-Answer-Mode"}


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        ("AXIS C3003-E", "axis"), ("Axis A8004-VE", "axis"), ("snom PA1", "snom"),
        ("Polycom VVX 411", "polycom"), ("Poly Edge E220", "polycom"), ("Yealink T48S", "yealink"),
        ("Grandstream GXV3240", "grandstream"), ("Cisco 8841", "cisco"), ("Mitel 6920", "mitel"),
        ("Aastra 6731i", "aastra"), ("OpenStage 40", "unify"), ("", ""), ("Acme 1", ""),
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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_is_told_in_the_guide(dialect):
    guide = Path(__file__).parents[2] / "docs" / "paging.md"
    assert re.search(rf"^\| [^|]*`{dialect}`[^|]* \|", guide.read_text("utf-8"), re.MULTILINE)


def test_both_conventions_go_to_a_device_that_nobody_knows():
    assert {name for name, _ in DIALECTS["common"]} == {"Call-Info", "Alert-Info"}


def test_answer_after_is_0_wherever_it_is_said():
    said = [
        value for headers in DIALECTS.values() for _, value in headers if "answer-after" in value
    ]
    assert said
    assert all(value.endswith(";answer-after=0") for value in said)


@pytest.mark.parametrize(
    ("user_agent", "dialect"),
    [
        ("AXIS C3003-E Network Horn Speaker 10.12", "axis"),
        ("PolycomVVX-VVX_411-UA/5.9.5", "polycom"), ("PolyEdge-Edge_E220-UA/8.1", "polycom"),
        ("snomD785/10.1.51.12", "snom"), ("Yealink SIP-T48S 66.85.0.5", "yealink"),
        ("Grandstream GXV3240 1.0.3.208", "grandstream"), ("Cisco-CP8841-3PCC/11.3", "cisco"),
        ("Cisco/SPA504G-7.6.2", "cisco"), ("Linksys/SPA942-6.1", "cisco"),
        ("Mitel-6920-SIP/5.1", "mitel"), ("Aastra 6731i/3.3.1", "aastra"),
        ("AUDC-IPPhone/2.2.16 (430HD)", "audiocodes"), ("OBIHAI/OBi202-3.2", "obihai"),
        ("AUDC/3.4.6.604 AUDC-IPPhone-C450HD_UC_3.4.6.604/1", "audiocodes"),
        ("Panasonic_KX-UT136/01.025", "panasonic"), ("OpenStage_40_V3 R5.14", "unify"),
        ("Sangoma S500/V2.0", "sangoma-s"), ("Sangoma P330", "sangoma"), ("Digium D65 2_9", "sangoma"),
        ("Gigaset N510 IP PRO/42", "gigaset"), ("  axis\r\nCall-Info: x", "axis"),
        ("not-axis", ""), ("\u0130axis", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_user_agent_tells_its_maker_and_nothing_else_of_it_is_used(user_agent, dialect):
    assert dialect_of(user_agent) == dialect


def test_what_nobody_knows_is_called_by_the_common_dialect():
    assert headers_of("") == DIALECTS[COMMON]

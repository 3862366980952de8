"""What is counted for Prometheus, and that nobody outside can make up a label."""

import re
from pathlib import Path

import pytest
from kamailio_kemi.fake import FakeKSR, installed

from tests.unit.kemi.house import House
from tests.unit.kemi.server import API, MODULES

ROOT = Path(__file__).parents[3]


def counted(house, name):
    return [args[2:] for args in house.fake.called("xhttp_prom.counter_inc_l3") if args[0] == name]


def told(house):
    return [args[2] for args in house.fake.called("xhttp_prom.counter_inc_l1")]


def delays(house):
    return [args[1:] for args in house.fake.called("xhttp_prom.histogram_observe_l1")]


def test_each_attempt_is_counted_by_carrier_cause_and_verdict(house):
    house.calls("4412")
    house.fails(503, reason=["Q.850;cause=34"])
    house.replies(200, branch=1)
    assert counted(house, "bellhop_attempts_total") == [
        ("north", "34", "advance"),
        ("south", "none", "answered"),
    ]
    assert told(house) == ["200"]


def test_a_call_is_counted_by_what_its_caller_got(house):
    house.calls("4412")
    house.fails(486)
    house.calls("4412")
    house.fails(698)
    assert told(house) == ["486", "6xx"]


def test_a_code_that_the_cause_contradicts_is_counted(house):
    house.calls("4412")
    house.fails(486, reason=["Q.850;cause=63"])
    house.calls("4412")
    house.fails(486, reason=["Q.850;cause=17"])
    assert counted(house, "bellhop_conflicts_total") == [("north", "486", "63")]
    assert [row.conflict for row in house.rows] == [True, False]


def test_a_call_to_a_device_or_a_pbx_makes_no_label_of_its_own(house):
    house.calls("1009")
    house.fails(486)
    house.calls("2000")
    house.fails(486)
    assert [labels[0] for labels in counted(house, "bellhop_attempts_total")] == [
        "device:",
        "trunk:reception",
    ]


def test_no_peer_makes_up_a_label(house):
    for code in (300, 399, 400, 499, 699):
        house.calls("4412")
        house.fails(code, reason=['Q.850;cause=128, X"}\\n;cause=1', "Q.850;cause=-1"])
    found = counted(house, "bellhop_attempts_total")
    assert len(found) == 5
    for labels in found:
        assert labels[0] == "north"
        assert labels[1] == "none"
        assert labels[2] in {"advance", "stop", "redirect"}


@pytest.fixture
def clock(monkeypatch):
    """The call's clock, in ms, which a test sets."""
    hands = {"ms": 5_000}
    monkeypatch.setattr("time.monotonic_ns", lambda: hands["ms"] * 1_000_000)
    return hands


def test_the_post_dial_delay_is_from_the_callers_invite_to_the_first_ringing(house, clock):
    house.calls("4412")
    clock["ms"] += 1_500
    house.fails(503)
    clock["ms"] += 250
    house.replies(180, branch=1)
    clock["ms"] += 4_000
    house.replies(183, branch=1)
    house.replies(200, branch=1)
    assert delays(house) == [("1.750", "south")]
    assert [row.ring_ms for row in house.rows] == [None, 250]


def test_an_answer_without_ringing_ends_the_post_dial_delay_too(house, clock):
    house.calls("4412")
    clock["ms"] += 300
    house.replies(200)
    assert delays(house) == [("0.300", "north")]


def test_a_caller_who_has_heard_one_carrier_ring_waits_no_second_time(house, clock):
    house.calls("4412")
    house.replies(180)
    house.fails(503)
    clock["ms"] += 3_000
    house.replies(180, branch=1)
    house.replies(200, branch=1)
    assert delays(house) == [("0.000", "north")]


def test_what_the_ledger_loses_is_counted(house):
    house.fake.returns["mqueue.mq_size"] = 19_000
    house.calls("4412")
    house.fails(486)
    assert told(house).count("queue") == 2  # the attempt, and the call's end


def test_without_the_module_calls_go_on_and_the_page_says_so(tmp_path):
    with installed(FakeKSR(MODULES - {"xhttp_prom"}, API)) as fake:
        house = House(fake, tmp_path)
        house.calls("4412")
        house.fails(503, reason=["Q.850;cause=34"])
        house.replies(200, branch=1)
        assert [row.verdict for row in house.rows] == ["advance", "answered"]
        house.arrives("GET", "sip:edge", door="internal", source="198.51.100.30")
        house.says({"$hu": "/metrics"})
        house.app.ksr_xhttp_event(None, "xhttp:request")
        [(code, _, _, text)] = fake.called("xhttp.xhttp_reply")
        assert (code, text) == (404, "no metrics: this Kamailio has not loaded xhttp_prom\n")
        assert not [line for line in house.logged if "Traceback" in line]


def test_the_guide_has_every_metric_that_kamailio_is_told_of_with_its_labels():
    cfg = (ROOT / "config" / "kamailio" / "bellhop.cfg").read_text("utf-8")
    guide = (ROOT / "docs" / "recursion.md").read_text("utf-8")
    table = guide.partition("| name (after `kamailio_bellhop_`) |")[2].partition("\n\n")[0]
    told = {
        name: re.sub(r":.*", "", labels).split(", ") if labels else []
        for name, labels in re.findall(r"^\| `([a-z_]+)` \| ([^|]*?) ?\|", table, re.MULTILINE)
    }
    known = {
        name: labels.split(":") if labels else []
        for name, labels in re.findall(
            r'"prom_[a-z]+", "name=bellhop_([a-z_]+);(?: label=([a-z:]+);)?', cfg
        )
    }
    assert len(known) >= 7
    assert told == known

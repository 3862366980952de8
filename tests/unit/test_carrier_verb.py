"""`bellhop carriers NAME`: one carrier in full, against an edge that is a small HTTP server."""

import json
import time

import pytest

from bellhop.entries import LATE, Entry
from bellhop.health import SKIPPED
from bellhop.ledger import Ledger
from tests.unit.test_carriers_verb import edge, registering, run

__all__ = ["edge"]
NOW = time.time()
OPEN = f'{{"opened":3,"until":9,"why":"silence","at":{NOW - 60:.3f},"pause":36000000}}'
FAILED = {"code": 503, "cause": 34, "verdict": "advance", "rule": "server-failure"}


def attempt(number, *, leg="carrier:north", **what):
    whole = {
        "call": f"call-{number}", "call_id": "i", "caller": "1020", "dialled": "4412",
        "profile": "carrier", "attempt": 1, "leg": leg, "at": NOW - 60 + number, "after_ms": 0,
        "ms": 5, "code": None, "cause": None, "rang": False, "why": "w",
        "gateway": "203.0.113.1:5060",
    }  # fmt: skip
    return Entry(**whole | what)


@pytest.fixture
def written(edge, tmp_path):
    """Write attempts into the ledger of the edge's site."""

    def write(*attempts):
        ledger = Ledger.writing(tmp_path / "calls.db")
        ledger.add(attempts)
        ledger.close()
        return edge

    return write


def test_one_carrier_is_told_in_full_and_no_other(written):
    edge = written(
        attempt(1, **FAILED),
        attempt(0, **FAILED),
        attempt(2, code=200, verdict="answered", rule="answered"),
        attempt(3, verdict=SKIPPED, rule="breaker-open"),
        attempt(4, verdict="advance", rule="no-reply"),
        attempt(5, code=200, verdict=LATE, rule="late"),
        attempt(6, **FAILED, leg="carrier:south"),
    )
    edge.table |= {"gateway:north/203.0.113.1:5060": OPEN}
    edge.calls |= {"north": 3, "south": 9}
    done = run(edge, "north")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "north: allow"
    assert lines[1].startswith("  203.0.113.1:5060  breaker open [silence], since ")
    assert ", 3 times in a row, until " in " ".join(lines[1:3])
    said = done.output
    assert "  calls             3 now\n" in said
    assert '  routes            "44", "4420"\n' in said
    assert "  answered          1 of 4 (25.0%) since " in said
    assert "  failures          Q.850 34 No circuit/channel available (2)\n" in said
    assert "                    no reply (1)\n" in said
    assert "  left out          breaker-open (1): its gateway failed, and is left alone" in said
    table = [line.split()[2] for line in lines if " call-" in line and "shows" not in line]
    assert table == [
        "call-4",
        "call-0",
        "call-1",
    ]  # the newest first; neither answered, skipped nor late
    assert lines[-1] == "bellhop calls call-4 shows the newest in full"
    assert "south" not in said


def test_programs_get_the_same_and_its_last_failures(written):
    edge = written(*(attempt(number, **FAILED) for number in range(12)))
    said = json.loads(run(edge, "north", "--json").output)
    (north,) = said["carriers"]
    assert (north["carrier"], north["routes"], said["not_learned"]) == ("north", ["44", "4420"], [])
    assert [one["call"] for one in north["last_failures"]] == [
        f"call-{n}" for n in range(11, 1, -1)
    ]
    assert "last_failures" not in json.loads(run(edge, "--json").output)["carriers"][0]


def test_options_stand_before_or_behind_the_name(written):
    edge = written(attempt(1, **FAILED))
    site = str(edge.site)
    wrong = ["--site", "/nowhere/site.toml"]
    for arguments in (["--json", "north"], ["north", "--json"], [*wrong, "north", "--json", "--site", site]):  # fmt: skip
        assert json.loads(run(edge, *arguments).output)["carriers"][0]["attempts"] == 1
    assert "answered          nothing was tried since" in run(edge, "north", "--last", "1s").output


def test_a_carrier_without_a_route_and_where_we_are_registered_are_told(edge):
    contact = registering(edge)
    text = edge.site.read_text("utf-8").replace('["south", "north"]', '["south"]')
    text = text.replace('["north", "south", "west", "east"]', '["south"]')
    edge.site.write_text(text.replace("[carriers.north]\n", "[carriers.north]\nbreaker = 0\n"))
    edge.registered = [{"l_uuid": contact, "flags": 16, "diff_expires": 0}]
    said = run(edge, "north").output
    assert f"  registration      failed, as a, for calls to {contact}\n" in said
    assert "  routes            none: no call leads to it\n" in said
    assert "; the breaker never opens" in " ".join(said.split())


def test_what_the_ledger_does_not_tell_is_said_once(edge, tmp_path):
    (tmp_path / "usrloc.db").unlink()
    done = run(edge, "north")
    assert done.exit_code == 1
    assert "  answered          not known\n" in done.output
    assert done.stderr.count("not known: what became of calls") == 1


def test_a_name_that_no_carrier_has_is_told_with_those_that_there_are(edge):
    done = run(edge, "nrth")
    assert done.exit_code == 1
    assert "no carrier 'nrth'; known: north, south" in done.output


def test_a_verb_that_there_is_not_is_told_with_those_that_there_are(edge):
    done = run(edge, "blok", "north")
    assert done.exit_code == 2
    assert "expected one carrier, or one of allow, drain, block, got 'blok'" in done.output
    assert edge.table == {}

"""Whatever stands in a database that somebody else wrote, a terminal gets no control character of it,
and what cannot be read is told in one line and is no defect of ours.
"""

import sqlite3
from pathlib import Path

import pytest

from bellhop.cli import run
from bellhop.ledger import Ledger
from bellhop.report import MemberReport, Report
from bellhop.reports import Reports
from tests.unit.records import ending, entry

STEERS = "\x1b[2J\x1b]0;title\x07\n\r\u202e\x9b31m\u2028é\U0001f514"
FIVE = (["calls"], ["calls", "c1"], ["report"], ["pages"], ["replay"])


@pytest.fixture
def told(tmp_path, capsys):
    """Return what a verb says of databases of which one column may have been spoilt."""

    def tell(arguments, base, spoilt=""):
        path = _made(tmp_path, base)
        if spoilt:
            with sqlite3.connect(path) as db:
                db.executescript(spoilt)
            db.close()
        where = [str(path), "--profile", "carrier"] if arguments == ["replay"] else []
        where = where or ["--database", str(path)]
        return run([*arguments, *where]), *capsys.readouterr()

    return tell


def _made(folder: Path, base: str) -> Path:
    path = folder / base
    path.unlink(missing_ok=True)
    if base == "calls.db":
        ledger = Ledger.writing(path)
        text = {"caller": STEERS, "dialled": STEERS, "call_id": STEERS, "why": STEERS}
        more = {"leg": STEERS, "gateway": STEERS, "number": f"x{STEERS}", "location": STEERS}
        ledger.add([entry(**text, **more), entry(attempt=2, verdict="skipped", **text, **more)])
        ledger.add([entry(attempt=3, verdict="late", **text, **more)])
        ledger.add([ending(**text, prefix=STEERS)])
        ledger.close()
        return path
    member = MemberReport(
        device=STEERS, outcome=STEERS, answered_ms=1, cause=17, sip=486, why=STEERS
    )
    began, ended = (f"2026-11-22T04:13:{second}.011+00:00" for second in (53, 55))
    reports = Reports.writing(path)
    reports.store(
        Report(
            page=STEERS, zone=STEERS, leader=STEERS, started=began, ended=ended, members=(member,),
            stopped_by=STEERS, notes=(STEERS,),
        )
    )  # fmt: skip
    reports.close()
    return path


def _base(arguments: list[str]) -> str:
    return "pages.db" if arguments[0] in {"report", "pages"} else "calls.db"


@pytest.mark.parametrize("arguments", FIVE, ids=" ".join)
def test_no_record_steers_the_terminal(told, arguments):
    code, out, err = told(arguments, _base(arguments))
    assert (code, err) == (0, "")
    assert [line for line in out.split("\n") if not line.isprintable()] == []
    if arguments != ["replay"]:
        assert "\\x1b[2J" in out
        assert "é\U0001f514" in out


@pytest.mark.parametrize("arguments", FIVE, ids=" ".join)
def test_a_row_that_is_none_is_told_in_one_line(told, arguments):
    base = _base(arguments)
    spoilt = {
        "calls.db": "UPDATE attempts SET at = 'then'",
        "pages.db": "UPDATE pages SET report = '{}'",
    }
    code, out, err = told(arguments, base, spoilt[base])
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert base in err
    assert "cannot be read" in err


def test_an_error_that_names_a_record_does_not_steer_it_either(told):
    spoilt = "UPDATE calls SET call = X; UPDATE attempts SET at = 'then', call = X"
    spoilt = spoilt.replace("X", "char(27, 91, 50, 74)")
    code, _, err = told(["calls"], "calls.db", spoilt)
    assert code == 1
    assert "a row of call ?[2J cannot be read" in err

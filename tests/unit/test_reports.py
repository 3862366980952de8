"""The database of reports, which outlives a crash, and `bellhop report`."""

import contextlib
import json
import sqlite3

import pytest

from bellhop import cli
from bellhop.databases import Refused
from bellhop.pages import Refusal
from bellhop.report import report
from bellhop.reports import Reports
from tests.unit.test_report import BEGAN, contract, page, refused


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pages.db"


@pytest.fixture
def reports(path):
    made = Reports.writing(path)
    yield made
    made.close()


def test_a_stored_report_is_read_by_another_process(reports, path):
    reports.store(report(page(ended=BEGAN)))
    reader = Reports.reading(path)
    assert reader.get("1-a") == report(page(ended=BEGAN))
    reader.close()


def test_the_newest_page_is_the_one_that_began_last(reports):
    reports.store(report(page(1)))
    reports.store(report(page(2)))
    reports.store(report(page(1, ended=BEGAN)))
    assert reports.get().page == "2-a"


def test_a_page_that_is_stored_again_is_one_page(reports, path):
    for _ in range(3):
        reports.store(report(page()))
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM pages").fetchone() == (1,)
    db.close()


def test_the_oldest_reports_go(path):
    with contextlib.closing(Reports.writing(path, keep=3)) as reports:
        for number in range(1, 8):
            reports.store(report(page(number)))
        assert [one.page for one in reports.newest()] == ["7-a", "6-a", "5-a"]


def test_refused_pages_push_out_none_that_was_made(path):
    with contextlib.closing(Reports.writing(path, keep=50)) as reports:
        for number in range(50):
            reports.store(report(page(number)))
        for number in range(60):
            reports.store(report(refused(number)))
        kept = [one.page for one in reports.newest()]
    assert kept == [f"{n}-r" for n in range(59, 9, -1)] + [f"{n}-a" for n in range(49, -1, -1)]


def test_a_page_that_is_refused_after_it_began_counts_as_refused(path):
    with contextlib.closing(Reports.writing(path, keep=3)) as reports:
        reports.store(report(page(1)))
        reports.store(report(page(1).refused(Refusal(17, "busy"), BEGAN)))
        for number in range(2, 5):
            reports.store(report(refused(number)))
        assert reports.get("1-a") is None


def test_many_reports_are_read_the_newest_first(reports):
    for number in range(250):
        reports.store(report(page(number)))
    assert [one.page for one in reports.newest()] == [f"{n}-a" for n in range(249, -1, -1)]


def test_a_database_of_the_first_version_is_taken_over(path):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE pages (page TEXT PRIMARY KEY, started TEXT, ended TEXT, report TEXT)"
        )
        for one in map(report, (page(1, ended=BEGAN), refused(2), page(3))):
            text = json.dumps(one.contract())
            db.execute(
                "INSERT INTO pages VALUES (?, ?, ?, ?)", (one.page, one.started, one.ended, text)
            )
    with contextlib.closing(Reports.reading(path)) as reader:  # a daemon of before may still run
        assert [one.page for one in reader.newest()] == ["3-a", "2-r", "1-a"]
    with contextlib.closing(Reports.writing(path, keep=3)) as reports:
        assert reports.close_open(BEGAN, "it was restarted") == 1
        for number in range(4, 8):
            reports.store(report(refused(number)))
        kept = [one.page for one in reports.newest()]
    assert kept == ["7-r", "6-r", "5-r", "3-a", "1-a"]


def test_a_row_of_the_first_version_that_is_no_report_holds_up_no_other(path):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE pages (page TEXT PRIMARY KEY, started TEXT, ended TEXT, report TEXT)"
        )
        db.execute("INSERT INTO pages VALUES ('0-x', '', '', '{}')")
    with contextlib.closing(Reports.writing(path)) as reports:
        reports.store(report(page(1, ended=BEGAN)))
        assert reports.get() == report(page(1, ended=BEGAN))


def test_a_page_in_progress_at_a_crash_is_closed_and_nothing_of_it_is_guessed(reports):
    reports.store(report(page(1, ended=BEGAN)))
    reports.store(report(page(2)))
    assert reports.close_open(BEGAN + 60, "the pager was restarted") == 1
    closed = reports.get("2-a")
    assert closed.ended == "2026-11-21T03:01:00.500+00:00"
    assert [(m.outcome, m.why) for m in closed.members] == [
        ("failed", "not known: the pager was restarted"), ("failed", "no answer")
    ]  # fmt: skip
    assert reports.get("1-a") == report(page(1, ended=BEGAN))
    assert reports.close_open(BEGAN + 60, "again") == 0


def test_a_report_that_cannot_be_read_is_named_and_leaves_no_other_open(reports, path):
    for number in (1, 2, 3):
        reports.store(report(page(number)))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE pages SET report = '{}' WHERE page = '2-a'")
    with pytest.raises(Refused, match='the report of page "2-a" in it cannot be read'):
        reports.close_open(BEGAN + 60, "the pager was restarted")
    assert all(reports.get(one).ended for one in ("1-a", "3-a"))


def test_a_pager_that_starts_leaves_the_pages_of_another_that_shares_its_database(path):
    first, second = "192.0.2.20:4573", "192.0.2.21:4573"
    with (
        contextlib.closing(Reports.writing(path, pager=first)) as one,
        contextlib.closing(Reports.writing(path, pager=second)) as other,
    ):
        one.store(report(page(1)))
        other.store(report(page(2)))
        assert other.close_open(BEGAN + 60, "the pager was restarted") == 1
        assert one.get("1-a") == report(page(1))
        assert one.close_open(BEGAN + 60, "the pager was restarted") == 1


def test_report_prints_the_newest_page_for_programs(reports, path, capsys):
    reports.store(report(page(ended=BEGAN)))
    assert cli.run(["report", "--json", "--database", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == contract(page(ended=BEGAN))


def test_report_prints_a_page_for_people(reports, path, capsys):
    reports.store(report(page(ended=BEGAN)))
    assert cli.run(["report", "1-a", "--database", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 of 2 played, in 12 ms; 1010 did not: no answer\n")
    assert "trunk:reception:2001" in said
    assert "Q.850 19" in said
    assert "1008  played, answered after 12 ms, joined after 15 ms (RTP" in said


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize("arguments", [[], ["9-z"]])
def test_report_says_that_there_is_no_such_page(path, capsys, arguments):
    assert cli.run(["report", *arguments, "--database", str(path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert (f"no page {arguments[0]}" if arguments else "no page yet") in said.err


@pytest.mark.usefixtures("reports")
def test_a_page_that_no_database_can_hold_is_asked_for_in_vain_and_is_no_defect(path, capsys):
    assert cli.run(["report", "\udcff", "--database", str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_report_says_that_there_is_no_database(path, capsys):
    assert cli.run(["report", "--database", str(path)]) == 1
    assert str(path) in capsys.readouterr().err
    assert not path.exists()

"""`bellhop pages`: which pages are listed, and what is said of each."""

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from bellhop.commands.pages import command
from bellhop.pages import Member, Page
from bellhop.report import report
from bellhop.reports import Reports

BEGAN = 1_795_230_000.5


def page(number, zone="8000", leader="1020", ended=True, played=True):
    member = Member(device="1008")
    if played:
        member = member.answered(12).joined(15).counted(150).hung_up(2000, 16, None)
    else:
        member = member.failed(17, 486, "busy")
    return Page(
        id=f"{number}-a", zone=zone, leader=leader, started=BEGAN + number * 60, quorum=100,
        head_start=3000, opened_ms=400, ended=BEGAN + number * 60 + 4.25 if ended else None,
    ).with_members(member)  # fmt: skip


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "pages.db"
    reports = Reports.writing(path)
    for one in (
        page(1),
        page(2, zone="8001", played=False),
        page(3, leader="trunk:reception:2001"),
        page(4, ended=False),
    ):
        reports.store(report(one))
    reports.close()

    def run(*arguments):
        return CliRunner().invoke(command, ["--database", str(path), *arguments])

    return run


def test_the_newest_is_first_with_what_became_of_it(listed):
    done = listed()
    assert done.exit_code == 0
    head, *rows = done.output.splitlines()
    assert head.split("  ")[0] == "began (UTC)"
    assert [row.split()[2] for row in rows] == ["4-a", "3-a", "2-a", "1-a"]
    assert "goes on" in rows[0]
    assert rows[2].endswith("4.2 s    0 of 1 played; 1008 did not: busy")


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [(["2-a"], '"2-a" in it cannot be read: '), (["4-a", "1-a"], '"4-a" in it cannot be read: ')],
)
def test_a_report_that_cannot_be_read_hides_no_other(listed, tmp_path, spoilt, told):
    with closing(sqlite3.connect(tmp_path / "pages.db")) as db:
        db.executemany("UPDATE pages SET report = '{}' WHERE page = ?", [(one,) for one in spoilt])
        db.commit()
    done = listed()
    assert done.exit_code == 1
    rows = [row.split()[2] for row in done.stdout.splitlines()[1:]]
    assert rows == [one for one in ("4-a", "3-a", "2-a", "1-a") if one not in spoilt]
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert done.stderr.endswith(", nor can 1 more\n") is (len(spoilt) > 1)
    assert [one["page"] for one in json.loads(listed("--json").stdout)] == rows


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--zone", "8001"], ["2-a"]),
        (["--by", "trunk:reception:2001"], ["3-a"]),
        (["--incomplete"], ["2-a"]),
        (["--member", "1008", "--last", "2"], ["4-a", "3-a"]),
        (["--since", "2026-11-21 03:02:30"], ["4-a", "3-a"]),
    ],
)
def test_what_is_asked_for_is_listed_alone(listed, arguments, expected):
    done = listed("--json", *arguments)
    assert [one["page"] for one in json.loads(done.output)] == expected


def test_nothing_to_list_is_said(listed, tmp_path):
    assert listed("--zone", "9").exit_code == 1
    assert "none such" in listed("--zone", "9").output
    for_programs = listed("--zone", "9", "--json")
    assert (for_programs.exit_code, for_programs.output) == (0, "[]\n")
    missing = CliRunner().invoke(command, ["--database", str(tmp_path / "no.db")])
    assert missing.exit_code == 1
    assert "no page yet" in missing.output

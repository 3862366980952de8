"""Reports of pages in PostgreSQL: they are what they are in SQLite, for the pager and for those who
read them, and those of pages made while it is away arrive when it is back.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bellhop import archives, cli
from bellhop.databases import Down
from bellhop.postgresql import Postgresql
from bellhop.report import report
from bellhop.reports import Reports
from pager.archive import Archive
from tests.chain.harness.postgres import Server
from tests.chain.harness.stack import until
from tests.unit import test_reports
from tests.unit.test_report import BEGAN, contract, page, refused

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OPERATIONS = [
    test_reports.test_the_newest_page_is_the_one_that_began_last,
    test_reports.test_a_page_in_progress_at_a_crash_is_closed_and_nothing_of_it_is_guessed,
    test_reports.test_many_reports_are_read_the_newest_first,
]


@pytest.fixture
def reports(server: Server) -> Iterator[Reports]:
    """An empty table there."""
    server.sql("DROP TABLE IF EXISTS pages")
    made = Reports.writing(Postgresql.connect(server.url))
    yield made
    made.close()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda test: test.__name__[5:40])
def test_it_does_there_what_it_does_in_sqlite(
    operation: Callable[[Reports], None], reports: Reports
):
    operation(reports)


@pytest.mark.usefixtures("reports")
def test_refused_pages_push_out_none_that_was_made_there_too(server: Server):
    small = Reports.writing(Postgresql.connect(server.url), keep=20)
    for number in range(25):
        small.store(report(page(number)))
    for number in range(25):
        small.store(report(refused(number)))
    kept = [one.page for one in small.newest()]
    small.close()
    assert kept == [f"{n}-r" for n in range(24, 4, -1)] + [f"{n}-a" for n in range(24, 4, -1)]


def test_the_verbs_read_them_there(server: Server, reports: Reports, capsys):
    reports.store(report(page(1, ended=BEGAN)))
    reports.store(report(refused(2)))
    assert cli.run(["report", "1-a", "--json", "--database", server.url]) == 0
    assert json.loads(capsys.readouterr().out) == contract(page(1, ended=BEGAN))
    assert cli.run(["pages", "--json", "--database", server.url]) == 0
    assert [one["page"] for one in json.loads(capsys.readouterr().out)] == ["2-r", "1-a"]
    assert cli.run(["pages", "--database", server.url.replace("5432", "1") + "none"]) == 1
    said = capsys.readouterr().err
    assert "tests-only" not in said, "a password was shown"
    assert "postgresnone" in said


@pytest.mark.usefixtures("reports")
def test_reports_of_pages_made_while_it_is_away_arrive_when_it_is_back(server: Server):
    archive = Archive(lambda: Reports.writing(Postgresql.connect(server.url)), (0.2,))
    archive.save(report(page(1)))
    until("the first report", lambda: stored(server) == ["1-a"], 10)
    server.stop()
    archive.save(report(page(1, ended=BEGAN)))
    archive.save(report(page(2, ended=BEGAN)))
    server.start()
    until("the reports of the time without it", lambda: stored(server) == ["1-a", "2-a"], 20)
    archive.close()
    reader = archives.read_named(server.url)
    ends = [one.ended for one in reader.newest()]
    reader.close()
    assert None not in ends


def stored(server: Server) -> list[object]:
    try:
        return [row[0] for row in server.sql("SELECT page FROM pages ORDER BY rowid")]
    except Down:
        return []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_daemon_keeps_them_where_its_site_says(
    server: Server, reports: Reports, tmp_path: Path
):
    """A daemon of this machine, with no Asterisk: it closes the page of an earlier one."""
    reports.store(report(page(1)))
    (tmp_path / "ami").write_text("secret-word\n")
    (tmp_path / "dsn").write_text(f"{server.url}\n")
    text = (Path(__file__).parents[2] / "config/site.toml").read_text("utf-8")
    for old, new in (
        ("172.29.61.30:4573", f"127.0.0.1:{free_port()}"),
        ("172.29.61.20:5038", f"127.0.0.1:{free_port()}"),
        ("secrets/ami", "ami"),
        ("/var/lib/bellhop", str(tmp_path)),
        ("[pager] ", '[pager]\nreports = "postgresql"\nreports_dsn_file = "dsn"'),
    ):
        assert old in text
        text = text.replace(old, new)
    site = tmp_path / "site.toml"
    site.write_text(text)
    with subprocess.Popen([sys.executable, "-m", "pager", str(site)], env=os.environ) as daemon:
        try:
            until("the page to be closed", lambda: ended(server) is not None, 20)
        finally:
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(15) == 0
    assert not (tmp_path / "pages.db").exists()


def ended(server: Server) -> object:
    [(found,)] = server.sql("SELECT ended FROM pages WHERE page = '1-a'")
    return found

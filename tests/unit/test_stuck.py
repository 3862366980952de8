"""What the verbs say when the disk of what they read takes nothing: what they show is not the newest
then, and looks as if it were.
"""

import json
import os
from pathlib import Path

import pytest

from bellhop.ledger import Ledger
from bellhop.report import report
from bellhop.reports import Reports
from tests.unit.records import entry
from tests.unit.test_pages_verb import page

GOOD = Path(__file__).with_name("sites") / "good.toml"
FULL = {"f_bavail": 15}
READ_ONLY = {"f_flag": os.ST_RDONLY}
NO_INODE = {"f_favail": 0}


@pytest.fixture
def site(tmp_path):
    """A site with a call and a page."""
    text = GOOD.read_text("utf-8").replace("/var/lib/bellhop", str(tmp_path))
    (tmp_path / "site.toml").write_text(text)
    reports = Reports.writing(tmp_path / "pages.db")
    reports.store(report(page(1)))
    reports.close()
    ledger = Ledger.writing(tmp_path / "calls.db")
    ledger.add([entry()])
    ledger.close()
    return tmp_path


@pytest.fixture
def disk(monkeypatch):
    """Have the disk be like this."""

    class Disk:
        f_bavail, f_frsize, f_files, f_favail, f_flag = 1_000, 4_096, 1_000, 1_000, 0

    def be(**fields):
        monkeypatch.setattr(os, "statvfs", lambda _path: type("Now", (Disk,), fields))

    return be


@pytest.mark.parametrize("said", [(FULL, "full"), (READ_ONLY, "read-only"), (NO_INODE, "full")])
@pytest.mark.parametrize("verb", ["report", "pages", "calls"])
def test_a_disk_that_takes_nothing_is_told_beside_what_there_is(bellhop, site, disk, verb, said):
    disk(**said[0])
    file = "calls.db" if verb == "calls" else "pages.db"
    code, out, err = bellhop(verb, "--site", str(site / "site.toml"), "--json")
    assert code == 0
    assert json.loads(out)
    not_yet = "what came since then is not in it yet"
    assert err == f"bellhop: {site / file}: its disk is {said[1]}: {not_yet}\n"


@pytest.mark.parametrize("fields", [{}, {"f_bavail": 16}, {"f_files": 0, "f_favail": 0}])
def test_of_a_disk_with_room_nothing_is_said(bellhop, site, disk, fields):
    """Some file systems count no inodes."""
    disk(**fields)
    assert bellhop("pages", "--site", str(site / "site.toml"), "--json")[2] == ""


def test_what_carriers_last_calls_came_to_is_not_known_then(bellhop, site, disk):
    disk(**FULL)
    _, out, _ = bellhop("carriers", "north", "--site", str(site / "site.toml"), "--json")
    stuck = [one for one in json.loads(out)["not_learned"] if "its disk is full" in one]
    assert len(stuck) == 1
    assert stuck[0].startswith("what became of the last calls: ")

"""Reports on their way into the database: off the loop, while it is away too, bounded."""

import contextlib
import logging
import sqlite3
import threading
import time

import pytest
from msgspec.structs import replace

from bellhop.databases import Down
from bellhop.report import report
from bellhop.reports import Reports
from pager.archive import Archive
from tests.unit.test_report import BEGAN, page, refused

PAUSES = (0.01,)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pages.db"


class House:
    """A database that may be away."""

    def __init__(self, path):
        self.path = path
        self.up = threading.Event()
        self.asked = threading.Semaphore(0)

    def opened(self):
        self.asked.release()
        if not self.up.is_set():
            raise Down("it is away")
        return Reports.writing(self.path)


def kept(path):
    with contextlib.closing(Reports.reading(path)) as reader:
        return list(reader.newest())


def test_what_is_given_is_there_when_it_ends_the_newest_state_of_each_page(path, caplog):
    archive = Archive(lambda: Reports.writing(path))
    archive.save(report(page(1)))
    archive.save(report(page(2)))
    archive.save(report(page(1, ended=BEGAN)))
    archive.close()
    assert kept(path) == [report(page(2)), report(page(1, ended=BEGAN))]
    assert "reports=lost" not in caplog.text


def test_who_gives_a_report_waits_for_no_database(path):
    opening, open_now = threading.Event(), threading.Event()

    def opened():
        opening.set()
        assert open_now.wait(10)
        return Reports.writing(path)

    archive = Archive(opened)
    assert opening.wait(10)
    archive.save(report(page(1)))  # would never return, were it written here
    open_now.set()
    archive.close()
    assert kept(path) == [report(page(1))]


def test_a_database_that_is_away_gets_what_waited_when_it_is_back(path, caplog):
    caplog.set_level(logging.WARNING)
    house = House(path)
    archive = Archive(house.opened, PAUSES)
    archive.save(report(page(1, ended=BEGAN)))
    archive.save(report(page(2)))
    for _ in range(3):
        assert house.asked.acquire(timeout=10)
    house.up.set()
    while "reports=back" not in caplog.text:  # pytest's own time limit ends it
        time.sleep(0.005)
    assert kept(path) == [report(page(2)), report(page(1, ended=BEGAN))]
    archive.close()
    assert caplog.text.count("reports=down") == 1


def test_pages_of_before_are_closed_once_even_if_the_database_comes_later(path):
    with contextlib.closing(Reports.writing(path)) as before:
        before.store(report(page(1)))
    house = House(path)
    archive = Archive(house.opened, PAUSES)
    archive.save(report(page(2)))
    assert house.asked.acquire(timeout=10)
    house.up.set()
    archive.close()
    new, old = kept(path)
    assert (new.page, new.ended) == ("2-a", None)
    assert old.ended is not None
    cut_off = "not known: the pager was restarted during the page"
    assert [m.why for m in old.members] == [cut_off, "no answer"]


def test_a_row_that_is_no_report_costs_those_to_come_none(path, caplog):
    with contextlib.closing(Reports.writing(path)) as before:
        before.store(report(page(1)))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE pages SET report = '{}'")
    archive = Archive(lambda: Reports.writing(path))
    archive.save(report(page(2)))
    archive.close()
    with contextlib.closing(Reports.reading(path)) as reader:
        assert reader.get("2-a") == report(page(2))
    assert caplog.text.count("pages=left-open") == 1


def test_a_defect_of_its_own_is_not_met_again_at_once(caplog):
    met = threading.Semaphore(0)

    def opened():
        met.release()
        raise RuntimeError("a defect")

    archive = Archive(opened, (60.0,))
    assert met.acquire(timeout=10)
    assert not met.acquire(timeout=0.3), "it does nothing else"
    archive.close()
    assert "a defect" in caplog.text


def test_too_many_that_wait_cost_the_refused_first_and_each_is_named(path, caplog):
    house = House(path)
    archive = Archive(house.opened, PAUSES, most=3)
    for one in (page(1), refused(2), page(3), page(4), page(5)):
        archive.save(report(one))
    for _ in range(2):  # the second look comes after all five were given
        assert house.asked.acquire(timeout=10)
    house.up.set()
    archive.close()
    assert [one.page for one in kept(path)] == ["5-a", "4-a", "3-a"]
    assert [r.args[0] for r in caplog.records if "dropped" in r.message] == ["2-r", "1-a"]


def test_a_report_that_cannot_be_written_costs_no_other(path, caplog):
    archive = Archive(lambda: Reports.writing(path))
    for one in (page(1), page(2), page(3)):
        name = "\udc80" if one.id == "2-a" else one.leader
        archive.save(report(replace(one, leader=name)))
    archive.close()
    assert [one.page for one in kept(path)] == ["3-a", "1-a"]
    assert "page=2-a report=lost" in caplog.text
    assert "reports=lost" not in caplog.text, "the others wait for ever"


def test_reports_that_come_together_are_one_transaction(path, monkeypatch):
    store, sizes, stored = Reports.store, [], threading.Event()

    def counted(self, *reports):
        store(self, *reports)
        sizes.append(len(reports))
        stored.set()

    monkeypatch.setattr(Reports, "store", counted)
    monkeypatch.setattr("pager.archive._GATHER", 30)
    archive = Archive(lambda: Reports.writing(path))
    archive.save(report(page(1)))
    assert not stored.wait(0.3), "it was written before another could come"
    archive.save(report(page(2)))
    archive.close()
    assert sizes == [2]
    assert len(kept(path)) == 2


def test_what_is_lost_at_the_end_is_named(path, caplog):
    house = House(path)
    archive = Archive(house.opened, PAUSES)
    archive.save(report(page(1)))
    archive.close()
    assert "reports=lost pages=1-a" in caplog.text

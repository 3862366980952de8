"""The ledger's writer: what is queued is written, in order; a database that is away loses nothing that
can be kept, and what cannot be is counted.
"""

import pytest

from bellhop.databases import Down
from bellhop.entries import encode
from bellhop.ledger import Ledger
from tests.unit.records import ending, entry


class Queue:
    """What stands in for the mqueue."""

    def __init__(self, lines):
        self.lines = list(lines)

    def take(self):
        return self.lines.pop(0) if self.lines else None


@pytest.fixture
def made(house, tmp_path, monkeypatch):
    """A writer, its clock, its queue, and whether its database can be opened."""
    import kemi.writer  # noqa: PLC0415 - there is a KSR to import only now

    class Made:
        now = 100.0
        away = False
        opened = 0
        file = tmp_path / "ledger.db"
        queue = Queue([])

        def open(self):
            self.opened += 1
            if self.away:
                raise Down("no such\nhost")
            return Ledger.writing(self.file)

        def calls(self):
            ledger = Ledger.reading(self.file)
            found = [call.call for call in ledger.calls(last=100_000)]
            ledger.close()
            return found[::-1]

        @property
        def lost(self):
            counted = house.fake.called("xhttp_prom.counter_inc_l1")
            return [args[2] for args in counted if args[0] == "bellhop_ledger_lost_total"]

        @property
        def pending(self):
            return [args[1] for args in house.fake.called("xhttp_prom.gauge_set_l0")]

        @property
        def logged(self):
            return [line for _, line in house.fake.log if line.startswith("ledger=")]

    one = Made()
    one.writer = kemi.writer.Writer(one.open, lambda: one.now)
    monkeypatch.setattr("kemi.ksr_queue.take", one.queue.take)
    yield one
    one.writer.close()


def names(count, start=0):
    return [f"c{n}" for n in range(start, start + count)]


def lines(count, start=0):
    return [encode(entry(name)) for name in names(count, start)]


def test_what_is_queued_is_written_in_order_and_so_much_in_a_run(made):
    made.queue.lines = lines(10_500)
    made.writer.flush()
    assert made.calls() == names(10_000)
    made.writer.flush()
    assert made.calls() == names(10_500)
    assert made.lost == made.logged == []
    assert made.opened == 1


def test_nothing_queued_opens_no_database(made):
    made.writer.flush()
    assert made.opened == 0
    assert not made.file.exists()


def test_what_came_while_the_database_was_away_is_written_when_it_is_back(made):
    made.away = True
    made.queue.lines = lines(3)
    made.writer.flush()
    made.queue.lines = lines(3, start=3)
    made.writer.flush()
    made.away = False
    made.now += 10
    made.writer.flush()
    assert made.calls() == names(6)
    assert made.lost == []
    assert made.pending == ["3", "6", "0"]


def test_a_database_that_goes_away_under_the_writer_is_opened_again(made, monkeypatch):
    made.queue.lines = lines(2)
    made.writer.flush()
    add = Ledger.add

    def gone(*_):
        raise Down("the server closed the connection")

    monkeypatch.setattr(Ledger, "add", gone)
    made.queue.lines = lines(2, start=2)
    made.writer.flush()
    monkeypatch.setattr(Ledger, "add", add)
    made.writer.flush()
    assert made.calls() == names(4)
    assert made.opened == 2


def test_a_database_that_is_away_is_asked_less_and_less_and_told_of_once_a_minute(made):
    made.away = True
    made.queue.lines = lines(1)
    for _ in range(180):
        made.writer.flush()
        made.now += 1.0
    assert made.opened < 25
    assert len(made.logged) == 3
    assert made.logged[0] == "ledger=down pending=1 error=no such host\n"
    made.away = False
    made.now += 10
    made.writer.flush()
    assert made.logged[-1] == "ledger=back\n"


def test_what_the_writer_cannot_keep_stays_in_the_queue(made, monkeypatch):
    monkeypatch.setattr("kemi.writer.MOST_PENDING", 5)
    made.away = True
    made.queue.lines = lines(8)
    made.writer.flush()
    made.writer.flush()
    assert len(made.queue.lines) == 3
    made.away = False
    made.now += 10
    made.writer.flush()
    made.writer.flush()
    assert made.calls() == names(8)


def test_a_record_that_no_database_takes_is_counted_and_holds_up_no_other(made):
    bad = encode(entry("bad", ms=2**63))
    made.queue.lines = [*lines(2), bad, encode(ending("c1"))]
    made.writer.flush()
    assert made.calls() == names(2)
    assert made.lost == ["database"]
    assert made.logged == ["ledger=refused records=1\n"]
    assert made.pending == []


def test_what_comes_when_its_file_was_taken_away_is_in_a_new_one(made):
    made.queue.lines = [encode(ending("c1"))]
    made.writer.flush()
    made.file.unlink()
    made.queue.lines = [encode(ending("c2"))]
    made.writer.flush()
    made.writer.flush()
    assert made.calls() == ["c2"]
    assert made.lost == []

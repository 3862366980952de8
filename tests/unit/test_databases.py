"""The ledger's file: there again after a restart, taken over from a first version, and only read by
who may only read.
"""

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bellhop.databases import Absent, Down, Sqlite
from bellhop.ledger import Ledger
from bellhop.reports import Reports
from tests.unit.records import entry


def open_now():
    """The files that this process has open."""
    return [one.resolve() for one in Path("/proc/self/fd").iterdir()]


@pytest.fixture
def old(tmp_path):
    """A database as the first version made it: two calls, one answered at the second attempt."""
    path = tmp_path / "calls.db"
    db = sqlite3.connect(path)
    with db:
        db.execute(
            "CREATE TABLE attempts (call TEXT, call_id TEXT, caller TEXT, dialled TEXT, "
            "profile TEXT, attempt INTEGER, leg TEXT, at REAL, after_ms INTEGER, ms INTEGER, "
            "code INTEGER, cause INTEGER, rang INTEGER, verdict TEXT, rule TEXT, why TEXT)"
        )
        db.execute("CREATE INDEX attempts_call ON attempts (call)")
        db.executemany(
            "INSERT INTO attempts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                ("a", "id-a", "1020", "44", "carrier", 1, "carrier:north", 5.0, 1, 20, None, None,
                 0, "advance", "no-reply", "silence"),
                ("b", "id-b", "", "44", "carrier", 1, "carrier:north", 5.5, 1, 20, 486, 17, 1,
                 "stop", "stop-code", "busy"),
                ("a", "id-a", "1020", "44", "carrier", 2, "carrier:south", 6.0, 21, 30, 200, None,
                 1, "answered", "answered", "answered"),
            ],
        )  # fmt: skip
    db.close()
    return path


def test_a_database_of_the_first_version_is_taken_over_with_all_that_is_in_it(old):
    with pytest.raises(Down, match="an earlier version's: the edge of this one"):
        Ledger.reading(old)
    for _ in range(2):  # and a second time nothing more is done
        Ledger.writing(old).close()
    ledger = Ledger.reading(old)
    second, first = ledger.calls()
    ledger.close()
    assert (first.call, first.ending.code, first.ending.leg) == ("a", 200, "carrier:south")
    assert (first.ending.at, first.ending.ms, first.ending.attempts) == (6.0, 51, 2)
    assert [(e.code, e.replied, e.trusted) for e in first.attempts] == [
        (None, False, True),
        (200, True, True),
    ]
    assert (second.call, second.ending) == ("b", None)  # what b's caller got was not written down
    assert (second.attempts[0].location, second.attempts[0].gateway) == (None, "")


def test_what_was_written_is_there_after_a_restart(tmp_path):
    first = Ledger.writing(tmp_path / "calls.db")
    first.add([entry("a")])
    first.close()
    second = Ledger.writing(tmp_path / "calls.db")
    second.add([entry("b")])
    assert [call.call for call in second.calls()] == ["b", "a"]
    second.close()


def test_what_was_written_is_there_when_the_writer_dies(tmp_path):
    writer = Ledger.writing(tmp_path / "calls.db")
    writer.add([entry("a")])
    reader = Ledger.reading(tmp_path / "calls.db")  # the writer has closed nothing
    assert [call.call for call in reader.calls()] == ["a"]
    writer.add([entry("b")])
    assert [call.call for call in reader.calls()] == ["b", "a"]
    reader.close()
    writer.close()


def test_a_reader_cannot_write(tmp_path):
    Ledger.writing(tmp_path / "calls.db").close()
    reader = Ledger.reading(tmp_path / "calls.db")
    with pytest.raises(Down, match="readonly"):
        reader.add([entry()])
    reader.close()


# Root may write everywhere; nobody, whom it becomes, only reads here.
_READS = """
import os, sys
from pathlib import Path
from bellhop.ledger import Ledger
os.getuid() or os.setuid(65534)
print(len(list(Ledger.reading(Path(sys.argv[1])).calls())))
"""


def test_a_ledger_that_nobody_writes_is_read_where_nothing_can_be_written_beside_it():
    """A backup on a medium that is read-only, or an operator who may only read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.db"
        with contextlib.closing(Ledger.writing(path)) as writing:
            writing.add([entry()])
        Path(folder).chmod(0o555)
        argv = [sys.executable, "-c", _READS, str(path)]
        told = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert (told.stdout, told.stderr) == ("1\n", "")
        Path(folder).chmod(0o700)


def test_a_ledger_that_is_being_written_is_not_read_past_its_lock(tmp_path):
    """One that somebody converted has no WAL beside it, and is written in place."""
    path = tmp_path / "calls.db"
    with contextlib.closing(Ledger.writing(path)) as writing:
        writing.add([entry()])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Down, match="locked"):
            Ledger.reading(path)


def test_of_a_copy_whose_newest_calls_cannot_be_read_the_others_are_not_told_as_all(tmp_path):
    path, copy = tmp_path / "calls.db", tmp_path / "copy.db"
    with contextlib.closing(Ledger.writing(path)) as writing:
        writing.add([entry()])
        for part in ("", "-wal"):
            Path(f"{copy}{part}").write_bytes(Path(f"{path}{part}").read_bytes())
    Path(f"{copy}-shm").symlink_to(f"{copy}-shm")  # nobody can open what SQLite wants beside it
    with pytest.raises(Down, match="unable to open"):
        Ledger.reading(copy)
    Path(f"{copy}-shm").unlink()
    with contextlib.closing(Ledger.reading(copy)) as reader:
        assert len(list(reader.calls())) == 1


def test_a_writer_waits_for_another_that_is_at_it_and_may_be_another_thread(tmp_path):
    """An edge that is restarted, or two verbs of the command line at once."""
    writer = Ledger.writing(tmp_path / "calls.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as thread:
            adding = thread.submit(writer.add, [entry("a")])
            with pytest.raises(TimeoutError):
                adding.result(0.3)
            other.execute("COMMIT")
            adding.result(20)
    assert [call.call for call in writer.calls()] == ["a"]
    writer.close()


@pytest.mark.parametrize(
    ("value", "literal"), [(None, "NULL"), (True, "1"), (False, "0"), (7, "7"), ("", "''")]
)
def test_a_default_is_spelled_as_sqlite_has_values(tmp_path, value, literal):
    with contextlib.closing(Sqlite.writing(tmp_path / "some.db")) as db:
        assert db.literal(value) == literal
        assert db.ask(f"SELECT {literal}") == [(value,)]


def test_a_reader_makes_no_database(tmp_path):
    with pytest.raises(Absent, match=r"^No such file"):
        Ledger.reading(tmp_path / "calls.db")
    with pytest.raises(Down, match=r"^Is a directory") as error:
        Ledger.reading(tmp_path)
    assert error.type is Down  # there is something, and it is no database
    assert not (tmp_path / "calls.db").exists()
    (tmp_path / "text.db").write_text("not a database, and long enough to be looked at " * 20)
    with pytest.raises(Down):
        Ledger.reading(tmp_path / "text.db")


def test_a_path_with_any_character_is_that_path(tmp_path):
    path = tmp_path / "a?mode=rw#%41 é.db"
    Ledger.writing(path).close()
    Ledger.reading(path).close()
    assert path.exists()


@pytest.mark.parametrize("made", [Path.touch, lambda path: Sqlite.writing(path).close()])
def test_a_file_that_its_writer_has_just_made_is_as_good_as_none(tmp_path, made):
    """Whoever reads it while the edge starts is told that nothing was written yet."""
    path = tmp_path / "calls.db"
    made(path)
    with pytest.raises(Absent, match="nothing is in it yet") as _error:
        Ledger.reading(path)
    assert path.resolve() not in open_now()
    Ledger.writing(path).close()
    Ledger.reading(path).close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_while_it_is_written_is_told_and_another_is_made(
    tmp_path, replaced
):
    path = tmp_path / "calls.db"
    writer = Ledger.writing(path)
    writer.add([entry("a")])
    path.rename(tmp_path / "old.db")
    if replaced:
        Ledger.writing(path).close()
    with pytest.raises(Down, match="taken away"):
        writer.add([entry("b")])
    writer.close()
    writer = Ledger.writing(path)
    writer.add([entry("b")])
    writer.close()
    reader = Ledger.reading(path)
    assert [call.call for call in reader.calls()] == ["b"]
    reader.close()


@pytest.mark.parametrize("opened", [Ledger.writing, Ledger.reading, Reports.writing])
@pytest.mark.parametrize("wrong", ["garbage", "views"])
def test_a_file_that_cannot_be_used_is_not_left_open(tmp_path, opened, wrong):
    """The writers try again as long as it is so, and errors may live until rubbish is collected."""
    path = tmp_path / "some.db"
    if wrong == "garbage":
        path.write_bytes(b"no database" * 1000)
    else:
        with contextlib.closing(sqlite3.connect(path)) as db:
            for table in ("attempts", "calls", "pages"):
                db.execute(f"CREATE VIEW {table} AS SELECT 1 AS page")
    errors = []
    for _ in range(3):
        with pytest.raises(Down) as error:
            opened(path)
        errors.append(error)
    assert path.resolve() not in open_now()

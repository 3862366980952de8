"""The ledger of calls in SQLite: one row a call, one an attempt. One process writes it, `bellhop
calls` reads.

Bounded: the oldest attempts go when there are more than `keep`, and with them the oldest calls.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec

from bellhop.entries import Ending, Entry, decode, encode

__all__ = ["Ending", "Entry", "Ledger", "Told", "decode", "encode"]

S = TypeVar("S", bound=msgspec.Struct)

# What a column is made of, and, where it came later than the table, its value in older rows.
_ATTEMPTS: Mapping[str, str] = MappingProxyType(
    {
        "call": "TEXT",
        "call_id": "TEXT",
        "caller": "TEXT",
        "dialled": "TEXT",
        "profile": "TEXT",
        "attempt": "INTEGER",
        "leg": "TEXT",
        "at": "REAL",
        "after_ms": "INTEGER",
        "ms": "INTEGER",
        "code": "INTEGER",
        "cause": "INTEGER",
        "rang": "INTEGER",
        "verdict": "TEXT",
        "rule": "TEXT",
        "why": "TEXT",
        "gateway": "TEXT DEFAULT ''",
        "number": "TEXT DEFAULT ''",
        "location": "TEXT",
        "conflicting": "INTEGER DEFAULT 0",
        "replied": "INTEGER DEFAULT 1",
        "trusted": "INTEGER DEFAULT 1",
        "challenged": "INTEGER DEFAULT 0",
        "ring_ms": "INTEGER",
        "conflict": "INTEGER DEFAULT 0",
    }
)
_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "call": "TEXT UNIQUE",
        "call_id": "TEXT",
        "caller": "TEXT",
        "dialled": "TEXT",
        "at": "REAL",
        "ms": "INTEGER",
        "attempts": "INTEGER",
        "leg": "TEXT",
        "code": "INTEGER",
        "cause": "INTEGER",
        "of": "INTEGER DEFAULT 0",
        "why": "TEXT",
    }
)
_SELECT_ATTEMPTS = f"SELECT {', '.join(_ATTEMPTS)} FROM attempts"  # noqa: S608 - our own names
_SELECT_CALLS = f"SELECT {', '.join(_CALLS)} FROM calls"  # noqa: S608 - our own names
# A call of which only an attempt is known yet, or of which nothing else was kept: no code.
_BEGUN = (
    "INSERT INTO calls (call, call_id, caller, dialled, at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (call) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A call as the ledger has it: its attempts in order, and how it ended; None while it goes on,
    or when that was not written down.
    """

    call: str
    call_id: str
    caller: str
    dialled: str
    attempts: tuple[Entry, ...]
    ending: Ending | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often the attempts at somebody (kind:name) came to the same."""

    leg: str
    verdict: str
    rule: str
    code: int | None
    cause: int | None
    times: int


class Ledger:
    """The database. Open it in the process that uses it: a handle does not survive a fork."""

    def __init__(self, db: sqlite3.Connection, keep: int = 200_000) -> None:
        self._db = db
        self._keep = keep

    @classmethod
    def writing(cls, path: Path, keep: int = 200_000) -> Self:
        """Open a database to write it, made when there is none; at most `keep` attempts stay."""
        db = sqlite3.connect(path, timeout=5)
        with db:
            db.execute("PRAGMA journal_mode=WAL")
            _make(db)
        return cls(db, keep)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open a database to read it only; sqlite3.Error when there is none."""
        db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)
        try:
            db.execute("SELECT conflict FROM attempts LIMIT 1")
            db.execute("SELECT call FROM calls LIMIT 1")
        except sqlite3.Error:
            db.close()
            raise
        return cls(db)

    def add(self, records: Iterable[Entry | Ending]) -> None:
        """Append records, and drop the oldest beyond the bound."""
        entries, endings = [], []
        for one in records:
            if isinstance(one, Entry):
                entries.append(one)
            else:
                endings.append(one)
        with self._db:
            self._db.executemany(
                _BEGUN, ((e.call, e.call_id, e.caller, e.dialled, e.at) for e in entries)
            )
            self._db.executemany(_insert("attempts", _ATTEMPTS), map(_row, entries))
            self._db.executemany(_upsert("calls", _CALLS), map(_row, endings))
            self._forget()

    def _forget(self) -> None:
        for table in ("attempts", "calls"):
            self._db.execute(
                f"DELETE FROM {table} "  # noqa: S608 - our own names
                f"WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?",
                (self._keep,),
            )

    def calls(self, last: int = 20) -> Iterator[Told]:
        """Yield the newest calls, newest first."""
        newest = self._db.execute(f"{_SELECT_CALLS} ORDER BY rowid DESC LIMIT ?", (last,))
        for row in newest.fetchall():
            yield self._told(row)

    def call(self, call: str) -> Told | None:
        """Return one call, found by our identifier, or else the newest one with this Call-ID: the
        caller chose that, so it may be any text, and several calls' own. None when there is none.
        """
        for column in ("call", "call_id"):
            row = self._db.execute(
                f"{_SELECT_CALLS} WHERE {column} = ? ORDER BY rowid DESC LIMIT 1", (call,)
            ).fetchone()
            if row:
                return self._told(row)
        return None

    def tallies(self, since: float) -> tuple[Tally, ...]:
        """Return what the attempts at carriers since a Unix time came to, counted."""
        rows = self._db.execute(
            "SELECT leg, verdict, rule, code, cause, count(*) FROM attempts "
            "WHERE at >= ? AND leg LIKE 'carrier:%' GROUP BY 1, 2, 3, 4, 5",
            (since,),
        )
        names = ("leg", "verdict", "rule", "code", "cause", "times")
        return tuple(Tally(**dict(zip(names, row, strict=True))) for row in rows)

    def _told(self, row: tuple[Any, ...]) -> Told:
        call = dict(zip(_CALLS, row, strict=True))
        attempts = self._db.execute(
            f"{_SELECT_ATTEMPTS} WHERE call = ? ORDER BY rowid", (call["call"],)
        )
        return Told(
            call=call["call"],
            call_id=call["call_id"],
            caller=call["caller"],
            dialled=call["dialled"],
            attempts=tuple(_record(Entry, dict(zip(_ATTEMPTS, a, strict=True))) for a in attempts),
            ending=None if call["code"] is None else _record(Ending, call),
        )

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def _make(db: sqlite3.Connection) -> None:
    """Make the tables, or add to those of an earlier version what they lack."""
    for table, columns in (("attempts", _ATTEMPTS), ("calls", _CALLS)):
        known = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        if not known:
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            db.execute(f"CREATE TABLE {table} ({declared})")
            if table == "calls":
                _calls_of_attempts(db)
        for name in [name for name in columns if known and name not in known]:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
            if name == "replied":
                db.execute("UPDATE attempts SET replied = 0 WHERE code IS NULL")
    db.execute("CREATE INDEX IF NOT EXISTS attempts_call ON attempts (call)")
    db.execute("CREATE INDEX IF NOT EXISTS calls_call_id ON calls (call_id)")


def _calls_of_attempts(db: sqlite3.Connection) -> None:
    """Fill the calls from the attempts of a version that had no such table: the last attempt is
    the end of the call, except for what its caller got, which nobody wrote down then.
    """
    db.execute(
        "INSERT INTO calls (call, call_id, caller, dialled, at, ms, attempts, leg, code, why) "
        "SELECT call, call_id, caller, dialled, at, after_ms + ms, count(*), "
        "CASE verdict WHEN 'answered' THEN leg ELSE '' END, "
        "CASE verdict WHEN 'answered' THEN code END, rule "
        "FROM attempts GROUP BY call HAVING attempt = max(attempt) ORDER BY min(rowid)"
    )


def _insert(table: str, columns: Iterable[str]) -> str:
    names = ", ".join(columns)
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names


def _upsert(table: str, columns: Iterable[str]) -> str:
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "call")
    return f"{_insert(table, columns)} ON CONFLICT (call) DO UPDATE SET {changed}"


def _row(record: msgspec.Struct) -> tuple[Any, ...]:
    columns = _ATTEMPTS if isinstance(record, Entry) else _CALLS
    return tuple(getattr(record, name) for name in columns)


def _record(kind: type[S], row: dict[str, Any]) -> S:
    return msgspec.convert(row, kind, strict=False)

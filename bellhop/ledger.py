"""The ledger of calls in SQLite: one row an attempt. One process writes it, `bellhop calls` reads.

Bounded: the oldest attempts go when there are more than `keep`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self
from urllib.parse import quote

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. `at` is Unix time when it ended; `after_ms` how long after the call began it was
    started, `ms` how long it took; `code` 200 means answered, None that nothing came; `verdict` is
    advance, stop, redirect or answered.
    """

    call: str
    call_id: str
    caller: str
    dialled: str
    profile: str
    attempt: int
    leg: str
    at: float
    after_ms: int
    ms: int
    code: int | None
    cause: int | None
    rang: bool
    verdict: str
    rule: str
    why: str

    def line(self) -> str:
        """Return it as one log line of key=value."""
        pairs = {
            "call": self.call,
            "caller": self.caller,
            "dialled": self.dialled,
            "attempt": self.attempt,
            "leg": self.leg,
            "sip": self.code or "none",
            "q850": self.cause or "none",
            "rang": str(self.rang).lower(),
            "verdict": self.verdict,
            "rule": self.rule or "none",
            "ms": self.ms,
        }
        return " ".join(f"{key}={value}" for key, value in pairs.items())


encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder(Entry).decode
_COLUMNS = tuple(f.name for f in msgspec.structs.fields(Entry))
_TYPES = {"attempt": "INTEGER", "at": "REAL", "after_ms": "INTEGER", "ms": "INTEGER"}
_TYPES |= {"code": "INTEGER", "cause": "INTEGER", "rang": "INTEGER"}


def encode(entry: Entry) -> str:
    """Return the entry as a line for the queue."""
    return encode_json(entry).decode()


def decode(line: str) -> Entry:
    """Read a line of the queue."""
    return _decode_json(line)


class Ledger:
    """The database. Open it in the process that uses it: a handle does not survive a fork."""

    def __init__(self, db: sqlite3.Connection, keep: int = 200_000) -> None:
        self._db = db
        self._keep = keep

    @classmethod
    def writing(cls, path: Path, keep: int = 200_000) -> Self:
        """Open a database to write it, made when there is none; at most `keep` attempts stay."""
        db = sqlite3.connect(path, timeout=5)
        columns = ", ".join(f"{c} {_TYPES.get(c, 'TEXT')}" for c in _COLUMNS)
        with db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(f"CREATE TABLE IF NOT EXISTS attempts ({columns})")
            db.execute("CREATE INDEX IF NOT EXISTS attempts_call ON attempts (call)")
        return cls(db, keep)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open a database to read it only; sqlite3.Error when there is none."""
        db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)
        try:
            db.execute("SELECT 1 FROM attempts LIMIT 1")
        except sqlite3.Error:
            db.close()
            raise
        return cls(db)

    def add(self, entries: Iterable[Entry]) -> None:
        """Append entries, and drop the oldest beyond the bound."""
        marks = ", ".join("?" * len(_COLUMNS))
        with self._db:
            self._db.executemany(
                f"INSERT INTO attempts VALUES ({marks})",  # noqa: S608 - question marks only
                map(msgspec.structs.astuple, entries),
            )
            self._db.execute(
                "DELETE FROM attempts WHERE rowid <= (SELECT max(rowid) FROM attempts) - ?",
                (self._keep,),
            )

    def calls(self, last: int = 20) -> Iterator[tuple[Entry, ...]]:
        """Yield the newest calls, newest first, each as its attempts in order."""
        newest = self._db.execute(
            "SELECT call FROM attempts GROUP BY call ORDER BY max(rowid) DESC LIMIT ?", (last,)
        ).fetchall()
        for (call,) in newest:
            yield self.call(call)

    def call(self, call: str) -> tuple[Entry, ...]:
        """Return the attempts of one call, found by our identifier, or else the newest one with
        this Call-ID: the caller chose that, so it may be any text, and several calls' own.
        """
        rows = self._db.execute(
            "SELECT * FROM attempts WHERE call = coalesce("
            "(SELECT call FROM attempts WHERE call = ?1 LIMIT 1),"
            "(SELECT call FROM attempts WHERE call_id = ?1 ORDER BY rowid DESC LIMIT 1)"
            ") ORDER BY rowid",
            (call,),
        )
        return tuple(
            msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), Entry, strict=False)
            for row in rows
        )

    def close(self) -> None:
        """Close the database."""
        self._db.close()

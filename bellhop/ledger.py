"""The ledger of calls in a database: one row a call, one an attempt. One process writes it, outside
the workers; `bellhop calls` reads it.

Bounded: the oldest attempts go when there are more than `keep`, and with them the calls before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from bellhop import ledger_tables
from bellhop.databases import Database, Down, Refused, Sqlite, closed_if_it_fails
from bellhop.entries import LATE, Ending, Entry, decode, encode
from bellhop.health import SKIPPED
from bellhop.searches import Search

__all__ = ["KEEP", "Ending", "Entry", "Ledger", "Told", "decode", "encode"]

S = TypeVar("S", bound=msgspec.Struct)

KEEP = 200_000
_ATTEMPTS = tuple(field.name for field in msgspec.structs.fields(Entry))
_CALLS = tuple(field.name for field in msgspec.structs.fields(Ending))

# The names in these queries are our own, of the structures' fields; values go as values.
_SELECT_ATTEMPTS = f"SELECT {', '.join(_ATTEMPTS)} FROM attempts"  # noqa: S608
_SELECT_CALLS = f"SELECT {', '.join(_CALLS)} FROM calls"  # noqa: S608
# A call of which only an attempt is known yet, or of which nothing else was kept: no code.
_BEGUN = (
    "INSERT INTO calls (call, call_id, caller, dialled, at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (call) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A call as the ledger has it: its attempts in order, and how it ended; None while it goes on,
    or when that was not written down. at: Unix time of the end, or of what came last.
    """

    call: str
    call_id: str
    caller: str
    dialled: str
    at: float
    attempts: tuple[Entry, ...]
    ending: Ending | None

    @property
    def began(self) -> float:
        """Return the Unix time of the call's INVITE."""
        if self.ending is not None:
            return self.ending.at - self.ending.ms / 1000
        first = self.attempts[0] if self.attempts else None
        return first.at - (first.after_ms + first.ms) / 1000 if first else self.at

    @property
    def answered(self) -> bool:
        """Whether somebody took the call."""
        return any(entry.verdict == "answered" for entry in self.attempts)


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

    def __init__(self, db: Database, keep: int = KEEP) -> None:
        self._db = db
        self._keep = keep
        self._added = 0

    @classmethod
    def writing(cls, where: Path | Database, keep: int = KEEP) -> Self:
        """Open a ledger to write it, its tables made when there are none; at most about `keep`
        attempts stay. Raises databases.Down.
        """
        db: Database = Sqlite.writing(where) if isinstance(where, Path) else where
        with closed_if_it_fails(db), db.transaction():
            ledger_tables.make(db)
        return cls(db, keep)

    @classmethod
    def reading(cls, where: Path | Database) -> Self:
        """Open a ledger to read it only; databases.Down for none, or an earlier version's."""
        db: Database = Sqlite.reading(where) if isinstance(where, Path) else where
        with closed_if_it_fails(db):
            if ledger_tables.lack(db):
                raise Down("an earlier version's: the edge of this one extends it when it starts")
            for query in (_SELECT_ATTEMPTS, _SELECT_CALLS):
                db.ask(f"{query} LIMIT 1")
        return cls(db)

    def add(self, records: Iterable[Entry | Ending]) -> int:
        """Append records, all or none; those that the database takes in no way are left out, and
        their number is returned. Drops the oldest beyond the bound.
        """
        records = list(records)
        try:
            self._add(records)
        except Refused:
            return self._add_each(records)
        return 0

    def _add_each(self, records: list[Entry | Ending]) -> int:
        refused = 0
        for one in records:
            try:
                self._add([one])
            except Refused:
                refused += 1
        return refused

    def _add(self, records: list[Entry | Ending]) -> None:
        entries = [one for one in records if isinstance(one, Entry)]
        endings = [one for one in records if isinstance(one, Ending)]
        begun: dict[str, tuple[Any, ...]] = {}
        for one in records:
            begun.setdefault(one.call, (one.call, one.call_id, one.caller, one.dialled, one.at))
        with self._db.transaction():
            self._db.write(_BEGUN, begun.values())
            # The same record again, when nobody knows what a lost connection had done, is none.
            self._db.write(
                f"{_insert('attempts', _ATTEMPTS)} ON CONFLICT DO NOTHING",
                map(_row, entries),
            )
            self._db.write(_upsert("calls", _CALLS), map(_row, endings))
            self._added += len(records)
            if self._added >= max(1, self._keep // 100):
                self._added = 0
                self._forget()

    def _forget(self) -> None:
        for table in ("attempts", "calls"):
            last = self._db.ask(
                f"SELECT rowid FROM {table} ORDER BY rowid DESC LIMIT 1 OFFSET ?",  # noqa: S608
                (self._keep,),
            )
            self._db.write(f"DELETE FROM {table} WHERE rowid <= ?", last)  # noqa: S608
            if table == "attempts" and last:
                # The calls that began before the oldest attempt's have no attempt left.
                self._db.ask(
                    "DELETE FROM calls WHERE rowid < (SELECT rowid FROM calls WHERE call = "
                    "(SELECT call FROM attempts ORDER BY rowid LIMIT 1))"
                )

    def calls(
        self, last: int = 20, search: Search | None = None, unread: list[Refused] | None = None
    ) -> Iterator[Told]:
        """Yield the newest calls that are searched for, newest first. One that cannot be read is
        left out, and why goes to `unread`; without such a list it is raised.
        """
        where, values = search.where() if search else ("", ())
        query = f"{_SELECT_CALLS}{where} ORDER BY calls.rowid DESC LIMIT ?"
        for row in self._db.ask(query, (*values, last)):
            try:
                yield self._told(row)
            except Refused as error:
                if unread is None:
                    raise
                unread.append(error)

    def call(self, call: str) -> Told | None:
        """Return one call, found by our identifier, or else the newest one with this Call-ID: the
        caller chose that, so it may be any text, and several calls' own. None when there is none.
        """
        for column in ("call", "call_id"):
            query = f"{_SELECT_CALLS} WHERE {column} = ? ORDER BY rowid DESC LIMIT 1"
            for row in self._db.ask(query, (call,)):
                return self._told(row)
        return None

    def tallies(self, since: float) -> tuple[Tally, ...]:
        """Return what the attempts at carriers since a Unix time came to, counted."""
        rows = self._db.ask(
            "SELECT leg, verdict, rule, code, cause, count(*) FROM attempts "
            "WHERE at >= ? AND substr(leg, 1, 8) = 'carrier:' GROUP BY 1, 2, 3, 4, 5",
            (since,),
        )
        names = ("leg", "verdict", "rule", "code", "cause", "times")
        return tuple(Tally(**dict(zip(names, row, strict=True))) for row in rows)

    def failures(self, carrier: str, last: int) -> tuple[Entry, ...]:
        """Return a carrier's newest attempts that nobody answered, newest first."""
        query = (
            f"{_SELECT_ATTEMPTS} WHERE leg = ? AND verdict NOT IN (?, ?, ?) "
            "ORDER BY rowid DESC LIMIT ?"
        )
        rows = self._db.ask(query, (f"carrier:{carrier}", "answered", SKIPPED, LATE, last))
        return tuple(_record(Entry, dict(zip(_ATTEMPTS, row, strict=True))) for row in rows)

    def _told(self, row: tuple[Any, ...]) -> Told:
        call = dict(zip(_CALLS, row, strict=True))
        query = f"{_SELECT_ATTEMPTS} WHERE call = ? ORDER BY rowid"
        return Told(
            call=call["call"],
            call_id=call["call_id"],
            caller=call["caller"],
            dialled=call["dialled"],
            at=call["at"],
            attempts=tuple(
                _record(Entry, dict(zip(_ATTEMPTS, found, strict=True)))
                for found in self._db.ask(query, (call["call"],))
            ),
            ending=None if call["code"] is None else _record(Ending, call),
        )

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def _insert(table: str, columns: Iterable[str]) -> str:
    names = ", ".join(columns)
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names


def _upsert(table: str, columns: Iterable[str]) -> str:
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "call")
    return f"{_insert(table, columns)} ON CONFLICT (call) DO UPDATE SET {changed}"


def _row(record: msgspec.Struct) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__struct_fields__)


def _record(kind: type[S], row: dict[str, Any]) -> S:
    try:
        return msgspec.convert(row, kind, strict=False)
    except msgspec.ValidationError as error:  # a hand's
        raise Refused(f"a row of call {row['call']} cannot be read: {error}") from None

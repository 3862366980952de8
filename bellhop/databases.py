"""The databases that the ledger and the reports may be kept in, behind one small interface: SQLite
here, PostgreSQL in bellhop/postgresql.py. Queries are written once, with `?` for each value and
`rowid` for the order in which rows came.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from errno import ENOENT
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Protocol, Self
from urllib.parse import quote

Row = Sequence[Any]
Kind = type | UnionType


class Down(Exception):  # noqa: N818 - it says what the database is
    """The database cannot be reached, or is busy or full: the same may go through later."""


class Absent(Down):
    """There is no such file, or nothing is in it: nothing was written yet, or it is on another
    machine.
    """


class Refused(Exception):  # noqa: N818
    """The database takes none of these values, now or later."""


class Database(Protocol):
    """What a ledger and reports ask of their database; every method raises Down or Refused."""

    def transaction(self) -> AbstractContextManager[object]:
        """All that is written within is there, or nothing of it."""

    def write(self, query: str, rows: Iterable[Row]) -> None:
        """Run a query once for each row."""

    def ask(self, query: str, values: Row = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns; empty when there is no such table."""

    def kind(self, kind: Kind) -> str:
        """Return the database's type for values of a Python type."""

    def literal(self, value: object) -> str:
        """Return a default value, which is our own, as the database spells it."""

    def create(self, table: str, columns: str) -> None:
        """Make a table, with a rowid."""

    def close(self) -> None:
        """Close it."""


@contextmanager
def closed_if_it_fails(db: Database) -> Iterator[None]:
    """Close the database again when what is in the block fails: who opened it will try again, and
    again, and each time would leave one open.
    """
    try:
        yield
    except BaseException:
        db.close()
        raise


_KINDS: Mapping[Kind, str] = MappingProxyType(
    {
        str: "TEXT",
        str | None: "TEXT",
        int: "INTEGER",
        int | None: "INTEGER",
        float: "REAL",
        bool: "INTEGER",
    }
)


class Sqlite:
    """A file of SQLite's."""

    def __init__(self, db: sqlite3.Connection, path: Path | None = None) -> None:
        self._db = db
        self._path = path
        self._file = _file(path)

    @classmethod
    def writing(cls, path: Path) -> Self:
        """Open a file to write it, made when there is none."""
        with _Errors():
            # Whoever writes may do so in a thread of his own, one at a time.
            db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
            try:
                db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.Error:
                db.close()
                raise
        return cls(db, path)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open a file to read it only; Down when there is none."""
        try:
            path.open("rb").close()  # SQLite does not say why it cannot
        except OSError as error:
            raise (Absent if error.errno == ENOENT else Down)(str(error.strerror)) from None
        uri = f"file:{quote(str(path))}?mode=ro"
        with _Errors():
            db = sqlite3.connect(uri, uri=True, timeout=5)
            try:
                _filled(db)
            except sqlite3.OperationalError as error:
                db.close()
                # A backup, or of an edge that stands still, where we may write nothing beside it.
                busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if busy or Path(f"{path}-wal").exists():
                    raise
                db = sqlite3.connect(f"{uri}&immutable=1", uri=True)
                _filled(db)
            except sqlite3.Error:
                db.close()
                raise
        return cls(db)

    def transaction(self) -> AbstractContextManager[object]:
        """See Database."""
        if _file(self._path) != self._file:
            # SQLite would go on with a file that nobody finds any more, and say nothing.
            raise Down("the file was taken away, or another is in its place")
        return _Transaction(self._db)

    def write(self, query: str, rows: Iterable[Row]) -> None:
        """See Database."""
        with _Errors():
            self._db.executemany(query, rows)

    def ask(self, query: str, values: Row = ()) -> list[tuple[Any, ...]]:
        """See Database."""
        with _Errors():
            return self._db.execute(query, values).fetchall()

    def columns(self, table: str) -> set[str]:
        """See Database."""
        return {row[1] for row in self.ask(f"PRAGMA table_info({table})")}

    def kind(self, kind: Kind) -> str:
        """See Database."""
        return _KINDS[kind]

    def literal(self, value: object) -> str:
        """See Database."""
        return "NULL" if value is None else repr(int(value) if isinstance(value, bool) else value)

    def create(self, table: str, columns: str) -> None:
        """See Database; SQLite's tables have a rowid of their own."""
        self.ask(f"CREATE TABLE {table} ({columns})")

    def close(self) -> None:
        """See Database."""
        self._db.close()


def _file(path: Path | None) -> tuple[int, int] | None:
    """Return which file has this name, while somebody has it open; None when none has."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _filled(db: sqlite3.Connection) -> None:
    """Raise Absent for a file without a table: whoever writes has made it, and not yet begun."""
    if db.execute("PRAGMA schema_version").fetchone() == (0,):
        db.close()
        raise Absent("nothing is in it yet")


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        with _Errors():
            self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        with _Errors():
            if kind is None:
                self._db.execute("COMMIT")
            elif self._db.in_transaction:  # a full disk ends it by itself
                self._db.execute("ROLLBACK")


class _Errors:
    """SQLite's errors in the words of this module."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        match error:
            # A value that fits in no column: SQLite's integers have 64 bits, its texts are UTF-8.
            case (
                sqlite3.DataError()
                | sqlite3.IntegrityError()
                | OverflowError()
                | UnicodeEncodeError()
            ):
                raise Refused(str(error)) from error
            case sqlite3.Error():
                raise Down(str(error)) from error

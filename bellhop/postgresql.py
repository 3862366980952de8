"""A database in PostgreSQL, by psycopg 3, which is loaded only where a site has one.

Several edges may write their calls to one database. Its password, if it needs one, stands in the
file that `edge.ledger_dsn_file` or `pager.reports_dsn_file` names, never in site.toml.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any, Self

import psycopg

from bellhop.databases import Down, Kind, Refused, Row

# Seconds. The writer is a process of its own, but no reason to hang in it, or in `bellhop calls`.
_CONNECT = 3
_STATEMENT = 20
_SILENCE_MS = 5_000
# A server that stands still, or is gone after it has taken the question, runs into none of these.
_ANSWER = 30.0

_KINDS: Mapping[Kind, str] = MappingProxyType(
    {
        str: "TEXT",
        str | None: "TEXT",
        int: "BIGINT",
        int | None: "BIGINT",
        float: "DOUBLE PRECISION",
        bool: "BOOLEAN",
    }
)


class _Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is closed when an answer takes too long."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Return what comes of a question. Raises psycopg.Error."""
        end = time.monotonic() + (timeout or _ANSWER)
        try:
            return super().wait(gen, interval, timeout or _ANSWER)
        except psycopg.Error:
            if time.monotonic() < end:
                raise
            self.pgconn.finish()  # or it would wait as long for the transaction's end
            raise psycopg.OperationalError(f"no answer within {_ANSWER:g} s") from None


class Postgresql:
    """A connection."""

    def __init__(self, db: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._db = db

    @classmethod
    def connect(cls, dsn: str) -> Self:
        """Connect by libpq's connection string or URL. Raises Down."""
        with _errors():
            return cls(
                _Connection.connect(
                    dsn,
                    autocommit=True,
                    connect_timeout=_CONNECT,
                    application_name="bellhop",
                    # A peer that is gone without a word is noticed.
                    tcp_user_timeout=_SILENCE_MS,
                    options=f"-c statement_timeout={_STATEMENT}s",
                )
            )

    def transaction(self) -> AbstractContextManager[object]:
        """See databases.Database."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _errors(), self._db.transaction():
            yield

    def write(self, query: str, rows: Iterable[Row]) -> None:
        """See databases.Database. NUL, which no text there can hold, becomes U+2400, its sign."""
        found = [[_text(value) for value in row] for row in rows]
        with _errors(), self._db.cursor() as cursor:
            if found:
                cursor.executemany(_marks(query), found)

    def ask(self, query: str, values: Row = ()) -> list[tuple[Any, ...]]:
        """See databases.Database."""
        with _errors():
            cursor = self._db.execute(_marks(query), [_text(value) for value in values])
            return cursor.fetchall() if cursor.description else []

    def columns(self, table: str) -> set[str]:
        """See databases.Database."""
        query = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0"
        return {row[0] for row in self.ask(query, (table,))} - {"rowid"}

    def kind(self, kind: Kind) -> str:
        """See databases.Database."""
        return _KINDS[kind]

    def literal(self, value: object) -> str:
        """See databases.Database."""
        if isinstance(value, bool):
            return str(value).lower()
        return "NULL" if value is None else repr(value)

    def create(self, table: str, columns: str) -> None:
        """See databases.Database."""
        identity = "rowid BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        self.ask(f"CREATE TABLE {table} ({identity}, {columns})")

    def close(self) -> None:
        """See databases.Database."""
        self._db.close()


def _marks(query: str) -> bytes:
    return query.replace("?", "%s").encode()


def _text(value: Any) -> Any:
    return value.replace("\0", "\u2400") if isinstance(value, str) else value


@contextmanager
def _errors() -> Iterator[None]:
    """Tell psycopg's errors in the words of bellhop.databases."""
    try:
        yield
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise Refused(_said(error)) from error
    except psycopg.Error as error:
        raise Down(_said(error)) from error
    except UnicodeEncodeError as error:
        raise Refused(str(error)) from error


def _said(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__

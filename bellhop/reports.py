"""The database of pages' reports. Bounded: the oldest go."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec

from bellhop.databases import Database, Refused, Sqlite, closed_if_it_fails
from bellhop.report import Report, cut_off
from bellhop.values import shown

_encode, _decoder = msgspec.json.Encoder().encode, msgspec.json.Decoder(Report)
KEEP = 20_000
_COLUMNS = {
    "page": str,
    "started": str,
    "ended": str | None,
    "report": str,
    "refused": bool,
    "pager": str,
}
_STORE = (
    "INSERT INTO pages (page, started, ended, report, refused, pager) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (page) DO UPDATE SET"
    " ended = excluded.ended, report = excluded.report, refused = excluded.refused"
)
_SELECT = "SELECT rowid, page, report FROM pages"
_AT_ONCE = 100  # reports that are read at a time


class Reports:
    """The database of reports. A page is stored when it begins and again when it ends, so that one
    that was cut off is known as such. Whoever writes is one `pager` (its address): two may share a
    database, and neither ends what the other still runs. Every method raises databases.Down or
    databases.Refused.
    """

    def __init__(self, db: Database, keep: int = KEEP, pager: str = "") -> None:
        self._db = db
        self._keep = keep
        self._pager = pager
        self._stored = 0

    @classmethod
    def writing(cls, where: Path | Database, keep: int = KEEP, pager: str = "") -> Self:
        """Open it to write, made when there is none; about `keep` reports of pages stay, and as
        many of refused ones: however many are refused, none pushes out what a page came to.
        """
        db: Database = Sqlite.writing(where) if isinstance(where, Path) else where
        with closed_if_it_fails(db), db.transaction():
            _make(db)
        return cls(db, keep, pager)

    @classmethod
    def reading(cls, where: Path | Database) -> Self:
        """Open it to read only; Down when there is none."""
        db: Database = Sqlite.reading(where) if isinstance(where, Path) else where
        with closed_if_it_fails(db):
            db.ask("SELECT report FROM pages LIMIT 1")
        return cls(db)

    def store(self, *reports: Report) -> None:
        """Store reports, all or none of them, and drop the oldest beyond the bound."""
        with self._db.transaction():
            self._store(reports)
            self._stored += len(reports)
            if self._stored >= max(1, self._keep // 100):
                self._stored = 0
                self._forget()

    def _store(self, reports: Iterable[Report]) -> None:
        self._db.write(_STORE, [self._row(one) for one in reports])

    def _row(self, one: Report) -> tuple[object, ...]:
        text = _encode(one).decode()
        return one.page, one.started, one.ended, text, one.cause is not None, self._pager

    def _forget(self) -> None:
        for refused in (False, True):
            last = self._db.ask(
                "SELECT rowid FROM pages WHERE refused = ? ORDER BY rowid DESC LIMIT 1 OFFSET ?",
                (refused, self._keep),
            )
            drop = [(refused, rowid) for (rowid,) in last]
            self._db.write("DELETE FROM pages WHERE refused = ? AND rowid <= ?", drop)

    def get(self, page: str | None = None) -> Report | None:
        """Return one report; the newest page's when none is named."""
        if page is None:
            rows = self._db.ask(f"{_SELECT} ORDER BY rowid DESC LIMIT 1")
        else:
            rows = self._db.ask(f"{_SELECT} WHERE page = ?", (page,))
        return _decode(*rows[0][1:]) if rows else None

    def newest(self) -> Iterator[Report | Refused]:
        """Yield all reports, the newest first; of one that cannot be read, why."""
        rows = self._db.ask(f"{_SELECT} ORDER BY rowid DESC LIMIT ?", (_AT_ONCE,))
        while rows:
            yield from (_tried(page, text) for _, page, text in rows)
            older = (rows[-1][0], _AT_ONCE)
            rows = self._db.ask(f"{_SELECT} WHERE rowid < ? ORDER BY rowid DESC LIMIT ?", older)

    def close_open(self, ended: float, why: str) -> int:
        """End the reports of this pager's pages that nobody ended (it died); returns how many. One
        that cannot be read leaves no other open.
        """
        # Those of before there was a column are whoever's asks first.
        mine = f"{_SELECT} WHERE ended IS NULL AND pager IN (?, '')"
        asked = [_tried(page, text) for _, page, text in self._db.ask(mine, (self._pager,))]
        found = [one for one in asked if isinstance(one, Report)]
        with self._db.transaction():
            self._store(cut_off(one, ended, why) for one in found)
        for one in asked:
            if isinstance(one, Refused):
                raise one
        return len(found)

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def _decode(page: str, text: str) -> Report:
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError as error:  # a hand's, or a later version's
        raise Refused(f"the report of page {shown(page)} in it cannot be read: {error}") from None


def _tried(page: str, text: str) -> Report | Refused:
    """Return a report, or why it cannot be read: it holds up no other."""
    try:
        return _decode(page, text)
    except Refused as error:
        return error


def _is_refused(page: str, text: str) -> bool:
    """Whether a report is of a page that was refused, as far as it can be read."""
    found = _tried(page, text)
    return isinstance(found, Report) and found.cause is not None


def _make(db: Database) -> None:
    """Make the table, or add to that of an earlier version what it lacks."""
    known = db.columns("pages")
    if not known:
        declared = [f"{name} {db.kind(kind)}" for name, kind in _COLUMNS.items()]
        db.create("pages", f"{', '.join(declared)}, UNIQUE (page)")
        known = set(_COLUMNS)
    if "refused" not in known:
        db.ask(f"ALTER TABLE pages ADD COLUMN refused {db.kind(bool)} DEFAULT {db.literal(False)}")
        refused = [(True, page) for _, page, text in db.ask(_SELECT) if _is_refused(page, text)]
        db.write("UPDATE pages SET refused = ? WHERE page = ?", refused)
    if "pager" not in known:
        db.ask(f"ALTER TABLE pages ADD COLUMN pager {db.kind(str)} DEFAULT ''")
    db.ask("CREATE INDEX IF NOT EXISTS pages_refused ON pages (refused)")

"""Reports of pages: what a person and a program are told, and the database that keeps them."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import msgspec

from bellhop.pages import Outcome, Page


class MemberReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one member. answered_ms: since the page began."""

    device: str
    outcome: str
    answered_ms: int | None
    cause: int | None
    sip: int | None
    why: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page. started, ended: ISO 8601, UTC; ended is null while it runs. cause,
    why: of a page that was refused; cause is null, and why empty, for any other.
    """

    page: str
    zone: str
    leader: str
    started: str
    ended: str | None
    members: tuple[MemberReport, ...]
    cause: int | None = None
    why: str = ""

    def contract(self) -> dict[str, Any]:
        """Return it as the JSON contract has it."""
        return dict(msgspec.to_builtins(self))

    @property
    def played(self) -> tuple[MemberReport, ...]:
        """Return the members that played."""
        return tuple(m for m in self.members if m.outcome == Outcome.PLAYED)

    @property
    def incomplete(self) -> bool:
        """Return whether it was refused, or a member is known not to have played."""
        outcomes = {m.outcome for m in self.members}
        return self.cause is not None or not outcomes <= {Outcome.PLAYED, Outcome.SENT}

    def sentence(self) -> str:
        """Say it in one sentence: "2 of 3 played, in 812 ms; 1010 did not: no answer"."""
        if self.cause is not None:
            return f"refused: {self.why}"
        played = self.played
        known = [m for m in self.members if m.outcome != Outcome.SENT]
        said = f"{len(played)} of {len(known)} played"
        slowest = max((m.answered_ms or 0 for m in played), default=None)
        if slowest is not None:
            said += f", in {slowest} ms"
        sent = [m for m in self.members if m.outcome == Outcome.SENT]
        others = [m for m in self.members if m.outcome not in {Outcome.PLAYED, Outcome.SENT}]
        return "; ".join(
            [
                said,
                *(f"{m.device}: {m.why}" for m in sent),
                *(f"{m.device} did not: {m.why or m.outcome}" for m in others),
            ]
        )


def report(page: Page) -> Report:
    """Return the report of a page as it stands."""
    members = []
    for member in page.members.values():
        outcome, why = page.outcome(member)
        members.append(
            MemberReport(
                device=member.device,
                outcome=outcome,
                answered_ms=member.answered_ms,
                cause=member.cause,
                sip=member.sip,
                why=why,
            )
        )
    return Report(
        page=page.id,
        zone=page.zone,
        leader=page.leader,
        started=_iso(page.started),
        ended=_iso(page.ended) if page.ended is not None else None,
        members=tuple(members),
        cause=page.refusal.cause if page.refusal else None,
        why=page.refusal.why if page.refusal else "",
    )


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


FILE = "pages.db"  # in site.state
_decode = msgspec.json.Decoder(Report).decode


class Reports:
    """The database of reports: one writer, the pager. A page is stored when it begins and again
    when it ends, so that one that was cut off is known as such.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @classmethod
    def writing(cls, path: Path) -> Self:
        """Open it to write, made when there is none."""
        db = sqlite3.connect(path, timeout=5, check_same_thread=False)
        with db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(
                "CREATE TABLE IF NOT EXISTS pages"
                " (page TEXT PRIMARY KEY, started TEXT, ended TEXT, report TEXT)"
            )
        return cls(db)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Open it to read only; sqlite3.Error when there is none."""
        db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)
        db.execute("SELECT count(*) FROM pages")
        return cls(db)

    def store(self, one: Report, keep: int = 20_000) -> None:
        """Store a report, and drop the oldest beyond `keep`."""
        text = msgspec.json.encode(one).decode()
        with self._db:
            self._db.execute(
                "INSERT INTO pages VALUES (?, ?, ?, ?) ON CONFLICT (page)"
                " DO UPDATE SET ended = excluded.ended, report = excluded.report",
                (one.page, one.started, one.ended, text),
            )
            self._db.execute(
                "DELETE FROM pages WHERE rowid <= (SELECT max(rowid) FROM pages) - ?", (keep,)
            )

    def get(self, page: str | None = None) -> Report | None:
        """Return one report; the newest page's when none is named."""
        if page is None:
            query, arguments = "SELECT report FROM pages ORDER BY rowid DESC LIMIT 1", ()
        else:
            query, arguments = "SELECT report FROM pages WHERE page = ?", (page,)  # type: ignore[assignment]
        row = self._db.execute(query, arguments).fetchone()
        return _decode(row[0]) if row else None

    def newest(self) -> Iterator[Report]:
        """Yield all reports, the newest first."""
        rows = self._db.execute("SELECT report FROM pages ORDER BY rowid DESC")
        yield from (_decode(text) for (text,) in rows)

    def close_open(self, ended: float, why: str) -> int:
        """End the reports of pages that nobody ended (the pager died); returns how many."""
        rows = self._db.execute("SELECT report FROM pages WHERE ended IS NULL").fetchall()
        for (text,) in rows:
            one = _decode(text)
            members = tuple(
                msgspec.structs.replace(m, outcome=Outcome.FAILED, why=f"not known: {why}")
                for m in one.members
            )
            self.store(msgspec.structs.replace(one, ended=_iso(ended), members=members))
        return len(rows)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

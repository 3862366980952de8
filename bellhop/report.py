"""The report of a page: what a person and a program are told of it."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec

from bellhop.pages import Outcome, Page


class MemberReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one member. answered_ms, joined_ms: when it took the call, and first came into
    the room, since the page began. sent: RTP packets that went to it, null where Asterisk counts
    none; received: how many of these it got, by its own RTCP, null where it told nothing.
    """

    device: str
    outcome: str
    answered_ms: int | None
    cause: int | None
    sip: int | None
    why: str
    joined_ms: int | None = None
    sent: int | None = None
    received: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page. started, ended: ISO 8601, UTC; ended is null while it runs. cause,
    why: of a page that was refused; cause is null, and why empty, for any other. stopped_by: who
    ended it, when that was neither its leader nor its end. notes: what its leader's keys did.
    times: how often a message was played to its end.
    """

    page: str
    zone: str
    leader: str
    started: str
    ended: str | None
    members: tuple[MemberReport, ...]
    cause: int | None = None
    why: str = ""
    stopped_by: str = ""
    notes: tuple[str, ...] = ()
    times: int = 0

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
        """Say it in one sentence: "2 of 3 played, in 812 ms; 1010 did not: no answer"; of a page
        that still runs "goes on: 2 in the room; 1010 did not: no answer".
        """
        if self.cause is not None:
            return f"refused: {self.why}"
        if self.ended is None:
            return self._so_far()
        played = self.played
        known = [m for m in self.members if m.outcome != Outcome.SENT]
        said = f"{len(played)} of {len(known)} played"
        slowest = max((m.answered_ms or 0 for m in played), default=None)
        if slowest is not None:
            said += f", in {slowest} ms"
        if self.times > 1:
            said += f", {self.times} times"
        sent = [m for m in self.members if m.outcome == Outcome.SENT]
        others = [m for m in self.members if m.outcome not in {Outcome.PLAYED, Outcome.SENT}]
        return "; ".join(
            [
                said,
                *(f"{m.device}: {m.why}" for m in sent),
                *map(_did_not, others),
            ]
        )

    def _so_far(self) -> str:
        pending = Counter(m.why for m in self.members if m.outcome == Outcome.PENDING)
        others = [m for m in self.members if m.outcome not in _WELL]
        how = ", ".join(f"{count} {why}" for why, count in pending.items())
        return "; ".join([f"goes on: {how}" if how else "goes on", *map(_did_not, others)])


_WELL = frozenset({Outcome.PENDING, Outcome.PLAYED, Outcome.SENT})


def _did_not(member: MemberReport) -> str:
    return f"{member.device} did not: {member.why or member.outcome}"


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
                joined_ms=member.joined_ms,
                cause=member.cause,
                sip=member.sip,
                why=why,
                sent=member.sent,
                received=member.received,
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
        stopped_by=page.stopped_by,
        notes=page.notes,
        times=page.times,
    )


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def cut_off(one: Report, ended: float, why: str) -> Report:
    """Return the report of a page that nobody has watched to its end. Who had not come by then, or
    was out of the zone, is known.
    """
    members = tuple(
        m
        if m.outcome in {Outcome.FAILED, Outcome.OUT}
        else msgspec.structs.replace(m, outcome=Outcome.FAILED, why=f"not known: {why}")
        for m in one.members
    )
    return msgspec.structs.replace(one, ended=_iso(ended), members=members)

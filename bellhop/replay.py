"""What a profile would have made of calls that are over: which of them would have gone another way.

A call is followed as far as the ledger knows it: up to the first attempt that the profile decides
otherwise. What the carrier that was never asked would have said, nobody knows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bellhop import policy
from bellhop.entries import Entry
from bellhop.finals import FOLLOWED
from bellhop.profiles import Profile
from bellhop.recursion import Decision, Failure, Verdict, decide
from bellhop.redirects import REFUSED

_ANSWERED = "answered"
_CANCELLED = "caller-cancelled"
# An attempt that could not be sent was never decided on: the search went on by itself.
_RULES = frozenset(row.rule for row in policy.ROWS) | {FOLLOWED, REFUSED}
_FOLLOW = "follow"
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """The attempt from which on a call would have gone another way.

    was, would: the verdicts; `follow` is a redirect that is not told to the caller.
    lost: a later carrier answered the call, and would not have been asked. saved: how many later
    attempts there would not have been.
    """

    entry: Entry
    decision: Decision
    was: str
    would: str
    lost: bool
    saved: int


@dataclass(slots=True, kw_only=True)
class Group:
    """The turns with the same rule before and after: how many, and some calls to look at."""

    was: tuple[str, str]
    would: tuple[str, str]
    source: str
    calls: int = 0
    lost: int = 0
    saved: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Replay:
    """What came of a replay. legs: whom the calls were tried at; conflicts: by code and cause, how
    many attempts had them, and how many of those the profile decides otherwise.
    """

    calls: int = 0
    attempts: int = 0
    legs: set[str] = field(default_factory=set)
    groups: dict[tuple[tuple[str, str], tuple[str, str], str], Group] = field(default_factory=dict)
    conflicts: dict[tuple[int, int], Counter[str]] = field(default_factory=dict)

    @property
    def turned(self) -> int:
        """Return how many calls would have gone another way."""
        return sum(group.calls for group in self.groups.values())


def failure(entry: Entry) -> Failure:
    """Return how an attempt ended, as the decision saw it."""
    return Failure(
        entry.code,
        cause=entry.cause,
        location=entry.location,
        conflicting=entry.conflicting,
        rang=entry.rang,
        cancelled=entry.rule == _CANCELLED,
        replied=entry.replied,
        trusted=entry.trusted,
    )


def turn(attempts: Sequence[Entry], profile: Profile, leg: str = "") -> Turn | None:
    """Return where a call would have gone another way; None when it would not have.

    leg: only attempts at it are the profile's: `carrier:north`, or `carrier:` for all of a kind.
    """
    attempts = [one for one in attempts if one.attempt]  # a leg that was out has the number 0
    earlier: list[Failure] = []
    for place, entry in enumerate(attempts):
        if entry.verdict == _ANSWERED:
            return None
        what = failure(entry)
        if entry.rule in _RULES and is_at(entry.leg, leg):
            said = decide(what, profile, earlier)
            was = _FOLLOW if entry.rule in {FOLLOWED, REFUSED} else entry.verdict
            would = said.verdict.value
            if said.verdict is Verdict.REDIRECT and profile.redirect == _FOLLOW:
                would = _FOLLOW
            if was != would:
                ends = would in {Verdict.STOP, Verdict.REDIRECT}
                later = attempts[place + 1 :]
                return Turn(
                    entry,
                    said,
                    was,
                    would,
                    lost=ends and any(one.verdict == _ANSWERED for one in later),
                    saved=len(later) if ends else 0,
                )
        earlier.append(what)
    return None


def is_at(there: str, leg: str) -> bool:
    """Whether a leg is the one that is looked at, or of that kind: north is not north-east."""
    return there == leg if leg.partition(":")[2] else there.startswith(leg)


def replay(calls: Iterable[Sequence[Entry]], profile: Profile, leg: str = "") -> Replay:
    """Replay calls, each as its attempts in order."""
    came = Replay()
    for attempts in calls:
        came.calls += 1
        came.attempts += sum(1 for one in attempts if one.attempt)
        came.legs |= {one.leg for one in attempts if one.attempt}
        found = turn(attempts, profile, leg)
        if found is not None:
            _count(came, found)
        for entry in attempts:
            if entry.conflict and entry.code is not None and entry.cause is not None:
                otherwise = found is not None and entry is found.entry
                counts = came.conflicts.setdefault((entry.code, entry.cause), Counter())
                counts["attempts"] += 1
                counts["otherwise"] += otherwise
    return came


def _count(came: Replay, found: Turn) -> None:
    was = (found.was, found.entry.rule)
    would = (found.would, found.decision.rule)
    source = found.decision.source
    group = came.groups.setdefault((was, would, source), Group(was=was, would=would, source=source))
    group.calls += 1
    group.lost += found.lost
    group.saved += found.saved
    if len(group.examples) < _EXAMPLES:
        group.examples.append(found.entry.call)

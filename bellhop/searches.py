"""What to look for in the ledger: every condition that is given must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bellhop.finals import FINAL_CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Conditions on a call, and on one of its attempts (the same one for all of them).

    caller: as the ledger spells it. dialled: leading digits. since, until: Unix times of its end.
    answered: True for those that somebody took, False for the others that have ended.
    carrier (or trunk:NAME, device:NUMBER), code, cause, verdict: of an attempt.
    conflicts: the attempt's code and cause are in conflict (bellhop/conflicts.py).
    """

    caller: str = ""
    dialled: str = ""
    since: float | None = None
    until: float | None = None
    answered: bool | None = None
    carrier: str = ""
    code: int | None = None
    cause: int | None = None
    verdict: str = ""
    conflicts: bool = False

    def where(self) -> tuple[str, tuple[Any, ...]]:
        """Return the condition on a row of `calls`, and its values; an empty one for none."""
        calls = list(self._calls())
        attempts = list(self._attempts())
        conditions = [condition for condition, _ in calls]
        if attempts:
            inner = " AND ".join(condition for condition, _ in attempts)
            found = f"SELECT 1 FROM attempts a WHERE a.call = calls.call AND {inner}"  # noqa: S608
            conditions.append(f"EXISTS ({found})")
        values = tuple(value for _, some in (*calls, *attempts) for value in some)
        return (" WHERE " + " AND ".join(conditions) if conditions else ""), values

    def _calls(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        if self.caller:
            yield "caller = ?", (self.caller,)
        if self.dialled:
            # `+44` and `44` are the same number; substr compares as it is, LIKE would fold case.
            digits = self.dialled.removeprefix("+")
            yield (
                "(substr(dialled, 1, ?) = ? OR substr(dialled, 1, ?) = ?)",
                (len(digits), digits, len(digits) + 1, f"+{digits}"),
            )
        if self.since is not None:
            yield "at >= ?", (self.since,)
        if self.until is not None:
            yield "at < ?", (self.until,)
        if self.answered is not None:
            low, high = (200, 300) if self.answered else (FINAL_CODES.start, FINAL_CODES.stop)
            yield "calls.code >= ? AND calls.code < ?", (low, high)

    def _attempts(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        if self.carrier:
            spelled = self.carrier if ":" in self.carrier else f"carrier:{self.carrier}"
            yield "a.leg = ?", (spelled,)
        if self.code is not None:
            yield "a.code = ?", (self.code,)
        if self.cause is not None:
            yield "a.cause = ?", (self.cause,)
        if self.verdict:
            yield "a.verdict = ?", (self.verdict,)
        if self.conflicts:
            yield "a.conflict = ?", (True,)

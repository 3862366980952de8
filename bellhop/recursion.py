"""Whether the next carrier is tried after a failed attempt: the decision, and nothing else.

`decide` is pure and total. What it decides by stands in `data/recursion.tsv`, in order: the first
row that fits the failure wins. A row whose verdict is `code` says that the cause tells nothing
there, and hands on to the rows below, which look at the code alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum

from bellhop import causes, policy, reason
from bellhop.profiles import CARRIER, Profile

PROVISIONAL = range(100, 200)


class Verdict(StrEnum):
    """What happens after a failed attempt."""

    ADVANCE = "advance"
    STOP = "stop"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class Failure:
    """How one attempt ended.

    code: the final reply's; None when there was none.
    cause: the Q.850 cause beside it (1..127), location: RFC 8606's, both from bellhop.reason.
    conflicting: it carried two Q.850 causes that differ, so `cause` is None.
    rang: a 180 to 183 had come. cancelled: the caller gave up.
    replied: the peer sent a final reply (a mere 100 or 18x is none; nor is our own timeout).
    trusted: this peer's Reason headers are believed (RFC 6432 leaves that to local policy).
    """

    code: int | None
    _: KW_ONLY
    cause: int | None = None
    location: str | None = None
    conflicting: bool = False
    rang: bool = False
    cancelled: bool = False
    replied: bool = True
    trusted: bool = True

    def with_reason(self, header: str | Iterable[str]) -> "Failure":
        """Return this failure with what the bodies of the reply's Reason headers say."""
        said = reason.q850(reason.parse(header))
        return replace(self, cause=said.cause, location=said.location, conflicting=said.conflicting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and why.

    rule: a stable name, fit for a metric's label and the ledger. why: one line for people.
    source: where the rule comes from.
    """

    verdict: Verdict
    rule: str
    why: str
    source: str


def decide(
    failure: Failure, profile: Profile = CARRIER, earlier: Sequence[Failure] = ()
) -> Decision:
    """Decide on one failed attempt; `earlier` are the same call's attempts before it, in order.

    Never raises. Bounds (attempts, time budget, carrier state) come after it and are not its own.
    """
    facts = _facts(failure, profile, earlier)
    trusted = failure.cause if failure.trusted else None
    said = _besides(failure)
    for row in policy.ROWS:
        if not row.fits(failure.code, trusted, facts):
            continue
        if row.verdict == policy.CODE_DECIDES:
            said = f"cause {_title(failure.cause)}: {row.why}"
            continue
        return Decision(
            verdict=Verdict(row.verdict),
            rule=row.rule,
            why=_why(row, failure, said),
            source=row.source,
        )
    raise AssertionError("the policy's last row fits everything")  # kept so by policy's reader


def _facts(failure: Failure, profile: Profile, earlier: Sequence[Failure]) -> frozenset[str]:
    """Return the words of the policy's `when` column that are true of this attempt."""
    code, cause = failure.code, failure.cause if failure.trusted else None
    final = failure.replied and code is not None and code not in PROVISIONAL
    facts = {f"on-480={profile.on_480}", f"redirect={profile.redirect}"}
    if failure.trusted and failure.location is not None:
        facts.add(f"location={failure.location}")
    for word, true in (
        ("cancelled", failure.cancelled),
        ("no-final-reply", not final),
        ("rang", failure.rang),
        ("profile-stops", code in profile.stop_codes),
        ("refine-5xx", profile.refine_5xx),
        ("trust-6xx", profile.trust_6xx),
        ("code-again", any(e.replied and e.code == code for e in earlier)),
        ("cause-again", any(e.trusted and e.cause == cause for e in earlier)),
    ):
        if true:
            facts.add(word)
    return frozenset(facts)


def _title(cause: int | None) -> str:
    return "none" if cause is None else causes.title(cause)


def _besides(failure: Failure) -> str:
    """Return what is to be said of the cause when no row spoke for it."""
    if failure.conflicting:
        return "two Q.850 causes that differ, so none counts"
    if failure.cause is None:
        return "no Q.850 cause"
    if not failure.trusted:
        return f"cause {failure.cause} is not believed: this peer's Reason is not trusted"
    if failure.cause in policy.CAUSES:
        return f"beside cause {_title(failure.cause)}"
    return f"cause {_title(failure.cause)}: nothing is known of it"


def _why(row: policy.Row, failure: Failure, said: str) -> str:
    why = row.why.replace("{code}", str(failure.code))
    if row.causes:
        return f"cause {_title(failure.cause)}: {why}"
    if row.asks_cause:
        return f"{why} ({said})"
    if failure.cause is not None and failure.replied:
        return f"{why} (cause {_title(failure.cause)} does not count here)"
    return why

"""Whether the next carrier is tried after a failed attempt: the decision, and nothing else.

`decide` is pure and total. What it decides by stands in `data/recursion.tsv`, in order: the first
row that fits the failure wins. A row whose verdict is `code` says that the cause tells nothing
there, and hands on to the rows below, which look at the code alone. What a profile's lists say
is asked where the file has `profile-stop-code` and its like: docs/recursion.md has the order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum

from bellhop import causes, policy, reason
from bellhop.profiles import CARRIER, Entry, Profile, settings

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
    heeded: the profile that decided lets causes count (its trust_reason).
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
    heeded: bool = True

    @property
    def believed(self) -> bool:
        """Whether its cause tells anything here."""
        return self.trusted and self.heeded

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
    believed = failure.trusted and profile.trust_reason
    cause = failure.cause if believed else None
    location = failure.location if believed else None
    by_code = profile.of_code(failure.code) if failure.code is not None else None
    by_cause = profile.of_cause(cause, location) if cause is not None else None
    by_both = None
    if failure.code is not None and cause is not None:
        by_both = profile.of_both(failure.code, cause, location)
    facts = _facts(failure, profile, earlier, cause)
    if by_both is not None:
        facts.add(f"both-{by_both.verdict}")
    if by_code is not None:
        facts.add("code-stops" if by_code.verdict == "stop" else "code-advances")
    if by_cause is not None:
        facts.add("cause-stops" if by_cause.verdict == "stop" else "cause-advances")
    if location is not None:
        facts.add(f"location={location}")
    said = _besides(failure, profile)
    for row in policy.rows(failure.code, cause):
        if not row.holds(facts):
            continue
        if row.verdict == policy.CODE_DECIDES:
            said = f"cause {_title(failure.cause)}: {row.why}"
            continue
        return Decision(
            verdict=Verdict(row.verdict),
            rule=row.rule,
            why=_why(row, failure, said),
            source=_source(row, profile, by_both or by_code, by_cause),
        )
    raise AssertionError("the policy's last row fits everything")  # kept so by policy's reader


def _facts(
    failure: Failure, profile: Profile, earlier: Sequence[Failure], cause: int | None
) -> set[str]:
    """Return the words of the policy's `when` column that are true of this attempt, but for those
    of lists and locations.
    """
    code = failure.code
    final = failure.replied and code is not None and code not in PROVISIONAL
    facts = settings(profile)
    for word, true in (
        ("cancelled", failure.cancelled),
        ("no-final-reply", not final),
        ("rang", failure.rang),
    ):
        if true:
            facts.add(word)
    for one in earlier:
        if one.replied and one.code == code:
            facts.add("code-again")
        if one.believed and one.cause == cause:
            facts.add("cause-again")
    return facts


def _source(row: policy.Row, profile: Profile, code: Entry | None, cause: Entry | None) -> str:
    if not row.setting:
        return row.source
    if row.setting in {"stop", "advance"} and code is not None:
        return code.source
    if row.setting in {"stop_causes", "advance_causes"} and cause is not None:
        return cause.source
    return profile.origin(row.setting)


def _title(cause: int | None) -> str:
    return "none" if cause is None else causes.title(cause)


def _besides(failure: Failure, profile: Profile) -> str:
    """Return what is to be said of the cause when no row spoke for it."""
    if failure.conflicting:
        return "two Q.850 causes that differ, so none counts"
    if failure.cause is None:
        return "no Q.850 cause"
    if not failure.trusted:
        return f"cause {failure.cause} is not believed: this peer's Reason is not trusted"
    if not profile.trust_reason:
        return f"cause {failure.cause} does not count in this profile (trust_reason)"
    if failure.cause in policy.CAUSES:
        return f"beside cause {_title(failure.cause)}"
    return f"cause {_title(failure.cause)}: nothing is known of it"


def _why(row: policy.Row, failure: Failure, said: str) -> str:
    why = row.why.replace("{code}", str(failure.code))
    if "{cause}" in why:
        return why.replace("{cause}", _title(failure.cause))
    if row.causes:
        return f"cause {_title(failure.cause)}: {why}"
    if row.asks_cause:
        return f"{why} ({said})"
    if failure.cause is not None and failure.replied:
        return f"{why} (cause {_title(failure.cause)} does not count here)"
    return why

"""What is counted for Prometheus. Every label has a value of a closed set, so that neither a peer
nor a caller can make up new ones: names of the site, codes that are known, causes 1 to 127.
"""

from bellhop.calls import Call, Leg, LegKind
from bellhop.entries import Ending, Entry
from bellhop.finals import CODES
from bellhop.reason import CAUSES
from kemi import ksr_metrics

_ATTEMPTS = "bellhop_attempts_total"
_SKIPPED = "bellhop_skipped_total"
_CONFLICTS = "bellhop_conflicts_total"
_CALLS = "bellhop_calls_total"
_LOST = "bellhop_ledger_lost_total"
_DELAY = "bellhop_post_dial_delay_seconds"
_PENDING = "bellhop_ledger_pending"


def attempt(leg: Leg, entry: Entry) -> None:
    """Count an attempt that has ended."""
    carrier, cause = peer(leg), _cause(entry.cause)
    ksr_metrics.count(_ATTEMPTS, carrier, cause, entry.verdict)
    if entry.conflict:
        ksr_metrics.count(_CONFLICTS, carrier, code(entry.code), cause)


def skipped(leg: Leg, entry: Entry) -> None:
    """Count a leg that was out, by the rule."""
    ksr_metrics.count(_SKIPPED, peer(leg), entry.rule)


def call(ending: Ending) -> None:
    """Count a call by what its caller got."""
    ksr_metrics.count(_CALLS, code(ending.code))


def lost(where: str) -> None:
    """Count what the ledger will not have: `queue` where it was full, `writer` where the writer
    could keep no more, `database` where it refused the record.
    """
    ksr_metrics.count(_LOST, where)


def pending(records: int) -> None:
    """Show how many records the writer holds that the database has not taken."""
    ksr_metrics.show(_PENDING, records)


def delay(call: Call, now: int) -> None:
    """Note the post-dial delay: from the caller's INVITE to the first 18x or the answer, which came
    from the current leg.
    """
    ksr_metrics.observe(_DELAY, (now - call.started) / 1000, peer(call.leg))


def peer(leg: Leg) -> str:
    """Return the label of who was tried: a carrier's name; devices are one together, by their kind
    (a site has thousands), and no carrier's name has a colon.
    """
    match leg.kind:
        case LegKind.CARRIER:
            return leg.name
        case LegKind.TRUNK:
            return f"trunk:{leg.name}"
        case kind:
            return f"{kind}:"


def code(number: int | None) -> str:
    """Return the label of a SIP code: itself, or its class where nobody knows it."""
    if number is None:
        return "none"
    known = 200 <= number < 300 or number in CODES
    return str(number) if known else f"{min(max(number // 100, 0), 9)}xx"


def _cause(number: int | None) -> str:
    return str(number) if number in CAUSES else "none"

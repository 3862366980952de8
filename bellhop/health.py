"""A carrier's health: what an attempt says of its gateway, the breaker that remembers it, and which
legs of a call are out, and why. Pure: clocks are arguments, and the state is a value.

A gateway's breaker is *closed* (calls go), *open* until a time (none do), and then *half-open*: one
call at a time, whatever process it is in, tries the gateway. Any sign of life closes it; another
fault opens it for longer, up to a bound.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum

import msgspec

from bellhop.recursion import Failure

# RFC 3261 §20.33 lets a Retry-After be years; a carrier that says one by mistake is asked again.
LONGEST_RETRY_AFTER = 3_600_000  # ms
LONGEST_PAUSE = 600_000  # ms
# What a caller is told at most (s): a 503 with Retry-After stops all its calls (§21.5.4), not those
# to these carriers alone.
LONGEST_TOLD = 30
# How long a trial may stay undecided beyond its answer_timeout (ms): then its process has died.
_TRIAL_GRACE = 5_000

# delta-seconds [comment] *(";" retry-param)
_RETRY_AFTER = re.compile(r"[ \t]*([0-9]{1,20})[ \t]*(?:[(;].*)?", re.ASCII | re.DOTALL)
# Causes beside a 403 by which a carrier refuses us, and not this call: rejected, not subscribed,
# not authorised. Any other one (1, 17, 28 …) is of the number that was called.
_OF_US = frozenset({None, 21, 50, 57})


class Hand(StrEnum):
    """What a human has set for a carrier. drain: it gets no new calls; those that are there go on,
    its own calls are taken, and it is probed. block: nothing at all is begun with it in either
    direction; calls that are there go on.
    """

    ALLOW = "allow"
    DRAIN = "drain"
    BLOCK = "block"


class Kind(Enum):
    """What an outcome is to the breaker."""

    LIFE = "life"
    FAULT = "fault"
    AWAY = "away"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt says of its gateway. why: a stable word; pause: ms that it asks for."""

    kind: Kind
    why: str = ""
    pause: int = 0


class Out(StrEnum):
    """Why a leg is skipped: the rule's name in the ledger."""

    DRAINED = "drained"
    BLOCKED = "blocked"
    PROBE_DOWN = "probe-down"
    BREAKER_OPEN = "breaker-open"
    CALLS_LIMIT = "calls-limit"
    RATE_LIMIT = "rate-limit"


# A skipped leg's verdict in the ledger.
SKIPPED = "skipped"
WHY = {
    Out.DRAINED: "drained by hand",
    Out.BLOCKED: "blocked by hand",
    Out.PROBE_DOWN: "its gateway does not answer OPTIONS",
    Out.BREAKER_OPEN: "its gateway failed, and is left alone for a while",
    Out.CALLS_LIMIT: "it has as many calls as it may",
    Out.RATE_LIMIT: "it has got as many calls this second as it may",
}


class Breaker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One gateway's breaker. Times are ms of the monotonic clock that all processes share.

    faults: in a row. opened: how often in a row it opened. until: open until then, 0 when closed.
    trial: when the trial under way began, 0 without one. why: what opened it. at: when that was, as
    Unix time, and pause: for how many ms; both for people.
    """

    faults: int = 0
    opened: int = 0
    until: int = 0
    trial: int = 0
    why: str = ""
    at: float = 0
    pause: int = 0


CLOSED = Breaker()


def hand_key(carrier: str) -> str:
    """Return where a carrier's hand state is kept."""
    return f"hand:{carrier}"


def gateway_key(carrier: str, address: str) -> str:
    """Return where the breaker of one of its gateways is kept."""
    return f"gateway:{carrier}/{address}"


def retry_after(header: str) -> int | None:
    """Return the ms that a Retry-After asks for, bounded; None when it says nothing that can be
    obeyed: it is malformed, or 0.
    """
    found = _RETRY_AFTER.fullmatch(header)
    seconds = int(found[1]) if found else 0
    return min(seconds * 1_000, LONGEST_RETRY_AFTER) or None


def outcome(
    failure: Failure | None, *, asked_away: int | None = None, credentials: bool = False
) -> Outcome:
    """Return what an attempt says of its gateway; no failure: it was answered.

    asked_away: ms of its Retry-After. credentials: whether it has had ours.
    A 503 without Retry-After is a 500 (RFC 3261 §21.5.4), and any final answer is life: it cost no
    time. Our timer after a mere 100 is silence all the same: that cost the caller its patience.
    """
    if failure is not None and failure.code == 503 and asked_away:
        return Outcome(Kind.AWAY, "retry-after", asked_away)
    if failure is None or failure.rang:
        return Outcome(Kind.LIFE)
    if not failure.replied or failure.code is None:
        # A caller that hangs up early says nothing of a carrier.
        return Outcome(Kind.NOTHING) if failure.cancelled else Outcome(Kind.FAULT, "silence")
    if credentials and failure.code in {401, 407}:
        return Outcome(Kind.FAULT, "credentials-refused")
    cause = failure.cause if failure.believed else None
    if credentials and failure.code == 403 and cause in _OF_US:
        return Outcome(Kind.FAULT, "credentials-refused")
    return Outcome(Kind.LIFE)


def asked(breaker: Breaker, now: int, answer_timeout: int) -> tuple[bool, Breaker]:
    """Return whether a call may go to the gateway now, and the breaker then: a call that may go
    through one whose pause is over is its trial.
    """
    if not breaker.until:
        return True, breaker
    lease = answer_timeout + _TRIAL_GRACE
    if now < breaker.until or (breaker.trial and now < breaker.trial + lease):
        return False, breaker
    return True, msgspec.structs.replace(breaker, trial=now)


def after(
    breaker: Breaker,
    seen: Outcome,
    *,
    began: int,
    now: int,
    at: float,
    faults: int,
    pause: int,
) -> Breaker:
    """Return the breaker after an attempt that began at `began`. at: the same moment as `now`, as
    Unix time. faults: so many in a row open it, 0: they never do; pause: for how long, at first.

    An attempt from before the breaker opened may end when it is open: its fault makes nothing
    longer, and its life does not end a Retry-After.
    """
    trial = bool(breaker.trial) and began >= breaker.trial
    match seen.kind:
        case Kind.NOTHING:
            return msgspec.structs.replace(breaker, trial=0) if trial else breaker
        case Kind.LIFE:
            kept = breaker.why == "retry-after" and not trial
            return breaker if kept else CLOSED
        case Kind.AWAY:
            longest = max(seen.pause, breaker.until - now)
            return _open(seen.why, now, at, longest, breaker.opened)
        case Kind.FAULT if trial:
            longer = min(pause << min(breaker.opened, 16), max(pause, LONGEST_PAUSE))
            return _open(seen.why, now, at, longer, breaker.opened + 1)
        case Kind.FAULT if breaker.until:
            return breaker
        case Kind.FAULT:
            counted = breaker.faults + 1
            if faults and counted >= faults:
                return _open(seen.why, now, at, pause, 1)
            return msgspec.structs.replace(breaker, faults=counted) if faults else breaker


def _open(why: str, now: int, at: float, pause: int, opened: int) -> Breaker:
    return Breaker(opened=opened, until=now + pause, why=why, at=at, pause=pause)


def why_out(hand: Hand, *, probed_down: bool) -> Out | None:
    """Return why a leg is out before its breaker and limits are asked; None when it is not."""
    match hand:
        case Hand.DRAIN:
            return Out.DRAINED
        case Hand.BLOCK:
            return Out.BLOCKED
        case Hand.ALLOW:
            return Out.PROBE_DOWN if probed_down else None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A leg that was out. wait: ms until it may be tried again, 0 when nobody can know."""

    leg: int
    out: Out
    wait: int = 0

    @property
    def why(self) -> str:
        """Return one line for people."""
        return WHY[self.out]


def told(skipped: tuple[Skipped, ...]) -> tuple[int, int | None]:
    """Return the Q.850 cause and the Retry-After (s) for a caller all of whose legs were out.

    The most hopeful leg speaks: at its limit is 34 (no circuit available: a moment's matter), down
    is 41 (a temporary failure), out by hand alone is 38 (out of order, likely for long), which has
    no Retry-After, for nobody knows when.
    """
    outs = {one.out for one in skipped}
    if outs & {Out.CALLS_LIMIT, Out.RATE_LIMIT}:
        return 34, 1 if Out.RATE_LIMIT in outs else 5
    if outs <= {Out.DRAINED, Out.BLOCKED}:
        return 38, None
    waits = [one.wait for one in skipped if one.wait]
    return 41, min(-(-min(waits, default=LONGEST_TOLD * 1_000) // 1_000), LONGEST_TOLD)

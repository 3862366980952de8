"""One call on its way to somebody who answers: its legs in order, the attempts so far, and what may
be tried next. Pure: the clock's value is an argument, and what happened comes in as values.

A call ends after at most `attempts` attempts and `budget` ms, and no leg is tried twice: `next_leg`
walks forward only.
"""

from collections.abc import Callable
from enum import Enum, StrEnum

import msgspec

from bellhop.recursion import Failure, Verdict

# Less than this is no attempt: the INVITE would be cancelled before a far end had parsed it.
SHORTEST_ATTEMPT = 200


class LegKind(StrEnum):
    """What a leg leads to."""

    CARRIER = "carrier"
    DEVICE = "device"
    TRUNK = "trunk"
    PBX = "pbx"


class Leg(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place to send the INVITE to.

    name: the carrier's, trunk's or device's; user: the number in the request URI.
    address: host:port of one gateway; "" for a device (its registration tells), and for a name that
        nobody has resolved. host: what stands behind the number in the request URI; the address
        when empty.
    answer_timeout, ring_timeout: ms. first_reply: ms until any reply, a 100 too; 0: no limit of its
        own.
    trusted: whether its Reason headers are believed.
    profile: the leg's own profile; the call's when empty.
    headers: lines that go to this leg alone. sender: the URI in its From; "" for the caller's own.
    early_media: pass or suppress (kemi/early.py).
    alone_503: a 503 from here says nothing of this peer's further gateways.
    redirected: a redirect that was followed leads here (bellhop/redirects.py), so it may be another
        gateway or number of a carrier that has been tried.
    """

    kind: LegKind
    name: str
    user: str
    address: str = ""
    host: str = ""
    first_reply: int = 0
    answer_timeout: int
    ring_timeout: int
    trusted: bool = False
    profile: str = ""
    headers: tuple[str, ...] = ()
    sender: str = ""
    early_media: str = "pass"
    alone_503: bool = False
    redirected: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One leg that was tried, and how it ended; times are ms on the call's clock. ring: how many ms
    after its start the first 18x came; -1 without one. challenged: it asked for credentials, and
    got them. repair: what its reply says of how to do better (finals.Code.repair).
    """

    leg: int
    started: int
    ended: int = -1
    rang: bool = False
    ring: int = -1
    failure: Failure | None = None
    verdict: str = ""
    rule: str = ""
    challenged: bool = False
    repair: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call in progress. started: ms of the monotonic clock, which all processes of a host share;
    deadline: when no further attempt may begin, and none go on without an answer.
    call_id: its Call-ID, cut where it is longer than anybody needs.
    privacy: what the caller asked so that nobody learns who he is (RFC 3323), "id" in it; "" when
    he did not.
    reason_to_caller: which Reason its caller gets (bellhop/finals.py).
    prefix: of the route that it goes by; "" when it goes by none.
    """

    id: str
    caller: str
    dialled: str
    profile: str
    started: int
    deadline: int
    attempts_allowed: int
    legs: tuple[Leg, ...]
    attempts: tuple[Attempt, ...] = ()
    privacy: str = ""
    reason_to_caller: str = "relay"
    prefix: str = ""
    call_id: str = ""

    @property
    def current(self) -> Attempt:
        """Return the attempt under way, or the last one."""
        return self.attempts[-1]

    @property
    def leg(self) -> Leg:
        """Return the leg of the attempt under way."""
        return self.legs[self.attempts[-1].leg]

    def profile_of(self, leg: Leg) -> str:
        """Return the name of the profile that decides on a leg: its own, else the call's."""
        return leg.profile or self.profile

    @property
    def rang(self) -> bool:
        """Return whether an attempt that has ended had rung: the caller has heard something."""
        return any(attempt.rang for attempt in self.attempts)

    @property
    def earlier(self) -> tuple[Failure, ...]:
        """Return how the attempts before the current one failed."""
        return tuple(a.failure for a in self.attempts[:-1] if a.failure)

    def left(self, now: int) -> int:
        """Return the ms of the budget that are left."""
        return max(0, self.deadline - now)


class Exhausted(Enum):
    """Why no further leg is tried, though the verdict would have allowed it."""

    LEGS = "nobody-left"
    ATTEMPTS = "attempts-used-up"
    BUDGET = "budget-used-up"


def _nobody(_leg: int) -> bool:
    return False


def next_leg(call: Call, now: int, out: Callable[[int], bool] = _nobody) -> int | Exhausted:
    """Return the index of the leg to try now, or why there is none. A peer's further gateways are
    for one that did not answer at all: once it has, its answer is the same at each of them, unless
    it is a redirect that leads there, or a 503 that the site takes for that gateway's alone.

    out: whether a leg may not be tried now. It is asked of one leg after another, and only where
    that decides: the one that is not out is the one that is tried.
    """
    fitting = _ahead(call)
    if not fitting:
        return Exhausted.LEGS
    if len(call.attempts) >= call.attempts_allowed:
        return Exhausted.ATTEMPTS
    if call.left(now) < SHORTEST_ATTEMPT:
        return Exhausted.BUDGET
    return next((index for index in fitting if not out(index)), Exhausted.LEGS)


def _ahead(call: Call) -> list[int]:
    """Return the legs that may follow the current one."""
    if not call.attempts:
        return list(range(len(call.legs)))
    first = call.current.leg + 1
    heard = _heard(call)
    return [
        i
        for i, leg in enumerate(call.legs[first:], first)
        if leg.redirected or _peer(leg) not in heard
    ]


def _peer(leg: Leg) -> tuple[LegKind, str]:
    return leg.kind, leg.name


def _heard(call: Call) -> list[tuple[LegKind, str]]:
    """Return the peers that have given a final reply for all of their gateways."""
    replied = ((call.legs[a.leg], a.failure) for a in call.attempts if a.failure)
    return [
        _peer(leg)
        for leg, failure in replied
        if failure.replied and not (leg.alone_503 and failure.code == 503)
    ]


def begun(call: Call, index: int, now: int) -> Call:
    """Return the call with the leg's attempt under way."""
    attempt = Attempt(leg=index, started=now)
    return msgspec.structs.replace(call, attempts=(*call.attempts, attempt))


def ended(
    call: Call,
    now: int,
    *,
    rule: str,
    failure: Failure | None = None,
    verdict: Verdict | None = None,
    rang: bool = False,
    ring: int = -1,
    repair: str = "",
) -> Call:
    """Return the call with its current attempt over; no failure means that it was answered."""
    attempt = msgspec.structs.replace(
        call.current,
        ended=now,
        rang=rang,
        ring=ring,
        failure=failure,
        verdict=str(verdict) if verdict else "answered",
        rule=rule,
        repair=repair,
    )
    return msgspec.structs.replace(call, attempts=(*call.attempts[:-1], attempt))


def challenged(call: Call) -> Call:
    """Return the call with its current attempt sent once more, with credentials."""
    attempt = msgspec.structs.replace(call.current, challenged=True)
    return msgspec.structs.replace(call, attempts=(*call.attempts[:-1], attempt))


def answer_timer(call: Call, now: int) -> int:
    """Return ms that the current leg has until an 18x or a final reply: its own limit, and no more
    than a fair share of the budget that is left, or a silent carrier would leave the last one none.
    What one does not use is the others'.
    """
    others = min(len(_ahead(call)), call.attempts_allowed - len(call.attempts))
    share = max(SHORTEST_ATTEMPT, call.left(now) // (others + 1))
    return min(call.leg.answer_timeout, share)


def ring_timer(call: Call, now: int) -> int:
    """Return ms that the current leg may ring; at least 1, for 0 is tm's word for no timer."""
    return max(1, min(call.leg.ring_timeout, call.left(now)))

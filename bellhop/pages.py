"""A page, as values: what became of each member, and when the leader may speak. Pure: events and
the clock come in as arguments; who originates and redirects is ami/.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bellhop import causes
from bellhop.callers import Caller
from bellhop.targets import Target, is_multicast
from bellhop.zones import Zone


@dataclass(frozen=True, slots=True)
class EdgeCall:
    """A call of a device that is no page, as the edge's dialog module names it."""

    entry: int
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A page that somebody asks for. channel: his; caller: None for one who is nobody's.

    members: those to ring; absent: the numbers of those that are not registered; barred: of
    those that this caller may not ring. in_call: the calls of members that have any.
    """

    zone: Zone
    caller: Caller | None
    channel: str
    members: Collection[Target]
    absent: Collection[str] = ()
    barred: Collection[str] = ()
    in_call: Mapping[str, tuple[EdgeCall, ...]] = field(default_factory=dict)

    @property
    def leader(self) -> str:
        """Return how a report calls the one who asks."""
        if self.caller is None:
            return "unknown"
        return max(sorted(self.caller.names), key=len, default=self.caller.name)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that is not made: Q.850 cause and words."""

    cause: int
    why: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """A page that rings nobody yet, and what its channel must be told: `wait` is how many seconds
    the leader waits before he is let in without the pager, `limit` how many the page may last.
    """

    page: str
    room: str
    wait: int
    limit: int


class Unavailable(Exception):  # noqa: N818
    """No page can be made now; nothing has been begun, so another may make it."""


_TOGETHER = 500  # ms: members leave a room with its leader, and are told of in any order


class Outcome(StrEnum):
    """What a report says of a member."""

    PLAYED = "played"
    SENT = "sent"  # to a multicast group: who heard it is not known
    FAILED = "failed"
    PREEMPTED = "pre-empted"
    REFUSED = "refused"
    PENDING = "pending"


class State(StrEnum):
    """Where a member's leg is."""

    REQUESTED = "requested"
    ANSWERED = "answered"
    JOINED = "joined"
    LEFT = "left"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing further comes of it."""
        return self in {State.LEFT, State.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One device in one page. Times are ms since the page began; `sent` is how many RTP packets of
    this page went to it, as Asterisk counted them, None when it could not be asked.
    """

    device: str
    state: State = State.REQUESTED
    answered_ms: int | None = None
    joined_ms: int | None = None
    left_ms: int | None = None
    sent: int | None = None
    cause: int | None = None
    sip: int | None = None
    why: str = ""

    def answered(self, at: int) -> "Member":
        """Return it after it took the call."""
        if self.state is not State.REQUESTED:
            return self
        return replace(self, state=State.ANSWERED, answered_ms=at)

    def joined(self, at: int) -> "Member":
        """Return it after it came into the room; that it answered may be told later."""
        if self.state.over:
            return self
        answered = self.answered_ms if self.answered_ms is not None else at
        return replace(self, state=State.JOINED, answered_ms=answered, joined_ms=at)

    def counted(self, sent: int | None) -> "Member":
        """Return it with the number of packets that went to it."""
        return replace(self, sent=sent)

    @property
    def is_counted(self) -> bool:
        """Whether all is known that will be of what went to it; of a multicast group nothing is."""
        return self.sent is not None or is_multicast(self.device)

    def failed(self, cause: int | None, sip: int | None, why: str) -> "Member":
        """Return it after it came to nothing; what is known first stands."""
        if self.state is State.REQUESTED:
            return replace(self, state=State.FAILED, cause=cause, sip=sip, why=why)
        return self

    def hung_up(self, at: int, cause: int | None, sip: int | None) -> "Member":
        """Return it after its channel ended."""
        if self.state.over:
            return self
        if self.state is State.REQUESTED and cause == 16:  # by us: Q.850 has 19 for what it did
            return self.failed(19, sip, "no answer before the page ended")
        if self.state is State.REQUESTED:
            return self.failed(cause, sip, failure_text(cause, sip))
        return replace(self, state=State.LEFT, left_ms=at)


# What a report says of a member while the page runs.
_PENDING = {
    State.REQUESTED: "is being rung",
    State.ANSWERED: "answered",
    State.JOINED: "in the room",
}

# What the edge answers for a member (kemi/answer.py), in a person's words.
_WHY = {
    1: "no such device",
    17: "busy",
    18: "does not respond",
    19: "no answer",
    20: "not registered",
    21: "rejected the call",
}


def failure_text(cause: int | None, sip: int | None) -> str:
    """Say why a member did not answer."""
    if (cause, sip) == (18, 480):  # it did respond, and did not say why
        return "does not take the call"
    if cause in _WHY:
        return _WHY[cause]
    if cause and (known := causes.cause(cause)):
        return known.name.lower()
    return f"SIP {sip}" if sip else "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `opened_ms` is when the leader's microphone opened, `closed_ms` when he was gone,
    `spoken` how many RTP packets came from him, None when it could not be asked; `started` and
    `ended` are Unix times; `members` by device number, in the zone's order.
    """

    id: str
    zone: str
    leader: str
    started: float
    quorum: int
    head_start: int
    members: Mapping[str, Member] = field(default_factory=dict)
    opened_ms: int | None = None
    closed_ms: int | None = None
    spoken: int | None = None
    ended: float | None = None
    refusal: Refusal | None = None

    def refused(self, refusal: Refusal, at: float) -> "Page":
        """Return the page as one that was not made; `at`: Unix time."""
        return replace(self, refusal=refusal, ended=at)

    def with_member(self, member: Member) -> "Page":
        """Return the page with a member's new state."""
        return replace(self, members={**self.members, member.device: member})

    @property
    def reachable(self) -> int:
        """Return how many members may yet play."""
        return sum(m.state is not State.FAILED for m in self.members.values())

    @property
    def in_room(self) -> int:
        """Return how many members are in the room."""
        return sum(m.state is State.JOINED for m in self.members.values())

    @property
    def waiting(self) -> int:
        """Return how many members may still come."""
        return sum(m.state in {State.REQUESTED, State.ANSWERED} for m in self.members.values())

    def may_open(self, now: int) -> bool:
        """Whether the leader may speak: a quorum of those who can be reached is in the room, or the
        head start is over; never into an empty room.
        """
        if not self.in_room:
            return False
        return self.in_room * 100 >= self.quorum * self.reachable or now >= self.head_start

    @property
    def lost(self) -> bool:
        """Whether nobody is in the room, and nobody will come."""
        return not self.in_room and not self.waiting

    def outcome(self, member: Member) -> tuple[Outcome, str]:
        """Return what the report says of a member, and why."""
        if self.refusal is not None:
            return Outcome.REFUSED, member.why
        if self.ended is None and not member.state.over:
            return Outcome.PENDING, _PENDING[member.state]
        if member.state is State.FAILED:
            return Outcome.FAILED, member.why
        if member.joined_ms is None:
            return Outcome.FAILED, member.why or "answered, but never came into the room"
        multicast = is_multicast(member.device)
        if not member.sent and not multicast:
            return Outcome.FAILED, "joined, but no audio is known to have been sent to it"
        if self.opened_ms is None:
            return Outcome.FAILED, "joined, but nobody spoke"
        if member.left_ms is not None and member.left_ms < self.opened_ms:
            return Outcome.FAILED, "left before anybody spoke"
        if self.spoken == 0:  # what members are sent then is silence (one-way audio, NAT)
            return Outcome.FAILED, "joined, but no audio came from the leader"
        missed = member.joined_ms - self.opened_ms
        said = ["sent by multicast; who heard it is not known"] if multicast else []
        said += [f"missed the first {missed} ms"] if missed > 0 else []
        if member.left_ms is not None and self.closed_ms is not None:
            early = self.closed_ms - member.left_ms
            said += [f"left {early} ms before the end"] if early > _TOGETHER else []
        return Outcome.SENT if multicast else Outcome.PLAYED, ", ".join(said)

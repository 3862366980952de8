"""A page, as values: what became of each member, and when the leader may speak. Pure: events and
the clock come in as arguments; who originates and redirects is ami/.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from bellhop.callers import Caller
from bellhop.members import UNWATCHED, Gap, Member, State, leaving_text
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

    members: those to ring; out: those taken out, with what the report says of it; absent: the
    numbers of those that are not registered; barred: of those that this caller may not ring;
    elsewhere: of those that registered from another address than they say. in_call: the calls of
    members that have any. emergency: the emergency zone that he may make of it by a key. prompt: it
    is made now or not at all, and who asks for it reports it then.
    """

    zone: Zone
    caller: Caller | None
    channel: str
    members: Collection[Target]
    absent: Collection[str] = ()
    barred: Collection[str] = ()
    elsewhere: Collection[str] = ()
    out: Mapping[str, str] = field(default_factory=dict)
    in_call: Mapping[str, tuple[EdgeCall, ...]] = field(default_factory=dict)
    emergency: str = ""
    prompt: bool = False

    @property
    def leader(self) -> str:
        """Return how a report calls the one who asks."""
        return name_of(self.caller) if self.caller else "unknown"


def name_of(caller: Caller) -> str:
    """Return how a report calls a caller: by the longest of his names."""
    return max(sorted(caller.names), key=len, default=caller.name)


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
_PACKET = 20  # ms of audio: Asterisk sends a member one each, of silence too, while it is in a room
_SILENT = 1_000  # ms without any, and a quarter of the time: no busy machine does that


class Outcome(StrEnum):
    """What a report says of a member."""

    PLAYED = "played"
    SENT = "sent"  # to a multicast group: who heard it is not known
    FAILED = "failed"
    PREEMPTED = "pre-empted"
    REFUSED = "refused"
    OUT = "taken-out"
    PENDING = "pending"


# What a report says of a member while the page runs.
# RTP goes to where a device's SDP says until some comes from it (symmetric RTP, RFC 4961).
SILENT_BEHIND_NAT = (
    "it registered from another address than it says (NAT?), and sends no audio: it may have heard"
    " nothing"
)
_UNSENT = {
    None: "joined, but no audio is known to have been sent to it",
    0: "joined, but no audio was sent to it (an answer that says hold?)",  # RFC 3264 §8.4
}
_PENDING = {
    State.WAITING: "waited for",
    State.REQUESTED: "being rung",
    State.ANSWERED: "answered",
    State.JOINED: "in the room",
    State.TAKEN: "in a page that goes before",
}


# Counted at each event of each member, of which a page may have 500: so they are found once.
_NOT_ALIVE = tuple(state for state in State if not state.alive)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `rung_ms` is when its turn came, `opened_ms` when the leader's microphone opened,
    `closed_ms` when he was gone, `spoken` how many RTP packets came from him, None when it could
    not be asked; `stopped_by` who ended it, when that was not its leader; `notes` what its leader's
    keys did; `announced` whether a file is played, and `times` how often that was to its end;
    `started` and `ended` are Unix times; `members` by number, in the zone's order.
    """

    id: str
    zone: str
    leader: str
    started: float
    quorum: int
    head_start: int
    members: Mapping[str, Member] = msgspec.field(default_factory=dict)
    rung_ms: int = 0
    opened_ms: int | None = None
    closed_ms: int | None = None
    spoken: int | None = None
    ended: float | None = None
    refusal: Refusal | None = None
    stopped_by: str = ""
    notes: tuple[str, ...] = ()
    times: int = 0
    announced: bool = False

    def refused(self, refusal: Refusal, at: float) -> "Page":
        """Return the page as one that was not made; `at`: Unix time."""
        return replace(self, refusal=refusal, ended=at)

    def with_members(self, *members: Member) -> "Page":
        """Return the page with these members' new states."""
        return replace(self, members={**self.members, **{one.device: one for one in members}})

    @property
    def opens_ms(self) -> int:
        """Return when the head start is over."""
        return self.rung_ms + self.head_start

    def may_open(self, now: int) -> bool:
        """Whether the leader may speak: a quorum of those who can be reached is in the room, or the
        head start is over; never into an empty room.
        """
        in_room = self._states().count(State.JOINED)
        if not in_room or now >= self.opens_ms:
            return in_room > 0
        return in_room * 100 >= self.quorum * self.alive

    @property
    def alive(self) -> int:
        """Return how many members are in the room, or may come."""
        states = self._states()
        return len(states) - sum(map(states.count, _NOT_ALIVE))

    def _states(self) -> list[State]:
        return [member.state for member in self.members.values()]

    def outcome(self, member: Member) -> tuple[Outcome, str]:
        """Return what the report says of a member, and why."""
        if self.refusal is not None:
            return Outcome.REFUSED, member.why
        if self.ended is None and not member.state.over:
            return Outcome.PENDING, _PENDING[member.state]
        if member.state in {State.FAILED, State.OUT}:
            return Outcome(member.state), member.why
        if gaps := self._missed(member):
            return Outcome.PREEMPTED, "; ".join(map(str, gaps))
        return self._played(member)

    def _played(self, member: Member) -> tuple[Outcome, str]:
        """Return whether a member that was not taken has played, and why not."""
        if member.joined_ms is None:
            return Outcome.FAILED, member.why or "answered, but never came into the room"
        multicast = is_multicast(member.device)
        if not member.sent and not multicast and member.state is State.JOINED:
            return Outcome.FAILED, UNWATCHED
        opened, left = self.opened_ms, member.left_ms
        if opened is not None and left is not None and left < opened:
            return Outcome.FAILED, member.why or "left before anybody spoke"
        if not member.sent and not multicast:
            return Outcome.FAILED, member.why or _UNSENT[member.sent]
        if opened is None:
            return Outcome.FAILED, "joined, but nobody spoke"
        if self.spoken == 0:  # what members are sent then is silence (one-way audio, NAT)
            return Outcome.FAILED, "joined, but no audio came from the leader"
        missed, unheard = member.joined_ms - opened, _unheard(member)
        if unheard and member.held and (member.sent or 0) * _PACKET <= -missed:
            return Outcome.FAILED, unheard  # all of it was silence, before anybody spoke
        said = ["sent by multicast; who heard it is not known"] if multicast else []
        said += [f"missed the first {missed} ms"] if missed > 0 else []
        if left is not None and self.closed_ms is not None:
            early = self.closed_ms - left
            if early > _TOGETHER:
                why = leaving_text(member.cause)
                said += [f"left {early} ms before the end" + (f" ({why})" if why else "")]
        said += [unheard] if unheard else []
        said += [SILENT_BEHIND_NAT] if member.elsewhere and not member.proved else []
        said += ["it was not played to its end"] if self.announced and not self.times else []
        return Outcome.SENT if multicast else Outcome.PLAYED, ", ".join(said)

    def _missed(self, member: Member) -> tuple[Gap, ...]:
        """Return the gaps of a member in which somebody spoke, or could not for want of members."""
        return tuple(
            gap
            for gap in member.gaps
            if gap.back is None or self.opened_ms is None or gap.back > self.opened_ms
        )


def _unheard(member: Member) -> str:
    """Return what is said of a member that was in the room, and got audio for a part of that time:
    it put the call on hold (RFC 3264 §8.4), or Asterisk had no time for it. "" for any other.
    """
    if member.sent is None or member.gaps or member.joined_ms is None or member.left_ms is None:
        return ""
    if is_multicast(member.device):  # of which Asterisk counts nothing
        return ""
    there, sent = member.left_ms - member.joined_ms, member.sent * _PACKET
    if there - sent <= max(_SILENT, there // 4):
        return ""
    why = ": it put the call on hold" if member.held else ""
    return f"audio was sent to it for {sent} of {there} ms{why}"

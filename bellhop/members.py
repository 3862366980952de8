"""A member of a page, as a value: where its leg is, and what it has been through. Pure. A page of
hundreds makes thousands of these: msgspec makes one of another in a tenth of a dataclass's time.
"""

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from bellhop import causes
from bellhop.targets import is_multicast

UNWATCHED = "not known: nobody watched it to the end"


class State(StrEnum):
    """Where a member's leg is."""

    WAITING = "waiting"  # until it is free: nobody rings it yet
    REQUESTED = "requested"
    ANSWERED = "answered"
    JOINED = "joined"
    TAKEN = "taken"  # by a page that goes before; it may come back
    LEFT = "left"
    FAILED = "failed"
    OUT = "taken-out"  # of the zone, by somebody: nobody rings it

    @property
    def over(self) -> bool:
        """Whether nothing further comes of it."""
        return self in {State.LEFT, State.FAILED, State.OUT}

    @property
    def alive(self) -> bool:
        """Whether it is in the room, or will come as things are."""
        return not self.over and self is not State.TAKEN


class Gap(msgspec.Struct, frozen=True):
    """A time in which a member was in another page: that zone's number, and ms since the page that
    it was taken from began; `back` is None when it did not come back.
    """

    zone: str
    taken: int
    back: int | None = None

    def __str__(self) -> str:
        """Say it."""
        back = "" if self.back is None else f", back at {self.back} ms"
        return f"taken by {self.zone} at {self.taken} ms{back}"


NO_AUDIO = "no audio was agreed with it (an answer without SDP?)"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One device in one page. Times are ms since the page began; `sent` is how many RTP packets of
    this page went to it, as Asterisk counted them, None when it could not be asked; `received`: how
    many of these it got, by its own RTCP, None when it told nothing; `gaps`: when it was in pages
    that go before this one; `counts`: how often it was told what went to it; `held`: it put the
    page on hold; `elsewhere`: it registered from another address than it says; `came`: audio came
    from it.
    """

    device: str
    state: State = State.REQUESTED
    answered_ms: int | None = None
    joined_ms: int | None = None
    left_ms: int | None = None
    sent: int | None = None
    received: int | None = None
    cause: int | None = None
    sip: int | None = None
    why: str = ""
    gaps: tuple[Gap, ...] = ()
    counts: int = 0
    held: bool = False
    elsewhere: bool = False
    came: bool = False

    def waits(self, why: str) -> "Member":
        """Return it as one that is not free yet."""
        return replace(self, state=State.WAITING, why=why)

    def out(self, why: str) -> "Member":
        """Return it as one that is taken out."""
        return replace(self, state=State.OUT, why=why)

    def rung(self) -> "Member":
        """Return it as one that is rung; or still is, when the page that took it meanwhile is over.
        One that had been in the room comes back by itself.
        """
        if self.state is not State.TAKEN:
            return replace(self, state=State.REQUESTED, why="")
        if self.joined_ms is not None:
            return self
        return replace(self, state=State.REQUESTED, gaps=self.gaps[:-1])

    def taken(self, at: int, zone: str) -> "Member":
        """Return it after a page of this zone took it."""
        if self.state.over or self.state is State.TAKEN:
            return self
        return replace(self, state=State.TAKEN, gaps=(*self.gaps, Gap(zone, at)))

    def rung_anew(self) -> "Member":
        """Return it as one that is rung, though it had been in the room: a page took it before
        anybody spoke there, and when that was over it found nobody.
        """
        return Member(device=self.device, elsewhere=self.elsewhere)

    def kept(self) -> "Member":
        """Return it as one that was not taken after all."""
        if self.state is not State.TAKEN:
            return self
        return replace(self, state=State.JOINED, gaps=self.gaps[:-1])

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
        first = self.joined_ms if self.joined_ms is not None else at
        gaps = self.gaps
        if self.state is State.TAKEN:  # it is back
            gaps = (*gaps[:-1], replace(gaps[-1], back=at))
        return replace(self, state=State.JOINED, answered_ms=answered, joined_ms=first, gaps=gaps)

    def holds(self) -> "Member":
        """Return it after it put the call on hold; one that another page has holds that one."""
        return replace(self, held=True) if self.state is State.JOINED else self

    def left(self, at: int) -> "Member":
        """Return it after it left the room; one that was taken is expected to."""
        return self if self.state is State.TAKEN else self.hung_up(at, None, None)

    def counted(
        self, sent: int | None, received: int | None = None, *, came: bool = False
    ) -> "Member":
        """Return it with the number of packets that went to it, and of those that it got, on top of
        those of before a gap; and whether any came from it.
        """
        if sent is None:
            return replace(self, sent=None, received=None)
        known = received is not None and (self.received is not None or self.sent is None)
        got = (received or 0) + (self.received or 0) if known else None
        sent += self.sent or 0
        # One that was taken while it rang was in the room for a moment, which does not count.
        counts = self.counts + (self.joined_ms is not None)
        came = came or self.came
        return replace(self, sent=sent, received=got, counts=counts, came=came)

    def without_audio(self) -> "Member":
        """Return it as one whose channel has no RTP session; a multicast group's never has."""
        return self if self.sent or is_multicast(self.device) else replace(self, why=NO_AUDIO)

    @property
    def proved(self) -> bool:
        """Whether RTP or RTCP came from it, so that it is known where its audio goes."""
        return self.came or self.received is not None

    @property
    def is_counted(self) -> bool:
        """Whether all is known that will be of what went to it, each time that it was in the room;
        of a multicast group nothing is.
        """
        since = self.joined_ms or 0  # before that a page can have taken it while it rang
        back = sum(gap.back is not None and gap.taken >= since for gap in self.gaps)
        return self.counts > back or is_multicast(self.device)

    @property
    def is_told(self) -> bool:
        """Whether its leg has ended, or another page has it; and it was said what went to it."""
        return not self.state.alive and (self.joined_ms is None or self.is_counted)

    def failed(self, cause: int | None, sip: int | None, why: str) -> "Member":
        """Return it after it came to nothing; what is known first stands."""
        if self.state in {State.WAITING, State.REQUESTED}:
            return replace(self, state=State.FAILED, cause=cause, sip=sip, why=why)
        return self

    def going(self, cause: int | None, sip: int | None, why: str) -> "Member":
        """Return it as one that hangs up: it came to nothing, or leaves."""
        return self.failed(cause, sip, why).leaving(cause)

    def leaving(self, cause: int | None) -> "Member":
        """Return it with the cause that it said as it left, if any. Asterisk may tell that it left
        before it tells why (measured, 22.10, busy).
        """
        over = self.state.over and self.state is not State.LEFT
        if over or self.cause is not None or cause in _NO_REASON:
            return self
        return replace(self, cause=cause)

    def hung_up(self, at: int, cause: int | None, sip: int | None) -> "Member":
        """Return it after its channel ended."""
        if self.state.over:
            return self.leaving(cause)
        if self.state is State.REQUESTED and cause == 16:  # by us: Q.850 has 19 for what it did
            return self.failed(19, sip, "no answer before the page ended")
        if self.state is State.REQUESTED:
            return self.failed(cause, sip, failure_text(cause, sip))
        return replace(self.leaving(cause), state=State.LEFT, left_ms=at)


# What a channel ends with of which nobody said why: Asterisk has 16 for any BYE, and 127 for what
# it ends itself, as where no audio was agreed (measured, 22.10).
_NO_REASON = frozenset({None, 0, 16, 127})
# What the edge answers for a member (kemi/answer.py), in a person's words.
_WHY = {
    1: "no such device",
    17: "busy",
    18: "does not respond",
    19: "no answer",
    20: "not registered",
    21: "rejected the call",
    58: "takes no audio that Asterisk sends (G.711)",
}
# What Asterisk makes of SIP codes that it has no cause for (420, 415): they say more themselves.
_TRANSLATED = frozenset({3, 127})


def leaving_text(cause: int | None) -> str:
    """Say why a member left; "" where nobody did."""
    known = causes.cause(cause)
    return f"{known.name.lower()}, cause {cause}" if known else f"cause {cause}" if cause else ""


def failure_text(cause: int | None, sip: int | None) -> str:
    """Say why a member did not answer."""
    if (cause, sip) == (18, 480):  # it did respond, and did not say why
        return "does not take the call"
    if cause in _WHY:
        return _WHY[cause]
    known = None if sip and cause in _TRANSLATED else causes.cause(cause)
    said = [f"refused with SIP {sip}"] if sip else []
    return ": ".join([*said, *([known.name.lower()] if known else [])]) or "no answer"

"""How a page stands while it runs. What happens is told by AMI's events and by the board of legs;
each becomes a new value of the page (bellhop.pages), and wakes the one coroutine that acts on it.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

from msgspec.structs import replace

from ami.counts import counts
from ami.events import Event, noted
from bellhop.members import Member
from bellhop.pages import Page


class Progress:
    """A page's value, and its clock. alive: how many members may hear it, or come yet; moves: who
    leaves the room to come into it again.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        # Counted: whether it is over is asked at each event, and a page may have hundreds.
        self.alive = page.alive
        self.moves: set[str] = set()
        self._began = time.monotonic()
        self._changed = asyncio.Event()

    def now(self) -> int:
        """Return the page's time (ms)."""
        return int((time.monotonic() - self._began) * 1000)

    def opened(self) -> None:
        """Note that its leader's microphone is open."""
        if self.page.opened_ms is None:
            self.page = replace(self.page, opened_ms=self.now())

    def count(self, event: Event) -> None:
        """A channel leaves the page, and says how much went to it, or came from the leader."""
        self.page = noted(self.page, event, self.now())
        member = self.page.members.get(event.get("Member", ""))
        if member is not None and (found := counts(event)) is not None:
            member = member.counted(found.sent, found.received, came=found.came)
            self.become(member if found.has_rtp else member.without_audio())

    @property
    def waits(self) -> bool:
        """Whether its leader has not been heard yet."""
        return self.page.opened_ms is None

    def wake(self) -> None:
        """Have what is waited for looked at again."""
        self._changed.set()

    def become(self, *members: Member) -> None:
        """Take these members as they are now."""
        before = self.page.members
        self.alive += sum(m.state.alive - before[m.device].state.alive for m in members)
        self.page = self.page.with_members(*members)
        self.wake()

    def rung(self, device: str) -> None:
        """It is rung for this page."""
        self.become(self.page.members[device].rung())

    def rung_anew(self, device: str) -> None:
        """It is rung for this page, in whose room it had been."""
        self.become(self.page.members[device].rung_anew())

    def answered(self, device: str) -> None:
        """It took the call."""
        self.become(self.page.members[device].answered(self.now()))

    def joined(self, device: str) -> None:
        """It is in the room."""
        self.become(self.page.members[device].joined(self.now()))

    def holds(self, device: str) -> None:
        """It put the call on hold."""
        self.become(self.page.members[device].holds())

    def left(self, device: str) -> None:
        """It is in the room no more."""
        if device in self.moves:
            self.moves.discard(device)
            return
        self.become(self.page.members[device].left(self.now()))

    def taken(self, device: str, zone: str) -> None:
        """A page of this zone has it now."""
        self.become(self.page.members[device].taken(self.now(), zone))

    def kept(self, device: str, cause: int | None, sip: int | None) -> None:
        """Its leg has ended before the page that was to take it had it."""
        self.become(self.page.members[device].kept().hung_up(self.now(), cause, sip))

    def failed(self, device: str, cause: int | None, sip: int | None, why: str) -> None:
        """It did not come."""
        self.become(self.page.members[device].failed(cause, sip, why))

    def going(self, device: str, cause: int | None, sip: int | None, why: str) -> None:
        """It hangs up, or does not take the call."""
        self.become(self.page.members[device].going(cause, sip, why))

    def hung_up(self, device: str, cause: int | None, sip: int | None) -> None:
        """Its leg has ended."""
        self.become(self.page.members[device].hung_up(self.now(), cause, sip))

    async def until(self, condition: Callable[[], bool], patience: float | None = None) -> bool:
        """Wait until the condition holds; False when that took longer than `patience` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        return condition()

    def close(self, cause: int | None, why: str) -> None:
        """Close the books, if they are open; why: what is said of whoever never answered."""
        if self.page.ended is None:
            self.become(*(m.failed(cause, None, why) for m in self.page.members.values()))
            # By the page's own clock: the machine's may have been set meanwhile.
            self.page = replace(self.page, ended=self.page.started + self.now() / 1000)

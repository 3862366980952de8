"""One page while it runs: its members are rung or taken, its leader's microphone opens, it ends.

What happens is told by AMI events; each becomes a new value of the page (bellhop.pages), and wakes
the one coroutine that acts on it.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from ami.board import Board
from ami.events import Event, heard, noted, number
from ami.leader import Leader
from ami.manager import Manager
from ami.waiting import when_free
from bellhop.claims import Verdict, Way, Wish
from bellhop.members import Member, State
from bellhop.pages import EdgeCall, Page
from bellhop.targets import Target
from bellhop.zones import Zone

_LEAVE_PATIENCE, _OPEN_PATIENCE, _AGAIN = 3.0, 5.0, 1.0
_BUSY = (17, 486)


class Running:
    """A page in progress; the board tells it of its members."""

    def __init__(
        self,
        manager: Manager,
        *,
        board: Board,
        page: Page,
        zone: Zone,
        devices: Mapping[str, Target],
        leader: str,
    ) -> None:
        self.page = page
        self.room = f"page-{page.id}"
        self.wish = Wish(page.id, zone, tuple(devices))
        self.leader = leader
        self.led_by = page.leader
        self.planned = False
        self.handed_back = False
        self._board = board
        self._zone = zone
        self._devices = devices
        self._leader = Leader(manager, leader, self.room, self._opened)
        self._began = time.monotonic()
        self._changed = asyncio.Event()
        self._blind = False
        # Counted: whether it is over is asked at each event, and a page may have hundreds.
        self._alive = page.alive
        self._work: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._takes: list[str] = []

    def _now(self) -> int:
        return int((time.monotonic() - self._began) * 1000)

    # --- what happens ---

    def hear(self, event: Event) -> None:
        """Take an event, if it is of this page or its leader."""
        if event.get("Event") == "UserEvent" and event.get("Page") == self.page.id:
            self._count(event)
        elif self._leader.hear(event):
            if self._leader.gone and self.page.closed_ms is None:
                self.page = replace(self.page, closed_ms=self._now())
            self._changed.set()

    def _opened(self) -> None:
        if self.page.opened_ms is None:
            self.page = replace(self.page, opened_ms=self._now())

    def _count(self, event: Event) -> None:
        """A channel leaves the page, and says how much went to it, or came from the leader."""
        self.page = noted(self.page, event, self._now())
        member = self.page.members.get(event.get("Member", ""))
        if member is not None and (sent := number(event, "Sent")) is not None:
            self._become(member.counted(sent, heard(event, sent)))

    def succeeded(self, page: str) -> None:
        """Note that its leader leads another page from now on."""
        self._leader.elsewhere = True
        note = f"became page {page} at {self._now()} ms"
        self.page = replace(self.page, notes=(*self.page.notes, note))

    def succeeds(self) -> None:
        """Note that its leader leads another page until now: he is in that one's room."""
        self._leader.leaving = True

    def _become(self, *members: Member) -> None:
        before = self.page.members
        self._alive += sum(m.state.alive - before[m.device].state.alive for m in members)
        self.page = self.page.with_members(*members)
        self._changed.set()

    def rung(self, device: str) -> None:
        """It is rung for this page."""
        self._become(self.page.members[device].rung())

    def answered(self, device: str) -> None:
        """It took the call."""
        self._become(self.page.members[device].answered(self._now()))

    def joined(self, device: str) -> None:
        """It is in the room."""
        self._become(self.page.members[device].joined(self._now()))

    def left(self, device: str) -> None:
        """It is in the room no more."""
        self._become(self.page.members[device].left(self._now()))

    def taken(self, device: str, zone: str) -> None:
        """A page of this zone has it now."""
        self._become(self.page.members[device].taken(self._now(), zone))

    def failed(self, device: str, cause: int | None, sip: int | None, why: str) -> None:
        """It did not come."""
        self._become(self.page.members[device].failed(cause, sip, why))

    def hung_up(self, device: str, cause: int | None, sip: int | None) -> None:
        """Its leg has ended."""
        self._become(self.page.members[device].hung_up(self._now(), cause, sip))

    def lost_sight(self) -> None:
        """AMI went down: what happens now is not known."""
        self._blind = True
        self._changed.set()

    async def stop(self, by: str) -> bool:
        """End it for somebody; False when its leader could not be hung up."""
        self.page = replace(self.page, stopped_by=by)
        return await self._leader.hang_up()

    @property
    def over(self) -> bool:
        """Whether the leader has gone, all members have, or nobody can see what happens."""
        return self._leader.gone or self._blind or not self._alive

    # --- what is done ---

    def plan(
        self, verdicts: Mapping[str, Verdict], in_call: Mapping[str, tuple[EdgeCall, ...]]
    ) -> None:
        """Take what is decided of each device; what is to be done of it is done by `run`."""
        self.planned = True
        self.page = replace(self.page, rung_ms=self._now())
        members = []
        for number_, verdict in verdicts.items():
            device, member = self._devices[number_], self.page.members[number_]
            match verdict.way:
                case Way.BUSY:
                    members.append(member.failed(*_BUSY, verdict.why))
                    continue
                case Way.WAIT:
                    members.append(member.waits(verdict.why))
                    self._work.append(partial(self._wait_for, device))
                    continue
                case Way.RING:
                    self._work.append(partial(self._ring, device))
                case Way.END:
                    self._work.append(partial(self._ring, device, in_call.get(number_, ())))
                case Way.TAKE:
                    self._work.append(partial(self._take, device))
            members.append(member.rung())
        self._become(*members)
        mine = {n for n, v in verdicts.items() if v.way in {Way.RING, Way.END, Way.TAKE}}
        self._takes = [n for n, v in verdicts.items() if v.way is Way.TAKE]
        self._board.claim(self.wish, mine)

    def wait_for_turn(self) -> None:
        """Leave all members until the page's turn has come."""
        self._become(*(self.page.members[n].waits("in another page") for n in self._devices))

    def give_up(self, why: str) -> None:
        """Leave out whoever was waited for."""
        waiting = [m for m in self.page.members.values() if m.state is State.WAITING]
        self._become(*(member.failed(*_BUSY, member.why or why) for member in waiting))

    async def run(self, tell: Callable[[], None], note: Callable[[], None]) -> None:
        """Ring, tell, open, note, wait, end. Cancelled, it leaves the page to Asterisk."""
        # The leader may have hung up while this page was being agreed on.
        work = [asyncio.ensure_future(one()) for one in self._work if not self.over]
        try:
            await asyncio.sleep(0)  # each has sent for its member by then
            tell()
            if self._leader.leaving:
                await self._leader.leave(self.page.id, self._took, self.until)
            await self._open()
            note()
            await self.until(lambda: self.over)
            if not self._alive and not self._leader.away and not self._blind:
                await self._leader.move("lost")
        except asyncio.CancelledError:
            self._blind = True
            raise
        finally:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._end()

    async def until(self, condition: Callable[[], bool], patience: float | None = None) -> bool:
        """Wait until the condition holds; False when that took longer than `patience` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        return condition()

    async def _ring(self, device: Target, calls: tuple[EdgeCall, ...] = ()) -> None:
        if calls:
            await self._board.calls.end(calls)
        await self._board.ring(device, self._zone, self)

    async def _take(self, device: Target) -> None:
        if not await self._board.take(device.number, self):
            await self._board.ring(device, self._zone, self)

    async def _wait_for(self, device: Target) -> None:
        patience = self._zone.in_use_wait / 1000
        verdict = await when_free(self._board, self, device.number, patience)
        if verdict.way is Way.BUSY:
            self.failed(device.number, *_BUSY, verdict.why)
            return
        self.rung(device.number)
        await self._board.ring(device, self._zone, self)

    def _took(self) -> bool:
        """Whether whom this page takes is out of the room where it was."""
        return all(self.page.members[n].state is not State.REQUESTED for n in self._takes)

    async def _open(self) -> None:
        """Open the leader's microphone when the members are there: chime, beep, speak."""

        def ready() -> bool:
            return self.over or self.page.may_open(self._now())

        if not await self.until(ready, max(0, self.page.opens_ms - self._now()) / 1000):
            await self.until(ready)
        if not self.over and self._zone.chime != "none":
            await self._leader.chime(self._zone)
        while not self.over and self.page.opened_ms is None:
            # A beep for him first; then he joins the room, and only then the page is open.
            left = self._zone.max_length - (self._now() - self.page.rung_ms)
            moved = await self._leader.let_in(max(1, left // 1000))
            patience = _OPEN_PATIENCE if moved else _AGAIN  # AMI may be away for a moment
            await self.until(lambda: self.page.opened_ms is not None or self.over, patience)
            if moved:
                break

    async def _end(self) -> None:
        """Let members leave by themselves (the room empties with its leader), end those who don't,
        and close the books.
        """
        self.give_up("the page ended before it was free")
        if not self._blind:
            # Those who still ring would come too late; the others leave with the leader.
            await self._hang_up_all(lambda member: member.joined_ms is None)
            self._let_go()
            if self.page.opened_ms is not None:
                await self.until(self._all_told, _LEAVE_PATIENCE)
            await self._hang_up_all(lambda _member: True)
            await self.until(self._all_told, 1.0)
        if self._blind:
            self.close(None, "not known: nobody watched it to the end")
        else:
            self.close(19, "no answer before the page ended")

    def close(self, cause: int | None, why: str) -> None:
        """Close the books, if they are open; why: what is said of whoever never answered."""
        if self.page.ended is None:
            self._become(*(m.failed(cause, None, why) for m in self.page.members.values()))
            self.page = replace(self.page, ended=time.time())

    def _let_go(self) -> None:
        """Give up on whoever still rings, and rings for another page from now on."""
        held = self._board.claims.held(self.page.id)
        for device, member in self.page.members.items():
            if member.state is State.REQUESTED and device not in held:
                self.failed(device, 19, None, "no answer before the page ended")

    async def _hang_up_all(self, which: Callable[[Member], bool]) -> None:
        for device in self._board.claims.held(self.page.id):
            member = self.page.members[device]
            if not member.state.over and which(member):
                await self._board.hang_up(device)

    def _all_told(self) -> bool:
        """Whether every leg that is this page's has ended, and said what went to it."""
        return all(self.page.members[number_].is_told for number_ in self._devices)

"""One page while it runs: its members are rung or taken, its leader's microphone opens, it ends."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from ami.board import Board
from ami.events import Event
from ami.leader import Leader
from ami.manager import Manager
from ami.progress import Progress
from ami.rooms import Room
from ami.waiting import when_free
from bellhop.claims import Verdict, Way, Wish
from bellhop.members import UNWATCHED, Member, State
from bellhop.pages import EdgeCall, Page, Request
from bellhop.report import Report, report
from bellhop.targets import Target

_OPEN_PATIENCE, _AGAIN = 5.0, 1.0
# Seconds without a word of any member, when all leave: of hundreds, the last is told of much later.
_LEAVE_PATIENCE, _HANGUP_PATIENCE = 3.0, 1.0
_BUSY = (17, 486)


class Running(Progress):
    """A page in progress: what is done of it."""

    def __init__(
        self,
        manager: Manager,
        *,
        board: Board,
        page: Page,
        request: Request,
    ) -> None:
        super().__init__(page)
        self.room = f"page-{page.id}"
        self._zone = request.zone
        self._devices: Mapping[str, Target] = {d.number: d for d in request.members}
        self.wish = Wish(page.id, request.zone, tuple(self._devices))
        self.leader = request.channel
        self.led_by = page.leader
        self.planned = False
        self.handed_back = False
        self._board = board
        self._leader = Leader(manager, self.leader, self.room, self.opened)
        self._whole = Room(manager, self.room, self, board.legs)
        self._blind = False
        self._work: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._takes: list[str] = []

    # --- what happens ---

    def hear(self, event: Event) -> None:
        """Take an event, if it is of this page or its leader."""
        self._whole.hear(event)
        if event.get("Event") == "UserEvent" and event.get("Page") == self.page.id:
            self.count(event)
        elif self._leader.hear(event):
            if self._leader.gone and self.page.closed_ms is None:
                self.page = replace(self.page, closed_ms=self.now())
            self.wake()

    def succeeded(self, page: str) -> None:
        """Note that its leader leads another page from now on."""
        self._leader.elsewhere = True
        note = f"became page {page} at {self.now()} ms"
        self.page = replace(self.page, notes=(*self.page.notes, note))

    def succeeds(self) -> None:
        """Note that its leader leads another page until now: he is in that one's room."""
        self._leader.leaving = True

    def lost_sight(self) -> None:
        """AMI went down: what happens now is not known."""
        self._blind = True
        self.wake()

    async def stop(self, by: str) -> bool:
        """End it for somebody; False when its leader could not be hung up."""
        self.page = replace(self.page, stopped_by=by)
        return await self._leader.hang_up()

    @property
    def over(self) -> bool:
        """Whether the leader has gone, all members have, or nobody can see what happens."""
        return self._leader.gone or self._blind or not self.alive

    # --- what is done ---

    def plan(
        self, verdicts: Mapping[str, Verdict], in_call: Mapping[str, tuple[EdgeCall, ...]]
    ) -> None:
        """Take what is decided of each device; what is to be done of it is done by `run`."""
        self.planned = True
        self.page = replace(self.page, rung_ms=self.now())
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
                    self._work.append(partial(self._free, device, in_call.get(number_, ())))
                case Way.TAKE:
                    self._work.append(partial(self._take, device))
            members.append(member.rung())
        self.become(*members)
        mine = {n for n, v in verdicts.items() if v.way in {Way.RING, Way.END, Way.TAKE}}
        self._takes = [n for n, v in verdicts.items() if v.way is Way.TAKE]
        self._board.claim(self.wish, mine)

    def wait_for_turn(self) -> None:
        """Leave all members until the page's turn has come."""
        self.become(*(self.page.members[n].waits("in another page") for n in self._devices))

    def give_up(self, why: str) -> None:
        """Leave out whoever was waited for."""
        waiting = [m for m in self.page.members.values() if m.state is State.WAITING]
        self.become(*(member.failed(*_BUSY, member.why or why) for member in waiting))

    async def run(self, tell: Callable[[], None], keep: Callable[[Report], None]) -> None:
        """Ring, tell, open, report, wait, end. Cancelled, it leaves the page to Asterisk."""
        # The leader may have hung up while this page was being agreed on.
        work = [asyncio.ensure_future(one()) for one in self._work if not self.over]
        try:
            await asyncio.sleep(0)  # each has sent for its member by then
            tell()
            if self._leader.leaving:
                await self._leader.leave(self.page.id, self._took, self.until)
            await self._open()
            keep(report(self.page))
            await self.until(lambda: self.over)
            if not self.alive and not self._leader.away and not self._blind:
                await self._leader.move("lost")
        except asyncio.CancelledError:
            self._blind = True
            await self._leader.let_be_heard()
            raise
        finally:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._end()

    async def _ring(self, device: Target) -> None:
        await self._board.ring(device, self)

    async def _free(self, device: Target, calls: tuple[EdgeCall, ...]) -> None:
        await self._board.end_calls(device.number, calls, self)
        await self._ring(device)

    async def _take(self, device: Target) -> None:
        if not await self._board.take(device, self):
            await self._board.ring(device, self)

    async def _wait_for(self, device: Target) -> None:
        patience = self._zone.in_use_wait / 1000
        verdict = await when_free(self._board, self, device.number, patience)
        if verdict.way is Way.BUSY:
            self.failed(device.number, *_BUSY, verdict.why)
            return
        self.rung(device.number)
        await self._board.ring(device, self)

    def _took(self) -> bool:
        """Whether whom this page takes is out of the room where it was."""
        return all(self.page.members[n].state is not State.REQUESTED for n in self._takes)

    async def _open(self) -> None:
        """Open the leader's microphone when the members are there: chime, beep, speak."""

        def ready() -> bool:
            return self.over or self.page.may_open(self.now())

        if not await self.until(ready, max(0, self.page.opens_ms - self.now()) / 1000):
            await self.until(ready)
        if not self.over and self._zone.chime != "none":
            await self._leader.chime(self._zone)
        while not self.over and self.page.opened_ms is None:
            # A beep for him first; then he joins the room, and only then the page is open.
            left = self._zone.max_length - (self.now() - self.page.rung_ms)
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
                await self._be_told(_LEAVE_PATIENCE)
            await self._hang_up_all(lambda _member: True)
            await self._be_told(_HANGUP_PATIENCE)
        if self._blind:
            self.close(None, UNWATCHED)
        else:
            self.close(19, "no answer before the page ended")

    def _let_go(self) -> None:
        """Give up on whoever still rings, and rings for another page from now on; and on whoever
        was not rung yet: nothing will be heard of it.
        """
        held = self._board.claims.held(self.page.id)
        for device, member in self.page.members.items():
            leg = self._board.legs.get(device)
            rings = device in held and leg is not None and self.room in leg.served
            if member.state is State.REQUESTED and not rings:
                self.failed(device, 19, None, "no answer before the page ended")

    async def _hang_up_all(self, which: Callable[[Member], bool]) -> None:
        for device in self._board.claims.held(self.page.id):
            member = self.page.members[device]
            if not member.state.over and which(member):
                await self._board.hang_up(device)

    async def _be_told(self, patience: float) -> None:
        """Wait until every leg that is this page's has ended, and said what went to it; or until
        nothing more was said of any for so many seconds.
        """
        before = self.page

        def news() -> bool:
            return self.page is not before

        while not all(self.page.members[number_].is_told for number_ in self._devices):
            before = self.page
            if not await self.until(news, patience):
                return

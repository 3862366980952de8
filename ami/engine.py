"""The page engine: makes pages, hears what becomes of them, and ends them.

One running page is one `ami.running.Running`, and who has which device is on the `ami.board.Board`;
this is who reserves, commits, and hands each event on. All of it runs in the event loop; the AGI
server's threads come in by `reserve`, `commit` and others, which wait for it with a time limit.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from ami import anew, leader, waiting
from ami.begun import begun, said, wait, whys
from ami.board import Board
from ami.events import Event
from ami.hints import Hints
from ami.manager import Manager
from ami.players import Edge, Volumes
from ami.running import Running
from ami.tasks import Tasks
from ami.threads import PATIENCE, Threads
from bellhop.claims import Way
from bellhop.features import NotDone
from bellhop.members import UNWATCHED
from bellhop.pages import Refusal, Request, Reservation, Unavailable
from bellhop.report import Report, report
from bellhop.settings import Site
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.ami")

_BUSY = 17  # Q.850
_RESERVED = 5.0  # seconds after which a page that nobody committed or dropped is forgotten
_SIGHT = 30.0  # seconds that AMI may be away before a page's report is closed without its end

Keep = Callable[[Report], None]


class Engine:
    """All pages of a site. keep: stores a report at a page's begin and end. zones: with hints."""

    def __init__(
        self,
        manager: Manager,
        keep: Keep,
        edge: Edge,
        call_priority: int,
        volumes: Volumes | None = None,
        *,
        zones: Mapping[str, Zone] | None = None,
    ) -> None:
        self._manager, self._keep, self._volumes = manager, keep, volumes
        self._board = Board(manager, edge, call_priority)
        self._loop = asyncio.get_running_loop()
        self._threads = Threads(self._loop, manager)
        self._reserved: dict[str, Running] = {}
        self._running: dict[str, Running] = {}
        self._tasks = Tasks()
        self._hints = Hints(manager, zones or {}, self._board.led)
        manager.on_event, manager.on_down, manager.on_up = self._event, self._down, self._up

    # --- from the AGI server's threads ---

    def reserve(self, request: Request, patience: float = PATIENCE) -> Reservation | Refusal:
        """Reserve a page, or say why it is not made. Raises Unavailable when no page can be made
        now, which leaves it to the dialplan's fallback; it takes at most `patience` seconds.
        """
        made = self._threads.ask(partial(self._reserve, request), patience)
        if isinstance(made, Reservation):
            self._threads.want_sign(made.page)
        return made

    def refused(self, request: Request, refusal: Refusal) -> None:
        """Report a page that was asked for and is not made. It waits for nothing."""
        self._loop.call_soon_threadsafe(self._refused, request, refusal)

    def commit(self, reservation: Reservation, patience: float = PATIENCE) -> None:
        """Ring the members. Raises Unavailable when none will be rung, which is so after
        `patience` seconds.
        """
        began = time.monotonic()
        try:
            self._threads.sign(reservation.page, patience)
            left = patience - (time.monotonic() - began)
            self._threads.ask(partial(self._commit, reservation.page), left)
        except Unavailable:
            self.drop(reservation)  # nobody else's page is to wait for its members
            raise

    def drop(self, reservation: Reservation) -> None:
        """Forget the page. It waits for nothing."""
        self._loop.call_soon_threadsafe(self._drop, reservation.page)

    def stop(self, zone: str, by: str) -> None:
        """End a zone's pages. Raises NotDone when there is none, and Unavailable."""
        self._threads.ask(partial(self.stop_pages, zone, by), PATIENCE)

    def reaches(self, patience: float) -> bool:
        """Whether pages can be made and opened, known within so many seconds."""
        return self._threads.reaches(patience)

    # --- in the loop ---

    def adopt(self, site: Site) -> None:
        """Use a changed site from now on."""
        self._hints.adopt(site.zones)

    def in_pages(self) -> dict[str, str]:
        """Return who is in a page, or leads one, and in which; to be called in the loop."""
        leads = {one.led_by: one.page.id for one in self._running.values()}
        return leads | {d: stack[-1].page for d, stack in self._board.claims.stacks.items()}

    def _reserve(self, request: Request) -> Reservation | Refusal:
        if not self._manager.up:
            raise Unavailable("AMI is down")
        zone, page = request.zone, begun(request)
        running = Running(self._manager, board=self._board, page=page, request=request)
        ways: set[Way] = set()
        if queued := self._board.claims.must_wait(running.wish):
            self._board.queue(running.wish)
            running.wait_for_turn()
        else:
            verdicts = self._board.plan(running.wish, request.in_call)
            ways = {verdict.way for verdict in verdicts.values()}
            if ways == {Way.BUSY}:
                return Refusal(_BUSY, f"every member of {zone.number} is in use: {whys(verdicts)}")
            running.plan(verdicts, request.in_call)
        self._reserved[page.id] = self._board.pages[page.id] = running
        self._loop.call_later(_RESERVED, self._drop, page.id)
        seconds = wait(request, ways, queued=queued) // 1000 + 3
        return Reservation(page.id, running.room, seconds, zone.max_length // 1000)

    def stop_pages(self, zone: str, by: str) -> None:
        """End a zone's pages, those too that another pager or Asterisk alone made; to be called in
        the loop. Raises NotDone when there is none, and Unavailable.
        """
        if not self._manager.up:
            raise Unavailable("AMI is down")
        found = [one for one in self._running.values() if one.page.zone == zone and not one.over]
        others = self._hints.others(zone)
        if not found and not others:
            raise NotDone(f"no page of {zone} runs")
        for one in found:
            self._tasks.begin(one.stop(by))
        for channel in others:
            _log.info("zone=%s leader=%s stopped-by=%s", zone, channel, by)
            self._tasks.begin(leader.hang_up(self._manager, channel))

    def _refused(self, request: Request, refusal: Refusal) -> None:
        self._keep(report(begun(request).refused(refusal, time.time())))

    def _commit(self, page_id: str) -> None:
        running = self._reserved.pop(page_id, None)
        if running is None:
            raise Unavailable("the page was reserved too long ago")
        if not self._manager.up:
            self._forget(running)
            raise Unavailable("AMI is down")
        for other in self._running.values():
            if other.leader == running.leader:
                other.succeeded(page_id)
                running.succeeds()
        self._running[page_id] = running
        if not running.over:  # first of all: whoever is rung after it is rung by nobody else
            self._tasks.begin(leader.begun(self._manager, running.leader, page_id))
        self._tasks.begin(self._run(running), name=f"page {page_id}")

    def _drop(self, page_id: str) -> None:
        self._threads.want_none(page_id)
        if running := self._reserved.pop(page_id, None):
            self._forget(running)
            _log.warning("page=%s dropped=the-caller-is-not-waiting-for-it", page_id)

    def _forget(self, running: Running) -> None:
        self._board.pages.pop(running.page.id, None)
        self._board.release(running.page.id)

    async def _run(self, running: Running) -> None:
        try:
            if not running.planned:
                self._tell(running)
                verdicts, in_call = await waiting.for_turn(self._board, running)
                if not running.over:
                    running.plan(verdicts, in_call)
            await running.run(partial(self._tell, running), self._keep)
        except asyncio.CancelledError:  # the pager ends, and the page may go on
            running.close(None, UNWATCHED)
            raise
        except Exception:  # noqa: BLE001 - one page's defect is not another's
            _log.exception("page=%s failed", running.page.id)
            for device in self._board.claims.held(running.page.id):
                await self._board.hang_up(device)
        finally:
            self._running.pop(running.page.id, None)
            self._show()
            running.close(None, "a defect of the pager's own: its log has it")
            if self._volumes is not None:
                self._volumes.put_back(running.page.id)
            self._forget(running)
            self._keep(report(running.page))
            _log.info("page=%s zone=%s %s", running.page.id, running.page.zone, said(running.page))

    def _tell(self, running: Running) -> None:
        """Tell others of a page; when it rings, its members have been sent for by then."""
        zone, page = running.wish.zone, running.page.id
        held = self._board.claims.held(page)
        if self._volumes is not None and zone.volume is not None and held:
            self._volumes.set(page, zone.volume, held)
        self._show()
        self._keep(report(running.page))

    def _show(self) -> None:
        """Have phones see which zones are paged."""
        self._hints.show({one.page.zone for one in self._running.values()})

    def _event(self, event: Event) -> None:
        self._board.hear(event)
        self._hints.hear(event, self._board.pages)
        # A reserved one too: its leader may hang up while it is being committed.
        for running in (*self._reserved.values(), *self._running.values()):
            running.hear(event)
            if running.over and not running.handed_back:
                # Whom it had taken is on the way back already.
                running.handed_back = True
                self._board.hand_back(running.page.id)

    def _down(self) -> None:
        """Asterisk goes on by itself; what it does meanwhile, nobody tells us."""
        self._tasks.begin(self._give_up())

    async def _give_up(self) -> None:
        """Close the books on pages that nobody can see any more."""
        end = self._loop.time() + _SIGHT
        while not self._manager.up:
            if self._loop.time() > end:
                for running in tuple(self._running.values()):
                    running.lost_sight()
                return
            await asyncio.sleep(min(1.0, _SIGHT))

    def _up(self) -> None:
        look = anew.look(self._manager, self._board, self._hints, self._running.values, self._event)
        self._tasks.begin(look)

    async def close(self) -> None:
        """Stop watching. Pages go on in Asterisk; their reports say that nobody watched."""
        await self._hints.close()
        await self._tasks.cancel()

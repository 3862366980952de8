"""The page engine: makes pages, hears what becomes of them, and ends them.

One running page is one `ami.running.Running`; this is who reserves, commits, and hands each event
to the page that it belongs to. All of it runs in the event loop; the AGI server's threads come in
by `reserve`, `commit` and `drop`, which wait for the loop with a time limit.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any, TypeVar

from ami.manager import Event, Manager
from ami.running import Running
from bellhop.pages import Member, Page, Refusal, Request, Reservation, Unavailable
from bellhop.reports import Report, report

T = TypeVar("T")

_log = logging.getLogger("bellhop.ami")

_PATIENCE = 1.0  # seconds that an AGI thread waits for the loop; the dialplan's own limit is 2
_BUSY = 17  # Q.850
_RESERVED = 5.0  # seconds after which a page that nobody committed or dropped is forgotten

Keep = Callable[[Report], None]


class Engine:
    """All pages of a site. keep: stores a report; it is called when a page begins and ends."""

    def __init__(self, manager: Manager, keep: Keep) -> None:
        self._manager = manager
        self._keep = keep
        self._loop = asyncio.get_running_loop()
        self._reserved: dict[str, Running] = {}
        self._running: dict[str, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        manager.on_event = self._event
        manager.on_down = self._down

    # --- from the AGI server's threads ---

    def reserve(self, request: Request) -> Reservation | Refusal:
        """Reserve a page, or say why it is not made. Raises Unavailable when no page can be made
        now, which leaves it to the dialplan's fallback.
        """
        return self._in_loop(self._reserve(request))

    def refused(self, request: Request, refusal: Refusal) -> None:
        """Report a page that was asked for and is not made."""
        self._in_loop(self._refused(request, refusal))

    def commit(self, reservation: Reservation) -> None:
        """Ring the members. Raises Unavailable when none will be rung."""
        self._in_loop(self._commit(reservation.page))

    def drop(self, reservation: Reservation) -> None:
        """Forget the page."""
        self._in_loop(self._drop(reservation.page))

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(_PATIENCE)
        except TookTooLong:
            future.cancel()
            raise Unavailable("the page engine is too slow") from None

    # --- in the loop ---

    def in_pages(self) -> dict[str, str]:
        """Return which members are in a page, and in which; to be called in the loop."""
        return {
            member.device: running.page.id
            for running in self._running.values()
            for member in running.page.members.values()
            if not member.state.over
        }

    async def _reserve(self, request: Request) -> Reservation | Refusal:
        if not self._manager.up:
            raise Unavailable("AMI is down")
        for page_id, running in tuple(self._reserved.items()):
            if running.age > _RESERVED:
                await self._drop(page_id)
        zone, taken = request.zone, self._taken()
        free = [device for device in request.members if device.number not in taken]
        if not free:
            return Refusal(_BUSY, f"every member of {zone.number} is in another page")
        page = _page(request)
        for number in taken & page.members.keys():
            page = page.with_member(_busy(number))
        running = Running(self._manager, page, zone, {d.number: d for d in free}, request.channel)
        self._reserved[page.id] = running
        # The leader is let in without us somewhat after the last member could have come.
        wait = (zone.ring_timeout + zone.head_start) // 1000 + 3
        return Reservation(page.id, running.room, wait, zone.max_length // 1000)

    async def _refused(self, request: Request, refusal: Refusal) -> None:
        self._keep(report(_page(request).refused(refusal, time.time())))

    async def _commit(self, page_id: str) -> None:
        running = self._reserved.pop(page_id, None)
        if running is None:
            raise Unavailable("the page was reserved too long ago")
        if not self._manager.up:
            raise Unavailable("AMI is down")
        self._running[page_id] = running
        task = self._loop.create_task(self._run(running), name=f"page {page_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drop(self, page_id: str) -> None:
        self._reserved.pop(page_id, None)
        _log.warning("page=%s dropped=the-caller-is-not-waiting-for-it", page_id)

    async def _run(self, running: Running) -> None:
        self._save(running.page)
        try:
            await running.run()
        except Exception:  # noqa: BLE001 - one page's defect is not another's
            _log.exception("page=%s failed", running.page.id)
        finally:
            self._running.pop(running.page.id, None)
            self._save(running.page)
            _log.info("page=%s zone=%s %s", running.page.id, running.page.zone, _said(running.page))

    def _save(self, page: Page) -> None:
        self._keep(report(page))

    def _taken(self) -> set[str]:
        pages = (*self._reserved.values(), *self._running.values())
        return {number for running in pages for number in running.busy}

    def _event(self, event: Event) -> None:
        # A reserved one too: its leader may hang up while it is being committed.
        for running in (*self._reserved.values(), *self._running.values()):
            running.hear(event)

    def _down(self) -> None:
        """Asterisk goes on by itself; what it does meanwhile, nobody tells us."""
        for running in tuple(self._running.values()):
            running.lost_sight()

    async def close(self) -> None:
        """Stop watching. Pages go on in Asterisk; their reports say that nobody watched."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _page(request: Request) -> Page:
    """Return the page that is asked for, as it begins."""
    now = time.time()
    page = Page(
        id=f"{int(now):x}-{secrets.token_hex(4)}",
        zone=request.zone.number,
        leader=request.leader,
        started=now,
        quorum=request.zone.quorum,
        head_start=request.zone.head_start,
    )
    for device in request.members:
        page = page.with_member(Member(device=device.number))
    for number in request.absent:
        page = page.with_member(Member(device=number).failed(20, 480, "not registered"))
    for number in request.barred:
        barred = Member(device=number).failed(21, 403, "this caller may not call outside")
        page = page.with_member(barred)
    return page


def _busy(number: str) -> Member:
    return Member(device=number).failed(17, 486, "in another page")


def _said(page: Page) -> str:
    return f'report="{report(page).sentence()}"'

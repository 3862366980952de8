"""What the AGI server's threads ask of the event loop: done in time, or not at all."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any, TypeVar

from ami.manager import Manager, NotConnected
from bellhop.pages import Unavailable

T = TypeVar("T")

PATIENCE = 1.0  # seconds that an AGI thread waits for the loop; the dialplan's own limit is 2


class Threads:
    """The way of the threads into a loop. `ask` and `sign` block, and are for them alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, manager: Manager) -> None:
        self._loop = loop
        self._manager = manager
        self._signs: dict[str, Future[Any]] = {}

    def ask(self, work: Callable[[], T], patience: float) -> T:
        """Have the loop do something: in time, or not at all. Who hears Unavailable has another
        do it, so nothing of it may come later.
        """
        if patience <= 0:
            raise Unavailable("there was no time left to ask the page engine")
        done: Future[T] = Future()
        self._loop.call_soon_threadsafe(_do, work, done)
        try:
            return done.result(min(patience, PATIENCE))
        except TookTooLong:
            if done.cancel():
                raise Unavailable("the page engine is too slow") from None
            return done.result()  # it is being done, and waits for nothing

    def reaches(self, patience: float) -> bool:
        """Whether pages can be made and opened: the loop turns, and AMI is up."""
        try:
            return self.ask(lambda: self._manager.up, patience)
        except Unavailable:
            return False

    def want_sign(self, page: str) -> None:
        """Ask Asterisk for a sign of life, which is wanted when this page is committed: until then
        the caller's channel is told of it, so a page takes no longer.
        """
        ping = self._manager.send("Ping", {}, PATIENCE)
        self._signs[page] = asyncio.run_coroutine_threadsafe(ping, self._loop)

    def sign(self, page: str, patience: float) -> None:
        """Wait for that sign. Raises Unavailable: a connection may have been dead for as long as it
        takes to miss it (manager._watch), and what is sent into that rings nobody.
        """
        if (wanted := self._signs.pop(page, None)) is None:
            raise Unavailable("the page has been forgotten")
        try:
            wanted.result(min(max(patience, 0), PATIENCE))
        except (NotConnected, TookTooLong):
            wanted.cancel()
            raise Unavailable("AMI does not answer") from None

    def want_none(self, page: str) -> None:
        """Forget a page's sign."""
        self._signs.pop(page, None)


def _do(work: Callable[[], T], done: "Future[T]") -> None:
    """Do what a thread waits for, unless it waits no more."""
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(work())
    except Exception as error:  # noqa: BLE001 - it is the thread's that asked
        done.set_exception(error)

"""Who may have which device: pages claim them, wait for their turn, and are told when one may have
become free.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping

from ami.players import Calls, Edge, Player
from bellhop.claims import Claims, Verdict, Wish


class Claiming:
    """The claims of the pages that there are. calls: the edge's, of devices in calls of others."""

    def __init__(self, edge: Edge, call_priority: int) -> None:
        self.calls = Calls(edge)
        self.claims = Claims()
        self.pages: dict[str, Player] = {}
        self._call_priority = call_priority
        self._freed = asyncio.Event()

    def plan(self, wish: Wish, in_call: Iterable[str]) -> Mapping[str, Verdict]:
        """Say what is done with each device that a page wants. Who leads another is in a call."""
        leaders = (p.led_by for p in self.pages.values() if p.wish.page != wish.page)
        return self.claims.plan(wish, {*in_call, *leaders}, self._call_priority)

    def claim(self, wish: Wish, devices: Collection[str]) -> None:
        """Give a page these devices: it rings or takes them now."""
        self.claims = self.claims.claimed(wish, devices)

    def queue(self, wish: Wish) -> None:
        """Let a page wait for its turn."""
        self.claims = self.claims.queued(wish)

    def leave_queue(self, page: str) -> None:
        """Let a page wait for its turn no more."""
        self.claims = self.claims.dequeued(page)
        self.wake()

    def wake(self) -> None:
        """Have whoever waits for a device look whether it is free."""
        self._freed.set()

    async def freed(self, patience: float) -> None:
        """Wait until a device may have become free."""
        self._freed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._freed.wait()

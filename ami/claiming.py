"""Who may have which device: pages claim them, wait for their turn, and are told when one may have
become free.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping

from ami import strangers
from ami.legs import Leg
from ami.players import Calls, Edge, Player
from bellhop.claims import Claims, Verdict, Way, Wish
from bellhop.pages import EdgeCall
from bellhop.targets import Target
from bellhop.zones import Zone


class Claiming:
    """The claims of the pages that there are. calls: the edge's, of devices in calls of others."""

    def __init__(self, edge: Edge, call_priority: int) -> None:
        self.calls = Calls(edge)
        self.claims = Claims()
        self.pages: dict[str, Player] = {}
        self._missed: dict[tuple[str, str], Target] = {}  # by page and device
        self._emergencies: dict[str, Zone] = {}  # of pages that are none of ours
        self._call_priority = call_priority
        self._freed = asyncio.Event()

    def plan(self, wish: Wish, in_call: Iterable[str]) -> Mapping[str, Verdict]:
        """Say what is done with each device that a page wants. Who leads another is in a call; it
        is ended for a page that goes before his alone.
        """
        leads = {p.led_by: p.wish.rank for p in self.pages.values() if p.wish.page != wish.page}
        verdicts = self.claims.plan(wish, {*in_call, *leads}, self._call_priority)
        mine = (n for n, one in verdicts.items() if one.way is Way.END)
        busy = (n for n in mine if leads.get(n, 0) >= wish.rank)
        return {**verdicts, **dict.fromkeys(busy, Verdict(Way.BUSY, "in a call"))}

    async def end_calls(self, device: str, calls: Collection[EdgeCall], page: Player) -> None:
        """End what a device is in: calls past Asterisk, and pages that it leads; not one that goes
        before this page, or beside it, and that it leads since it was asked of.
        """
        led = [one for one in self.pages.values() if one.led_by == device]
        lower = [one for one in led if one.wish.rank < page.wish.rank]
        stops = (one.stop(page.wish.zone.number) for one in lower)
        await asyncio.gather(self.calls.end(calls), *stops)

    def led(self, page: str, zone: Zone) -> None:
        """Note which zone a page that is none of ours is of: an emergency locks out others."""
        if zone.emergency:
            claimed = {wish.page for stack in self.claims.stacks.values() for wish in stack}
            old = {p: z for p, z in self._emergencies.items() if p in claimed}
            self._emergencies = {**old, page: zone}
            self.claims = self.claims.led(page, zone)

    def claim_for(self, page: str, device: str) -> None:
        """Give a page that is none of ours a device that it has."""
        wish = strangers.wish(page, device, self._emergencies.get(page))
        self.claims = self.claims.claimed(wish, [device])

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

    def has(self, device: str) -> Player | None:
        """Return the page of ours that has a device."""
        holder = self.claims.holder(device)
        return self.pages.get(holder.page) if holder else None

    def pages_of(self, leg: Leg, room: str = "") -> list[Player]:
        """Return the pages that have or had a device by this leg, or are to, in this room."""
        stack = self.claims.stacks.get(leg.device, ())
        found = (self.pages[wish.page] for wish in stack if wish.page in self.pages)
        return [page for page in found if page.room in {*leg.served, room}]

    def miss(self, page: Player, device: Target) -> None:
        """Note that a page has yet to ring a device, which is another's now, or is on its way."""
        self._missed[page.wish.page, device.number] = device

    def miss_again(self, page: Player, leg: Leg, device: Target) -> None:
        """Note so of a page in whose room the device had been, and found nobody at its return."""
        self.miss(page, device)
        leg.served.remove(page.room)
        page.rung_anew(leg.device)
        holder = self.has(leg.device)
        if holder and holder is not page:  # it is this one's when that one is over
            page.taken(leg.device, holder.wish.zone.number)

    def met(self, page: Player, device: str) -> bool:
        """Note that a page need not ring a device any more; False when that is known."""
        return self._missed.pop((page.wish.page, device), None) is not None

    def missed(self, device: str) -> tuple[Player, Target] | None:
        """Return who has a device and has yet to ring it, once; None when nobody has."""
        page = self.has(device)
        if page is None or page.over:
            return None
        target = self._missed.pop((page.wish.page, device), None)
        return (page, target) if target else None

    def release(self, page: str) -> None:
        """Take all claims of a page away."""
        self.claims = self.claims.released(page)
        self._missed = {key: what for key, what in self._missed.items() if key[0] != page}
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

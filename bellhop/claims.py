"""Who may take whom: which page has which device, which had it before and gets it back, and who
waits for his turn. Pure: what happens comes in as calls, each of which returns new claims.

A device has a stack of pages. The last has it; those below it were taken from, and get it back in
turn, if they still run. A page takes only from pages of a lower rank, so a stack always ascends.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bellhop.zones import Zone


class Way(StrEnum):
    """What is done with a device that a page wants."""

    RING = "ring"  # it is free
    TAKE = "take"  # from a page of a lower rank
    END = "end"  # its call, and ring it then
    WAIT = "wait"  # until it is free, a little
    BUSY = "busy"  # it is left out


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page wants: its zone's rules, and these devices."""

    page: str
    zone: Zone
    members: tuple[str, ...]

    @property
    def rank(self) -> int:
        """Return what decides between it and another."""
        return self.zone.rank


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done with one device; why: what a report says of one that is left out."""

    way: Way
    why: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """stacks: by device, the pages that have or had it, in order; queue: those that wait for their
    turn, in order.
    """

    stacks: Mapping[str, tuple[Wish, ...]] = field(default_factory=dict)
    queue: tuple[Wish, ...] = ()

    def holder(self, device: str) -> Wish | None:
        """Return the page that has the device."""
        stack = self.stacks.get(device)
        return stack[-1] if stack else None

    def held(self, page: str) -> tuple[str, ...]:
        """Return the devices that a page has now."""
        return tuple(d for d, stack in self.stacks.items() if stack[-1].page == page)

    def must_wait(self, wish: Wish) -> bool:
        """Whether a page has to wait for its turn: its zone says so, and one of its devices is in a
        page that it cannot take it from, or is waited for by one that came before.
        """
        if wish.zone.when_busy != "queue":
            return False
        return any(
            other.rank >= wish.rank
            for device in wish.members
            for other in (self.holder(device), self._ahead(wish, device))
            if other is not None
        )

    def _ahead(self, wish: Wish, device: str) -> Wish | None:
        """Return the first page that waits for the device, and was there before this one."""
        for other in self.queue:
            if other.page == wish.page:
                return None
            if device in other.members and other.rank >= wish.rank:
                return other
        return None

    def plan(
        self, wish: Wish, in_call: Container[str], call_priority: int
    ) -> Mapping[str, Verdict]:
        """Return what is done with each device that a page wants. in_call: those in calls that are
        no pages; call_priority: what such a call counts for.
        """
        return {
            device: self._verdict(wish, device, in_call, call_priority) for device in wish.members
        }

    def _verdict(
        self, wish: Wish, device: str, in_call: Container[str], call_priority: int
    ) -> Verdict:
        holder = self.holder(device) or self._ahead(wish, device)
        if holder is not None:
            if holder.rank >= wish.rank:
                return Verdict(Way.BUSY, "in another page")
            return _in_use(wish, Way.TAKE, "in another page")
        if device in in_call:
            if wish.zone.in_use == "take" and call_priority >= wish.rank:
                return Verdict(Way.BUSY, "in a call")
            return _in_use(wish, Way.END, "in a call")
        return Verdict(Way.RING)

    def claimed(self, wish: Wish, devices: Collection[str]) -> "Claims":
        """Return the claims once a page has these devices. Raises ValueError for one that is not
        its to take.
        """
        stacks = dict(self.stacks)
        for device in devices:
            holder = self.holder(device)
            if holder is not None and holder.rank >= wish.rank:
                raise ValueError(f"{device} is page {holder.page}'s, not {wish.page}'s to take")
            stacks[device] = (*stacks.get(device, ()), wish)
        return replace(self, stacks=stacks)

    def queued(self, wish: Wish) -> "Claims":
        """Return the claims once a page waits for its turn."""
        return replace(self, queue=(*self.queue, wish))

    def released(self, page: str) -> "Claims":
        """Return the claims once a page is over: each of its devices is the page's before it."""
        kept = {
            device: tuple(wish for wish in stack if wish.page != page)
            for device, stack in self.stacks.items()
        }
        stacks = {device: stack for device, stack in kept.items() if stack}
        return replace(self.dequeued(page), stacks=stacks)

    def dequeued(self, page: str) -> "Claims":
        """Return the claims once a page waits for its turn no more."""
        return replace(self, queue=tuple(wish for wish in self.queue if wish.page != page))

    def led(self, page: str, zone: Zone) -> "Claims":
        """Return the claims once it is known which zone a page is of."""
        stacks = {
            device: tuple(replace(w, zone=zone) if w.page == page else w for w in stack)
            for device, stack in self.stacks.items()
        }
        return replace(self, stacks=stacks)

    def handed_back(self, page: str) -> "Claims":
        """Return the claims once a page ends: what it took is the page's before it, and the rest is
        its own until it has left.
        """
        stacks = {
            device: tuple(w for w in stack if w.page != page) if len(stack) > 1 else stack
            for device, stack in self.stacks.items()
        }
        return replace(self.dequeued(page), stacks=stacks)

    def back(self, device: str, page: str) -> "Claims":
        """Return the claims once a device is in this page again, whoever had it since."""
        stack = self.stacks.get(device, ())
        for place, wish in enumerate(stack, 1):
            if wish.page == page:
                return replace(self, stacks={**self.stacks, device: stack[:place]})
        return self

    def gone(self, device: str, yet: Container[str] = ()) -> "Claims":
        """Return the claims once a device has no leg any more: those are left of pages that have
        `yet` to ring it.
        """
        kept = tuple(wish for wish in self.stacks.get(device, ()) if wish.page in yet)
        others = {d: stack for d, stack in self.stacks.items() if d != device}
        return replace(self, stacks={**others, device: kept} if kept else others)


def _in_use(wish: Wish, take: Way, why: str) -> Verdict:
    """Return what the zone says of a device in use that it goes before."""
    match wish.zone.in_use:
        case "take":
            return Verdict(take)
        case "wait":
            return Verdict(Way.WAIT, why)
        case _:
            return Verdict(Way.BUSY, why)

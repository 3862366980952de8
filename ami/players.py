"""What the board of legs asks of others: pages, and the edge."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Protocol

from bellhop.claims import Wish
from bellhop.pages import EdgeCall


class Edge(Protocol):
    """The calls of devices that never come near Asterisk. It blocks."""

    def of(self, numbers: Collection[str]) -> Mapping[str, tuple[EdgeCall, ...]]:
        """Return which of the numbers are in calls, and in which."""

    def end(self, call: EdgeCall) -> bool:
        """Hang up both sides of a call; False when it could not be."""


class Calls:
    """The edge's calls, asked for and ended without holding up the loop."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def of(self, devices: Collection[str]) -> Mapping[str, tuple[EdgeCall, ...]]:
        """Return which of the devices are in calls that are no pages, as the edge tells now."""
        return await asyncio.to_thread(self._edge.of, devices)

    async def end(self, calls: Collection[EdgeCall]) -> None:
        """Have the edge end a device's calls."""
        await asyncio.gather(*(asyncio.to_thread(self._edge.end, call) for call in calls))


class Volumes(Protocol):
    """How loud devices are. Nothing waits for it."""

    def set(self, page: str, gain: int, devices: Collection[str]) -> None:
        """Give the devices of a page this gain (dB)."""

    def put_back(self, page: str) -> None:
        """Give them back what they had before."""


class Player(Protocol):
    """A page, as the board tells it of its members."""

    room: str
    wish: Wish
    leader: str  # his channel
    led_by: str  # his number, or who had it made

    @property
    def over(self) -> bool:
        """Whether it ends: nobody is let in any more."""

    @property
    def waits(self) -> bool:
        """Whether its leader has not been heard yet."""

    async def stop(self, by: str) -> bool:
        """End it for somebody; False when its leader could not be hung up."""

    def rung(self, device: str) -> None:
        """It is rung for this page."""

    def rung_anew(self, device: str) -> None:
        """It is rung for this page, in whose room it had been."""

    def answered(self, device: str) -> None:
        """It took the call."""

    def joined(self, device: str) -> None:
        """It is in the room."""

    def holds(self, device: str) -> None:
        """It put the call on hold."""

    def left(self, device: str) -> None:
        """It is in the room no more."""

    def taken(self, device: str, zone: str) -> None:
        """A page of this zone has it now."""

    def kept(self, device: str, cause: int | None, sip: int | None) -> None:
        """Its leg has ended before the page that was to take it had it."""

    def failed(self, device: str, cause: int | None, sip: int | None, why: str) -> None:
        """It did not come."""

    def going(self, device: str, cause: int | None, sip: int | None, why: str) -> None:
        """It hangs up, or does not take the call."""

    def hung_up(self, device: str, cause: int | None, sip: int | None) -> None:
        """Its leg has ended."""

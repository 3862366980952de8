"""How loud devices are in a page: set when its members are rung, and put back when it is over.

Nothing waits for it: a device that is slow, or refuses, plays as loud as it is, and the report says
so. Where a page takes a device from another, the newest page's volume is in force.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ami.tasks import Tasks
from bellhop import vapix
from bellhop.report import Report
from bellhop.vapix import Channel, VapixError

_log = logging.getLogger("bellhop.pager")

_AT_ONCE = 32
_LAST = 5.0  # seconds that the end waits for what is to be put back


class Api(Protocol):
    """A device's API; it blocks."""

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Return an answer's data. Raises VapixError."""


@dataclass(slots=True)
class _Device:
    """What is known of one: each page's wish (dB), what was before them all, what was last set."""

    number: str
    api: Api
    wishes: dict[str, int] = field(default_factory=dict)
    before: tuple[Channel, ...] = ()
    now: int | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Volumes:
    """The volumes of a site's devices; all of it is called in the event loop."""

    def __init__(self, apis: Mapping[str, Api]) -> None:
        self._devices = {number: _Device(number, api) for number, api in apis.items()}
        self._notes: dict[str, dict[str, str]] = {}
        self._tasks = Tasks()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "volume") if apis else None

    def set(self, page: str, gain: int, devices: Collection[str]) -> None:
        """Give the devices of a page this gain (dB), those of them that have an API."""
        self._notes[page] = {}
        for number in devices:
            if device := self._devices.get(number):
                device.wishes[page] = gain
                self._tasks.begin(self._turn(device, page))

    def put_back(self, page: str) -> None:
        """Give them back what they had before the page."""
        for device in self._devices.values():
            if device.wishes.pop(page, None) is not None:
                self._tasks.begin(self._turn(device, page))

    def noted(self, one: Report) -> Report:
        """Return a page's report with what went wrong with volumes, which its end forgets."""
        notes = self._notes.get(one.page)
        if notes is None:
            return one
        if one.ended is not None:
            del self._notes[one.page]
        members = tuple(
            msgspec.structs.replace(m, why="; ".join(filter(None, (m.why, notes.get(m.device)))))
            for m in one.members
        )
        return msgspec.structs.replace(one, members=members)

    async def close(self) -> None:
        """Put back what pages had set, within some seconds."""
        for device in self._devices.values():
            if device.wishes:
                device.wishes.clear()
                self._tasks.begin(self._turn(device, ""))
        await self._tasks.finish(_LAST)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, device: _Device, page: str) -> None:
        """Have a device be as loud as its newest page wants it, when its turn has come."""
        async with device.turn:
            wanted = next(reversed(device.wishes.values()), None)
            if wanted == device.now:
                return
            try:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._pool, _change, device, wanted)
            except VapixError as error:
                done = "set" if wanted is not None else "put back"
                _log.warning("device=%s page=%s volume=not-%s why=%s",
                             device.number, page, done.replace(" ", "-"), error)  # fmt: skip
                if page in self._notes:
                    self._notes[page][device.number] = f"volume: not {done}: {error}"


def _change(device: _Device, wanted: int | None) -> None:
    if not device.before:
        if wanted is None:
            return
        device.before = vapix.channels(device.api.ask("getDevicesSettings"))
    gains = device.before if wanted is None else vapix.at(wanted, device.before)
    device.now = wanted  # even if no answer comes: it may have been done
    device.api.ask("setDevicesSettings", vapix.settings(gains))
    if wanted is None:
        device.before = ()

"""How the members of each zone are now, as the edge and the page engine know."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ami.engine import Engine
from bellhop.devices import Device
from bellhop.settings import Site
from bellhop.takeouts import TakeOut
from bellhop.targets import Target, is_multicast
from bellhop.zones import members
from pager.calls import Calls
from pager.registrations import Registrations
from pager.takeouts import Keeper


class Overview:
    """Says how zones are; to be called in the loop. reaches: whether Asterisk can be told to ring
    anybody now.
    """

    def __init__(
        self,
        site: Site,
        engine: Engine,
        registered: Registrations,
        calls: Calls,
        takeouts: Keeper,
        *,
        reaches: Callable[[], bool],
    ) -> None:
        self._site = site
        self._engine = engine
        self._registered = registered
        self._calls = calls
        self._takeouts = takeouts
        self._reaches = reaches

    def adopt(self, site: Site) -> None:
        """Use a changed site from now on."""
        self._site = site

    def _silent(self) -> Mapping[str, int]:
        """Return who is registered, and was asked three times and has not answered, since when."""
        every = self._site.edge.probe_devices / 1_000
        return self._registered.silent(time.time() - 3 * every) if every else {}

    async def __call__(self) -> list[dict[str, Any]]:
        """Return each zone with its members: state is ready, busy, absent, taken-out or
        unknown.
        """
        numbers = tuple(self._site.devices)
        there = await asyncio.to_thread(self._registered, numbers)
        in_call = await asyncio.to_thread(self._calls.of, numbers)
        silent = await asyncio.to_thread(self._silent)
        in_page, reached = self._engine.in_pages(), self._reaches()

        def state(member: Target, out: Mapping[str, TakeOut]) -> tuple[str, str]:
            if member.number in out:
                return "taken-out", str(out[member.number])
            if page := in_page.get(member.number):
                return "busy", f"in page {page}"
            if is_multicast(member.number):
                return "unknown", "a group: who listens is not known"
            if not isinstance(member, Device):
                return "unknown", "outside"
            if there is None:
                return "unknown", "the edge could not be asked"
            if member.number not in there:
                return "absent", "not registered"
            if in_call.get(member.number):
                return "busy", "in a call"
            if last := silent.get(member.number):
                when = datetime.fromtimestamp(last, UTC)
                return "unknown", f"registered, and silent since {when:%Y-%m-%d %H:%M:%S} UTC"
            return ("ready", "") if reached else ("unknown", "the pager does not reach Asterisk")

        return [
            {
                "zone": zone.number,
                "name": zone.name,
                "members": [
                    dict(zip(("member", "state", "why"), (m.number, *state(m, out)), strict=True))
                    for m in members(
                        zone, self._site.zones, self._site.devices, None, self._site.numbering
                    )
                ],
            }
            for zone in self._site.zones.values()
            for out in (self._takeouts.of(zone),)
        ]

"""Which zones are paged, as Asterisk's hints tell it to phones that have subscribed: one custom
device state a zone, to which its hint in the dialplan looks (bellhop/render_asterisk.py). A page
that is none of ours is known by its leader: one that Asterisk makes alone, or an earlier pager's.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping

from ami import legs, strangers
from ami.events import Event
from ami.manager import Manager, NotConnected
from ami.sight import Channel
from ami.tasks import Tasks
from bellhop.zones import Zone, hint

_log = logging.getLogger("bellhop.ami")


class Hints:
    """Keeps Asterisk's states as the pages are; all of it in the loop. led: told which zone a page
    is of that is none of ours.
    """

    def __init__(
        self, manager: Manager, zones: Mapping[str, Zone], led: Callable[[str, Zone], None]
    ) -> None:
        self._manager = manager
        self._zones = zones
        self._led = led
        self._paged: frozenset[str] = frozenset()
        # Leaders of pages that are none of ours, and zones, by the channel's unique id.
        self._others: dict[str, tuple[str, str]] = {}
        self._told: dict[str, bool] = {}
        self._task: asyncio.Task[None] | None = None
        self._asking = Tasks()

    def adopt(self, zones: Mapping[str, Zone]) -> None:
        """Tell of these zones from now on, and of one that has gone until it is dark."""
        self._zones = zones
        self._begin()

    def show(self, paged: Collection[str]) -> None:
        """Have these zones of our own pages shown as paged, and no other of ours."""
        self._paged = frozenset(paged)
        self._begin()

    def hear(self, event: Event, ours: Collection[str]) -> None:
        """Take an event, if it is of the leader of a page that is none of ours."""
        unique, kind = event.get("Uniqueid", ""), event.get("Event")
        if kind == "Hangup" and unique in self._others:
            del self._others[unique]
            self._begin()
        elif kind == "ConfbridgeJoin":
            found = Channel(event.get("Channel", ""), unique, event.get("Conference", ""))
            if strangers.may_lead(found, ours):
                self._asking.begin(self._ask([found]))

    def others(self, zone: str) -> list[str]:
        """Return the channels that lead pages of a zone that are none of ours."""
        return [name for name, its in self._others.values() if its == zone]

    async def look(self, found: Iterable[Channel], ours: Collection[str]) -> None:
        """Take what channels there are, and tell all again: it may have kept what was before."""
        self._others.clear()
        await self._ask(one for one in found if strangers.may_lead(one, ours))
        self._told.clear()
        self._begin()

    async def _ask(self, leaders: Iterable[Channel]) -> None:
        """Ask Asterisk which zones these lead pages of."""
        for one in leaders:
            self._others[one.unique] = one.name, ""
            zone = await strangers.zone_of(self._manager, one.name)
            if one.unique in self._others:  # else he has hung up meanwhile
                self._others[one.unique] = one.name, zone
                if zone in self._zones:
                    self._led(legs.page_of(one.room), self._zones[zone])
        self._begin()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell(), name="hints")

    async def _tell(self) -> None:
        """Tell what Asterisk has not been told, until there is nothing; what it could not be told
        it is when AMI is back.
        """
        while True:
            lit = self._paged.union(zone for _, zone in self._others.values())
            gone = (n for n, shown in self._told.items() if shown and n not in self._zones)
            late = [n for n in (*self._zones, *gone) if self._told.get(n) != (n in lit)]
            if not late:
                return
            zone, paged = late[0], late[0] in lit
            self._told[zone] = paged
            state = "INUSE" if paged else "NOT_INUSE"
            try:
                fields = {"Variable": f"DEVICE_STATE({hint(zone)})", "Value": state}
                [answer] = await self._manager.send("Setvar", fields)
            except NotConnected as error:
                _log.warning("zone=%s hint=%s why=%s", zone, state, error)
                return
            if answer.get("Response") != "Success":
                _log.warning("zone=%s hint=%s why=%s", zone, state, answer.get("Message", ""))

    async def close(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()
        await self._asking.cancel()

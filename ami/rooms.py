"""A room that a member has for itself, though others are in the room of that name. Asterisk takes a
room off its list when its last party leaves, and not under the lock under which another one finds
it there: who comes at that moment is where nobody else comes any more, hears silence, and stays
when the leader goes (app_confbridge.c; measured, 22.10: members answer at once, and the first
hangs up as it comes in). So when the room of a page that goes on has ended, whoever is in it by
all that was told is looked for in the room that there is, and sent in anew if it is not there.
"""

import asyncio
import logging
from collections.abc import Mapping

from ami.events import Event
from ami.legs import Leg
from ami.manager import Manager, NotConnected
from ami.progress import Progress
from ami.tasks import Tasks

_log = logging.getLogger("bellhop.ami")

# Seconds: that a member came in may be told after the end of the room that it came into.
_LOOKS = (0.1, 0.9)


class Room:
    """A page's room. legs: of all devices."""

    def __init__(
        self, manager: Manager, room: str, page: Progress, legs: Mapping[str, Leg]
    ) -> None:
        self._manager = manager
        self._room = room
        self._page = page
        self._legs = legs
        self._tasks = Tasks()

    def hear(self, event: Event) -> None:
        """Take an event, if it is of the room's end."""
        if event.get("Event") == "ConfbridgeEnd" and event.get("Conference") == self._room:
            self._tasks.begin(self._look())

    async def _look(self) -> None:
        """Look for who is in a room of its own."""
        for pause in _LOOKS:
            await asyncio.sleep(pause)
            try:
                there = await self._there() if self._inside() else ()
                for leg in self._inside():
                    if leg.channel not in there:
                        await self._send_in(leg)
            except NotConnected as error:
                _log.warning("room=%s members=not-known why=%s", self._room, error)

    def _inside(self) -> list[Leg]:
        """Return whoever is in the room by what was told, while its page goes on."""
        if self._page.page.closed_ms is not None:
            return []
        return [leg for leg in self._legs.values() if leg.room == leg.bound == self._room]

    async def _there(self) -> set[str]:
        """Return the channels in the room that there is. Raises NotConnected, also for an answer
        that is none.
        """
        first, *rest = await self._manager.send("ConfbridgeList", {"Conference": self._room})
        said = first.get("Message", "")
        if first.get("Response") != "Success" and "conference" not in said.casefold():
            raise NotConnected(f"ConfbridgeList: {said}")  # else: there is no such room
        return {one["Channel"] for one in rest if "Channel" in one}

    async def _send_in(self, leg: Leg) -> None:
        _log.warning("device=%s room=%s was-in=one-of-its-own", leg.device, self._room)
        # That it leaves is our doing; it is bound for no room, so nobody takes that for its end.
        self._page.moves.add(leg.device)
        leg.bound = ""
        where = {"Context": "bellhop-member", "Exten": "s", "Priority": "room"}
        await self._manager.send("Redirect", {"Channel": leg.channel, **where})

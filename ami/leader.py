"""The leader of a page: he waits with a tone, is let into the room, and is told when it is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ami import hold, legs
from ami.events import Event
from ami.hold import GOES_ON, Hold
from ami.manager import Manager, NotConnected
from ami.tasks import Tasks
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.ami")

_CHIME_PATIENCE = 3.0
_TAKE_PATIENCE = 2.0
_KEY_PATIENCE = 4.0  # the dialplan's own is 3 (bellhop-key)

# Waits for a condition, at most so many seconds.
Until = Callable[[Callable[[], bool], float], Awaitable[bool]]


class Leader:
    """His channel. gone: he has hung up, or left the room that he was in; elsewhere: he leads
    another page; leaving: he is still in the room of the page that became this one.
    """

    def __init__(
        self, manager: Manager, channel: str, room: str, joined: Callable[[], None]
    ) -> None:
        self.channel = channel
        self.gone = False
        self.elsewhere = False
        self.leaving = False
        self._manager = manager
        self._room = room
        self._joined = joined
        self._chime_over = asyncio.Event()
        self._hold = Hold(room)
        self._tasks = Tasks()

    @property
    def _chime_id(self) -> str:
        return f"{self._room}-chime"

    @property
    def away(self) -> bool:
        """Whether there is nobody to be told of this page."""
        return self.gone or self.elsewhere

    def hear(self, event: Event) -> bool:
        """Take an event; returns whether it is of his page."""
        kind = event.get("Event", "")
        if event.get("Channel") == self.channel:
            if action := self._hold.hear(event):
                self._tasks.begin(self._unheard(action))
            if kind == "ConfbridgeJoin" and event.get("Conference", self._room) != self._room:
                self.gone = True  # his dialplan did not wait for us: he is in a fallback's room
            elif kind == "ConfbridgeJoin":
                self._joined()
            elif kind == "ConfbridgeLeave" and event.get("Conference", self._room) != self._room:
                if not self.leaving:
                    return False
                self.leaving = False  # a page of his that has become this one
            elif kind in {"Hangup", "ConfbridgeLeave"}:
                self.gone = True
            else:
                return False
            return True
        if kind == "Hangup" and event.get("Uniqueid", "").startswith(self._chime_id):
            self._chime_over.set()
        return False

    async def chime(self, zone: Zone) -> None:
        """Play the zone's chime in the room, to its end; a page does not fail for want of it."""
        try:
            chime = legs.chime(zone, room=self._room, leg=self._chime_id)
            [*_, answer] = await self._manager.send("Originate", chime)
            if answer.get("Response") == "Success":
                async with asyncio.timeout(_CHIME_PATIENCE):
                    await self._chime_over.wait()
            else:
                _log.warning("room=%s chime=failed why=%s", self._room, answer.get("Message", ""))
        except (NotConnected, TimeoutError) as error:
            _log.warning("room=%s chime=failed why=%s", self._room, error)

    async def hang_up(self) -> bool:
        """End his call; False when there is none any more."""
        return await hang_up(self._manager, self.channel)

    async def let_be_heard(self) -> None:
        """Unmute him if he holds: nobody will when he goes on."""
        if action := self._hold.hear(GOES_ON):
            await self._unheard(action)

    async def _unheard(self, action: str) -> None:
        """Mute him who holds, or let him be heard again."""
        why = await hold.done(self._manager, action, self._room, self.channel)
        if why and not self.gone:
            _log.warning("room=%s leader=%s why=%s", self._room, action, why)

    async def leave(self, page: str, took: Callable[[], bool], until: Until) -> None:
        """Have him leave the room of his page before, once this page has taken whom it takes out of
        it: with him it empties, and who is still there is hung up. His dialplan waits for the word
        (bellhop-key); while that runs he cannot be moved, for it would go on inside that room.
        """
        await until(took, _TAKE_PATIENCE)
        fields = {"Channel": self.channel, "Variable": "BELLHOP_GO", "Value": page}
        try:
            await self._manager.send("Setvar", fields)
        except NotConnected as error:  # he leaves by himself, somewhat later
            _log.warning("room=%s leader=kept why=%s", self._room, error)
        await until(lambda: not self.leaving or self.gone, _KEY_PATIENCE)

    async def let_in(self, limit: int) -> bool:
        """Send him into the room, for so many seconds more at most; see `move`."""
        return await self.move(f"{self._room}-{limit}")

    async def move(self, where: str) -> bool:
        """Send him to an extension of his context; False when he could not be, and `gone` when
        that is because he is not there any more.
        """
        where_to = {"Context": "bellhop-leader", "Exten": where, "Priority": "1"}
        try:
            answer = await self._manager.send("Redirect", {"Channel": self.channel, **where_to})
        except NotConnected as error:
            _log.warning("room=%s leader=%s why=%s", self._room, where, error)
            return False
        if answer[0].get("Response") == "Success":
            return True
        why = answer[0].get("Message", "")
        _log.warning("room=%s leader=%s why=%s", self._room, where, why)
        self.gone = self.gone or "not exist" in why  # his Hangup was missed
        return False


async def begun(manager: Manager, channel: str, page: str) -> None:
    """Let a leader's dialplan know that his page's members are being rung: when it is not told, it
    rings them itself (bellhop-leader).
    """
    fields = {"Channel": channel, "Variable": "BELLHOP_BEGUN", "Value": page}
    try:
        await manager.send("Setvar", fields)
    except NotConnected as error:
        _log.warning("page=%s leader=not-told why=%s", page, error)


async def hang_up(manager: Manager, channel: str) -> bool:
    """End a leader's call, and his page with it; False when there is none any more."""
    try:
        [answer] = await manager.send("Hangup", {"Channel": channel, "Cause": "16"})
    except NotConnected as error:
        _log.warning("leader=%s hangup=failed why=%s", channel, error)
        return False
    return answer.get("Response") == "Success"

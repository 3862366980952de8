"""Which zones are paged, as Asterisk's hints tell it to phones that have subscribed: one custom
device state a zone, to which its hint in the dialplan looks (bellhop/render_asterisk.py).
"""

import asyncio
import logging
from collections.abc import Collection

from ami.manager import Manager, NotConnected
from bellhop.zones import hint

_log = logging.getLogger("bellhop.ami")


class Hints:
    """Keeps Asterisk's states as the pages are; all of it in the loop."""

    def __init__(self, manager: Manager, zones: Collection[str]) -> None:
        self._manager = manager
        self._zones = tuple(zones)
        self._paged: frozenset[str] = frozenset()
        self._told: dict[str, bool] = {}
        self._task: asyncio.Task[None] | None = None

    def show(self, paged: Collection[str]) -> None:
        """Have these zones shown as paged, and no other."""
        self._paged = frozenset(paged)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell(), name="hints")

    def anew(self) -> None:
        """Tell all again: what Asterisk has kept may be of before."""
        self._told.clear()
        self.show(self._paged)

    async def _tell(self) -> None:
        """Tell what Asterisk has not been told, until there is nothing; what it could not be told
        it is when AMI is back.
        """
        while True:
            late = [n for n in self._zones if self._told.get(n) != (n in self._paged)]
            if not late:
                return
            zone, paged = late[0], late[0] in self._paged
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

    def close(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()

"""Ends what an Asterisk leaves behind when it dies: it says BYE to nobody, so its members and its
leaders would stand in calls with nobody at the other end, and be busy for the next page.

It is gone when it closed AMI and nobody listens there any more, or when it is back and has not the
channels that the edge's calls are of. While AMI is merely out of sight, nothing is ended.
"""

import asyncio
import logging
from collections.abc import Collection

from ami import sight, strangers
from ami.manager import Manager, NotConnected
from ami.tasks import Tasks
from bellhop.pages import EdgeCall
from bellhop.rpc import RpcError
from pager.calls import Calls

_log = logging.getLogger("bellhop.pager")

# Channels of the two endpoints in pjsip.conf.
_LEADER, _MEMBER = "PJSIP/bellhop-edge-", "PJSIP/bellhop-member-"


class Orphans:
    """Watches an Asterisk; to be made in the loop, after all others that watch it."""

    def __init__(self, manager: Manager, calls: Calls) -> None:
        self._manager = manager
        self._calls = calls
        self._tasks = Tasks()
        others = manager.on_up

        def up() -> None:
            others()
            self._tasks.begin(self._look())

        manager.on_up = up
        manager.on_gone = lambda: self._tasks.begin(self._end_all())

    async def _end_all(self) -> None:
        await self._end(legs=await self._legs())

    async def _look(self) -> None:
        """Compare the edge's calls with Asterisk's channels; the calls first, so that one that
        begins meanwhile is not in question.
        """
        legs = await self._legs()
        if not legs:
            return
        try:
            found = await sight.channels(self._manager)
        except NotConnected as error:
            _log.warning("calls-left-behind=unknown why=%s", error)
            return
        await self._end(legs=orphans(legs, found))

    async def _legs(self) -> dict[str, tuple[EdgeCall, ...]]:
        try:
            return await asyncio.to_thread(self._calls.legs)
        except RpcError as error:
            _log.warning("calls-left-behind=unknown why=%s", error)
            return {}

    async def _end(self, legs: dict[str, tuple[EdgeCall, ...]]) -> None:
        calls = [call for several in legs.values() for call in several]
        if calls:
            _log.warning("asterisk=gone calls-ended=%d", len(calls))
        await asyncio.gather(*(asyncio.to_thread(self._calls.end, call) for call in calls))

    async def close(self) -> None:
        """Watch no more."""
        await self._tasks.cancel()


def orphans(
    legs: dict[str, tuple[EdgeCall, ...]], channels: Collection[sight.Channel]
) -> dict[str, tuple[EdgeCall, ...]]:
    """Return the calls that no channel is of. legs: an Asterisk's calls at the edge by the number
    that it called, those that called it by "". A channel that does not tell its number (the
    fallback's) may be any of its kind.
    """
    there: set[str] = set()
    for one in channels:
        if one.name.startswith(_LEADER):
            there.add("")
        elif number := strangers.called(one):
            there.add(number)
        elif one.name.startswith(_MEMBER):
            there |= legs.keys() - {""}
    return {number: calls for number, calls in legs.items() if number not in there}

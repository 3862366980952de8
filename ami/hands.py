"""What is done to a leg: it is moved, told of another leader, hung up. What Asterisk does not do is
said in the log; its events tell what became of the leg.
"""

import contextlib
import logging
from collections.abc import Sequence

from ami import legs
from ami.legs import Leg
from ami.manager import Manager, NotConnected
from ami.players import Player

_log = logging.getLogger("bellhop.ami")


async def move(manager: Manager, leg: Leg, page: Player) -> bool:
    """Bring a leg into a page's room; False when it is not there any more, or nobody knows."""
    leg.sent = page.room
    fields = legs.taken(leg.channel, page.room, page.wish.zone)
    try:
        [answer] = await manager.send("Redirect", fields)
    except NotConnected as error:
        _log.warning("device=%s page=%s take=failed why=%s", leg.device, page.room, error)
        return False
    return answer.get("Response") == "Success"


async def point(manager: Manager, leg: Leg, leader: str) -> None:
    """Let a leg that rings answer to another leader: its own may have gone by then."""
    if leg.channel:
        with contextlib.suppress(NotConnected):  # then it answers to its own, and is moved
            fields = {"Channel": leg.channel, "Variable": "BELLHOP_LEADER", "Value": leader}
            await manager.send("Setvar", fields)


async def hang_up(manager: Manager, leg: Leg) -> None:
    """End a leg; one that has no channel yet, as soon as it has."""
    leg.unwanted = True
    if not leg.channel:
        return
    try:
        await manager.send("Hangup", {"Channel": leg.channel, "Cause": "16"})
    except NotConnected as error:
        _log.warning("device=%s hangup=failed why=%s", leg.device, error)


async def catch_up(manager: Manager, leg: Leg, pages: Sequence[Player]) -> None:
    """Do what was wanted of a leg before it had a channel. pages: that it is for, the one that has
    it last.
    """
    if leg.unwanted:
        await hang_up(manager, leg)
        return
    for page in pages[-1:]:
        await point(manager, leg, page.leader)

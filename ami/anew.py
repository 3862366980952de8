"""Asterisk's state is read anew: after AMI was away, and when the pager has been started while an
earlier one's pages go on. What was missed is taken as if it had been told; nothing is sent again.
"""

import logging
from collections.abc import Callable, Collection, Iterable

from ami import hands, hold, sight, strangers
from ami.board import Board
from ami.events import Event
from ami.hints import Hints
from ami.legs import Leg
from ami.manager import Manager, NotConnected
from ami.running import Running

_log = logging.getLogger("bellhop.ami")


async def look(
    manager: Manager,
    board: Board,
    hints: Hints,
    running: Callable[[], Collection[Running]],
    tell: Callable[[Event], None],
) -> None:
    """Read what Asterisk has. running: the pages that run; tell: takes an event that was missed."""
    before = tuple(board.legs.values())  # one that is rung meanwhile is not in the answer
    try:
        found = await sight.channels(manager)
    except NotConnected as error:
        _log.warning("ami=state-unknown why=%s", error)
        return
    live = {channel.unique: channel for channel in found}
    for event in tuple(sight.told(before, live)):
        tell(event)
    await _end(manager, (leg for leg in before if leg.unwanted and leg.unique in live))
    known = tuple(board.legs.values())
    for theirs, leg in strangers.of_pagers(known, found):
        board.stranger(theirs, leg)
    ours = {leg.unique for leg in known}
    for one in found:
        if one.unique not in ours:
            await board.ask_of(one.name, one.unique, one.room)
    found = [one for one in found if one.unique not in board.ended]  # they have been told of
    for page in tuple(running()):
        opened = page.page.opened_ms is not None
        missed = sight.of_leader(page.leader, opened=opened, live=found)
        if missed is not None:
            tell(missed)
        tell({**hold.GOES_ON, "Channel": page.leader})  # whether he still holds, nobody can tell
    await hints.look(found, board.pages)
    for one in found:
        if strangers.may_lead(one, board.pages):
            await hold.let_be_heard(manager, one)


async def _end(manager: Manager, unwanted: Iterable[Leg]) -> None:
    """Hang up who was to be: nobody may have been there to be told so."""
    for leg in unwanted:
        await hands.hang_up(manager, leg)

"""A page waits: for a device in use, or for its turn; as long as its zone says."""

import asyncio
from collections.abc import Mapping

from ami.board import Board
from ami.players import Player
from bellhop.claims import Verdict, Way
from bellhop.pages import EdgeCall

_ASK_EVERY = 0.5  # seconds between questions to the edge whether a device's call is over
_LOOK_EVERY = 1.0  # seconds between looks at whether a leader who waits for his turn is still there


async def when_free(board: Board, page: Player, device: str, patience: float) -> Verdict:
    """Wait until a page may have a device, and claim it; BUSY past `patience` s or its end."""
    now = asyncio.get_running_loop().time
    end = now() + patience
    while True:
        verdict = board.plan(page.wish, await board.calls.of([device]))[device]
        left = end - now()
        if verdict.way is Way.RING and not page.over:
            board.claim(page.wish, [device])
            return verdict
        if left <= 0 or page.over:
            return Verdict(Way.BUSY, verdict.why)
        await board.freed(min(left, _ASK_EVERY))


async def for_turn(
    board: Board, page: Player
) -> tuple[Mapping[str, Verdict], Mapping[str, tuple[EdgeCall, ...]]]:
    """Wait for a page's turn; when that takes too long, it begins with whoever is free. Returns
    what is done with each of its devices, and the calls that some are in.
    """
    now = asyncio.get_running_loop().time
    end = now() + page.wish.zone.queue_wait / 1000
    while board.claims.must_wait(page.wish) and not page.over:
        left = end - now()
        if left <= 0:
            break
        await board.freed(min(left, _LOOK_EVERY))
    in_call = await board.calls.of(page.wish.members)
    verdicts = board.plan(page.wish, in_call)
    board.leave_queue(page.wish.page)
    return verdicts, in_call

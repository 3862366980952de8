"""A page waits for a device in use: until it may have it, or for as long as its zone says."""

import asyncio

from ami.board import Board
from ami.players import Player
from bellhop.claims import Verdict, Way

_ASK_EVERY = 0.5  # seconds between questions to the edge whether a device's call is over


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

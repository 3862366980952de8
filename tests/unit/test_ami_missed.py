"""The board: a device that another page took before the page that had it could ring it."""

import asyncio

import pytest

from tests.unit.test_ami_board import Player, with_a_leg
from tests.unit.test_ami_rings import SPEAKER, Failing


@pytest.mark.parametrize("ends", ["handed back", "its leg has ended", "over"])
def test_a_device_that_another_page_took_before_it_was_rung_is_rung_when_it_is_back(ends):
    """Its call at the edge was being ended, say, when an emergency came."""
    manager = Failing({"Response": "Success"})

    async def rings():
        board, _, new, _ = with_a_leg(manager)
        low = board.pages["low"] = Player("low", 1)
        board.claim(low.wish, ["1009"])
        board.claim(new.wish, ["1009"])
        await board.ring(SPEAKER, low)
        assert low.told == [("taken", "1009", "80-new")]
        low.over = ends == "over"
        if ends == "its leg has ended":
            await board.ring(SPEAKER, new)
            board.forget(board.legs["1009"])
        else:
            board.hand_back("new")
        await asyncio.sleep(0.01)
        board.release("low")
        assert board._missed == {}  # noqa: SLF001 - nothing else shows what is kept for ever
        return low.told[1:], board.legs.get("1009")

    told, leg = asyncio.run(asyncio.wait_for(rings(), 5))
    if ends == "over":
        assert (told, leg) == ([], None)
    else:
        assert told == [("rung", "1009"), ("answered", "1009")]
        assert leg.bound == "page-low"

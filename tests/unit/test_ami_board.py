"""The board: who may have a device that a page of an earlier pager still has."""

import pytest

from ami.board import Board
from ami.legs import Leg
from bellhop.claims import Way, Wish
from bellhop.zones import Zone


@pytest.mark.parametrize(
    ("keys", "way"),
    [
        ({"priority": 9, "in_use": "take"}, Way.BUSY),
        ({"emergency": True, "in_use": "take"}, Way.TAKE),
    ],
    ids=["the highest priority", "an emergency"],
)
def test_members_of_a_page_that_nobody_knows_are_an_emergencys_alone(keys, way):
    board = Board(None, None, 5)
    board.stranger("old", Leg("1008", "page-old-1008", room="page-old"))
    zone = Zone(number="8010", name="All", members=("1008",), **keys)
    assert board.claims.plan(Wish("new", zone, ("1008",)), (), 5)["1008"].way is way

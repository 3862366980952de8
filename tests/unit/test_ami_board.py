"""The board: who may have a device that a page of an earlier pager still has."""

import pytest

from ami import strangers
from ami.board import Board
from ami.legs import Leg, unique
from ami.sight import Channel
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


@pytest.mark.parametrize(
    "device",
    ["1008", "tel:+442079460000", "multicast:239.1.2.3:5004", "multicast:239.1.2.3:5004/4"],
)
def test_a_leg_of_an_earlier_pagers_page_is_known_by_its_channels_id(device):
    """Also a group's: two pages in one stream are noise."""
    known = Channel("x/1", unique("page-6b-0a", device), "page-6b-0a")
    [(page, leg)] = strangers.of_pagers([], [known])
    assert (page, leg.device, leg.room) == ("6b-0a", device, "page-6b-0a")


def test_a_channel_of_somebody_elses_is_no_leg():
    others = ["1700000000.1", "page-6b-0a", "page-6b-0a-chime", "page-6b-0a-chime-2", "page-x-1-1"]
    assert not list(strangers.of_pagers([], [Channel("x", name, "") for name in others]))


def test_a_stranger_leaves_what_a_page_of_ours_has_claimed_to_it():
    """The claim comes before the leg; a stranger seen in between must not break it."""
    board = Board(None, None, 5)
    zone = Zone(number="8010", name="All", members=("1008",), emergency=True)
    board.claim(Wish("new", zone, ("1008",)), ["1008"])
    board.stranger("old", Leg("1008", "page-old-1008", room="page-old"))
    assert board.claims.holder("1008").page == "new"

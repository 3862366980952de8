"""The board: who may have a device that a page of an earlier pager still has."""

import asyncio

import pytest

from ami import strangers
from ami.board import Board
from ami.legs import Leg, unique
from ami.sight import Channel
from bellhop.claims import Way, Wish
from bellhop.devices import Device
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


class Player:
    """A page that notes what it is told of its members."""

    leader = "PJSIP/leader-1"
    led_by = "1020"
    over = False

    def __init__(self, name, priority=5):
        self.room = f"page-{name}"
        rank = {"priority": priority, "emergency": name == "new"}
        zone = Zone(number=f"80-{name}", name="All", members=("1008",), **rank)
        self.wish = Wish(name, zone, ("1008",))
        self.told = []

    def __getattr__(self, what):
        return lambda *said: self.told.append((what, *said))


HUNG_UP = {"Event": "Hangup", "Uniqueid": "page-old-1008", "Cause": "16"}


def with_a_leg(manager=None):
    """Return a board where the old page has the device in its room, and the new one has not yet."""
    board = Board(manager, None, 5)
    old, new = Player("old"), Player("new")
    board.pages = {"old": old, "new": new}
    board.claim(old.wish, ["1008"])
    leg = Leg("1008", "page-old-1008", channel="PJSIP/x-1", room="page-old")
    leg.serve("page-old")
    board.legs["1008"] = board._unique[leg.unique] = leg  # noqa: SLF001 - as `ring` does it
    return board, old, new, leg


@pytest.mark.parametrize("taken", [False, True], ids=["queued for", "to be taken"])
def test_the_end_of_a_leg_is_nothing_to_a_page_that_has_yet_to_ring_the_device(taken):
    """It has been given the device, and its own word to Asterisk is on the way."""
    board, old, new, _ = with_a_leg()
    if not taken:
        board.release("old")
    board.claim(new.wish, ["1008"])

    board.hear(HUNG_UP)
    assert new.told == []
    assert old.told == ([("hung_up", "1008", 16, None)] if taken else [])
    assert [wish.page for wish in board.claims.stacks["1008"]] == ["new"]
    assert board.legs == {}


def test_why_a_leg_ends_is_told_to_the_page_whose_room_it_has_just_left():
    """A busy Asterisk tells that it left first, and with that its device is another page's."""
    board, old, _, leg = with_a_leg()
    said = {"Uniqueid": leg.unique, "Conference": old.room, "Cause": "41"}
    leg.been.add(old.room)
    for kind in ("ConfbridgeLeave", "HangupRequest", "Hangup"):
        board.hear({"Event": kind, **said})
    assert old.told == [("left", "1008"), ("hung_up", "1008", 41, None)]


def test_the_end_of_a_leg_is_told_to_all_pages_that_it_has_served():
    board, old, new, leg = with_a_leg()
    board.claim(new.wish, ["1008"])
    leg.serve(new.room)

    board.hear(HUNG_UP)
    assert old.told == new.told == [("hung_up", "1008", 16, None)]
    assert board.claims.stacks == {}


def test_a_hold_is_told_to_the_pages_of_its_leg():
    board, old, new, _ = with_a_leg()
    board.hear({"Event": "Hold", "Uniqueid": "page-old-1008", "MusicClass": ""})
    assert (old.told, new.told) == ([("holds", "1008")], [])


class Asterisk:
    """A manager that notes what it is to do, and does it."""

    up = True

    def __init__(self):
        self.sent = []

    async def send(self, action, fields, patience=5):  # noqa: ARG002
        told = {"Setvar": "Value", "Redirect": "Exten"}.get(action, "ChannelId")
        self.sent.append((action, fields[told]))
        return [{"Response": "Success"}]


@pytest.mark.parametrize("told", [True, False], ids=["it ends", "nobody says that it ends"])
def test_a_device_is_rung_when_the_call_that_left_its_room_has_ended(told, monkeypatch):
    """Many devices take one call alone, and refuse one that comes before the BYE."""
    monkeypatch.setattr("ami.board._HANGUP_PATIENCE", 10 if told else 0.01)
    manager = Asterisk()

    async def one_after_the_other():
        board, _, new, leg = with_a_leg(manager)
        board.hear({"Event": "ConfbridgeLeave", "Uniqueid": leg.unique, "Conference": "page-old"})
        assert board.plan(new.wish, {})["1008"].way is Way.RING
        board.claim(new.wish, ["1008"])
        ringing = asyncio.ensure_future(board.ring(Device(number="1008", kind="speaker"), new))
        await asyncio.sleep(0)
        assert manager.sent == []
        if told:
            board.hear(HUNG_UP)
        await asyncio.wait_for(ringing, 5)
        assert new.told == [("answered", "1008")]

    asyncio.run(one_after_the_other())
    assert manager.sent == [("Originate", "page-new-1008")]


@pytest.mark.parametrize(("left", "where"), [("page-old", ""), ("page-new", "page-old")])
def test_a_device_is_where_it_came_to_last_until_it_leaves_that_room(left, where):
    """Asterisk may tell of the room that it left after the one that it came to."""
    board, _, _, leg = with_a_leg()
    board.hear({"Event": "ConfbridgeLeave", "Uniqueid": leg.unique, "Conference": left})
    assert leg.room == where


def test_who_is_on_its_way_to_the_page_that_took_it_is_not_sent_there_twice():
    """It answered as it was taken: that it came into the old room is told when it has been moved. A
    second word would take it out of the new room, and put it back.
    """
    manager = Asterisk()

    async def taken_as_it_came():
        board, _, new, leg = with_a_leg(manager)
        board.claim(new.wish, ["1008"])
        assert await board.take(Device(number="1008", kind="speaker"), new)
        board.hear({"Event": "ConfbridgeJoin", "Uniqueid": leg.unique, "Conference": "page-old"})
        await asyncio.sleep(0.01)

    asyncio.run(taken_as_it_came())
    assert [action for action, _ in manager.sent] == ["Redirect"]


def test_a_page_ends_those_that_its_member_leads_and_none_that_goes_before_it():
    """It may have begun to lead one while this page was being agreed on."""
    stopped = []

    async def ends():
        board = Board(None, None, 5)
        for name, priority in (("low", 4), ("even", 7), ("high", 8), ("other", 4)):
            page = board.pages[name] = Player(name, priority)
            page.led_by = "1021" if name == "other" else "1020"

            async def stop(by, name=name):
                stopped.append((name, by))

            page.stop = stop
        await board.end_calls("1020", (), Player("one", 7))

    asyncio.run(ends())
    assert stopped == [("low", "80-one")]

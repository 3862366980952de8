"""What Asterisk has, read anew: which channels there are, and what was missed of legs and leaders."""

import asyncio

import pytest

from ami.legs import Leg
from ami.manager import NotConnected
from ami.sight import Channel, channels, of_leader, told
from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import play

DONE = {"Event": "CoreShowChannelsComplete"}
THERE = {"Event": "CoreShowChannel", "Channel": "PJSIP/m-1", "Uniqueid": "u-1"}
IN_ROOM = {**THERE, "Application": "ConfBridge", "ApplicationData": "page-a,member,menu"}


class Says:
    """An AMI that answers so."""

    def __init__(self, *events):
        self.events = events

    async def send(self, *_):
        return list(self.events)


def test_channels_are_read_with_the_room_that_each_is_in():
    elsewhere = {**THERE, "Application": "Dial", "ApplicationData": "PJSIP/x,20"}
    found = asyncio.run(channels(Says({"Response": "Success"}, IN_ROOM, elsewhere, DONE)))
    assert [one.room for one in found] == ["page-a", ""]
    assert asyncio.run(channels(Says(DONE))) == []


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "nothing"),
        ([{"Response": "Error", "Message": "Permission denied"}], "Permission denied"),
        ([{"Response": "Success", "Message": "follows"}, THERE], "follows"),
    ],
)
def test_an_answer_that_is_none_or_not_whole_is_not_taken_for_no_channels(events, said):
    """The pages of all that is not in it would be held to be over."""
    with pytest.raises(NotConnected, match=f"^CoreShowChannels: {said}$"):
        asyncio.run(channels(Says(*events)))


@pytest.mark.parametrize(
    ("known", "room", "missed"),
    [
        ({}, "", ["Newchannel"]),
        ({}, "page-a", ["Newchannel", "ConfbridgeJoin"]),
        ({"channel": "PJSIP/m-1"}, "", []),
        ({"channel": "PJSIP/m-1", "room": "page-a"}, "page-a", []),
        ({"channel": "PJSIP/m-1", "room": "page-a"}, "", ["ConfbridgeLeave"]),
        (
            {"channel": "PJSIP/m-1", "room": "page-a"},
            "page-b",
            ["ConfbridgeLeave", "ConfbridgeJoin"],
        ),
        ({"channel": "PJSIP/m-1", "room": "page-a"}, None, ["Hangup"]),
    ],
)
def test_what_was_missed_of_a_leg_is_told_and_nothing_else(known, room, missed):
    live = {} if room is None else {"u-1": Channel("PJSIP/m-1", "u-1", room)}
    assert [one["Event"] for one in told([Leg("1008", "u-1", **known)], live)] == missed


def test_a_leader_whose_key_is_being_done_has_not_left_his_room():
    """Its beep is played, say: `Playback` is what his channel runs then (measured, 22.10)."""
    in_key = {"Context": "bellhop-key", "Application": "Playback", "ApplicationData": "beep"}
    [found] = asyncio.run(channels(Says({"Response": "Success"}, {**IN_ROOM, **in_key}, DONE)))
    assert of_leader("PJSIP/m-1", opened=True, live=[found]) is None
    # Of a page that the key makes nothing has been missed either: he is not in its room yet.
    assert of_leader("PJSIP/m-1", opened=False, live=[found]) is None


@pytest.mark.parametrize(
    ("opened", "room", "missed"),
    [
        (True, "page-a", None), (False, "", None), (True, "", "ConfbridgeLeave"),
        (False, "page-a", "ConfbridgeJoin"), (True, None, "Hangup"), (False, None, "Hangup"),
    ],
)  # fmt: skip
def test_what_was_missed_of_a_leader_is_told(opened, room, missed):
    live = [] if room is None else [Channel("PJSIP/x-1", "u-9", room)]
    event = of_leader("PJSIP/x-1", opened=opened, live=live)
    assert (event["Event"] if event else None) == missed


def test_who_was_to_be_hung_up_as_ami_went_away_is_so_when_it_is_back():
    """The page has ended, and nobody else would end the leg that rings for it."""

    async def story(site, house):
        leader = await site.page("81", ["1", "2"])
        await until(lambda: len(house.legs) == 2 and house.legs["1"]["room"])
        house.leader_goes(leader)
        house.goes_down()
        await asyncio.sleep(0.01)
        assert set(house.legs) == {"2"}
        house.comes_back()
        await until(lambda: house.legs == {})
        assert (await site.ended("81"))["2"][0] == "failed"

    play(story, House({"2": "rings"}))

"""A member in a room of its own: Asterisk had ended the room at the moment at which it came in."""

import asyncio

import pytest

from ami.manager import NotConnected
from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import PLAYED, play

ERROR = {"Response": "Error"}


class Scatters(House):
    """A house in which some members are in a room that ended as they came in."""

    def __init__(self, *lost, answer=None, gone=()):
        super().__init__()
        self.lost, self.answer, self.gone = set(lost), answer, gone
        self.asked = self.sent_in = 0

    def ends(self, leader):
        self.say("ConfbridgeEnd", Conference=self.leaders[leader].removeprefix("wait "))

    def kicked(self, device):
        if device not in self.lost:
            super().kicked(device)

    async def do_confbridgelist(self, fields):
        self.asked += 1
        if self.answer is not None:
            if isinstance(self.answer, Exception):
                raise self.answer
            return [self.answer]
        found = [d for d in self.members(fields["Conference"]) if d not in self.lost]
        events = [{"Event": "ConfbridgeList", "Channel": self.legs[d]["channel"]} for d in found]
        return [{"Response": "Success"}, *events, {"Event": "ConfbridgeListComplete"}]

    async def do_redirect(self, fields):
        if fields["Context"] != "bellhop-member":
            return await super().do_redirect(fields)
        self.sent_in += 1
        assert (fields["Exten"], fields["Priority"]) == ("s", "room")  # as the dialplan has it
        [device] = [d for d, leg in self.legs.items() if leg["channel"] == fields["Channel"]]
        if device in self.gone:
            self.hang_up(device)
            return [{**ERROR, "Message": "Channel does not exist"}]
        leg = self.legs[device]
        room, leg["room"] = leg["room"], ""
        said = {"Uniqueid": leg["unique"], "Channel": leg["channel"], "Conference": room}
        self.say("ConfbridgeLeave", **said)
        await asyncio.sleep(0.01)
        self.lost.discard(device)
        self.enter(device, room)
        return [{"Response": "Success"}]


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr("ami.rooms._LOOKS", (0.02, 0.05))


@pytest.mark.parametrize(
    "answer",
    [None, {**ERROR, "Message": "No active conferences."},
     {**ERROR, "Message": "No Conference by that name found."}],
)  # fmt: skip
def test_a_member_in_a_room_of_its_own_is_sent_into_the_pages_and_stays_the_pages(answer):
    async def story(site, house):
        leader = await site.begun("81", ["1", "2"])
        house.ends(leader)
        await until(lambda: house.sent_in and not house.lost)
        house.answer = None
        await asyncio.sleep(0.1)
        assert (await site.page("82", ["1"])).cause == 17  # it is no other page's
        assert await site.over("81", leader) == {"1": PLAYED, "2": PLAYED}

    house = play(story, Scatters("1", "2") if answer else Scatters("1"))
    assert house.sent_in == (2 if answer else 1)


def test_it_is_looked_for_again_for_that_a_member_came_in_may_be_told_after_the_rooms_end():
    async def story(site, house):
        leader = await site.begun("81", ["1", "2"])
        house.ends(leader)
        await until(lambda: house.asked)
        house.lost.add("2")
        await until(lambda: not house.lost)
        assert await site.over("81", leader) == {"1": PLAYED, "2": PLAYED}

    assert play(story, Scatters()).sent_in == 1


@pytest.mark.parametrize(
    "answer",
    [NotConnected("ConfbridgeList: AMI is down"), {**ERROR, "Message": "Permission denied"}],
)
def test_where_nobody_can_tell_who_is_in_a_room_nobody_is_sent_anywhere(answer, caplog):
    async def story(site, house):
        leader = await site.begun("81", ["1", "2"])
        house.ends(leader)
        await until(lambda: house.asked == 2)
        house.lost.clear()
        assert await site.over("81", leader) == {"1": PLAYED, "2": PLAYED}

    house = play(story, Scatters("1", answer=answer))
    assert house.sent_in == 0
    assert "members=not-known why=ConfbridgeList: " in caplog.text


def test_a_member_that_hangs_up_as_it_is_sent_in_has_left():
    async def story(site, house):
        leader = await site.begun("81", ["1", "2"])
        house.ends(leader)
        await until(lambda: house.sent_in == 1)
        await asyncio.sleep(0.6)  # so long before the end, that it is said
        found = await site.over("81", leader)
        assert found["2"] == PLAYED
        assert found["1"][1].startswith("left ")

    play(story, Scatters("1", gone="1"))


def test_nobody_is_sent_into_the_room_of_a_page_that_is_over(monkeypatch):
    monkeypatch.setattr("ami.running._LEAVE_PATIENCE", 0.2)

    async def story(site, house):
        leader = await site.begun("81", ["1", "2"])
        room = house.leaders[leader]
        house.leader_goes(leader)
        assert house.members(room) == ["1"]  # it is not hung up with the others
        house.say("ConfbridgeEnd", Conference=room)
        assert await site.ended("81") == {"1": PLAYED, "2": PLAYED}
        assert house.asked == 0

    play(story, Scatters("1"))

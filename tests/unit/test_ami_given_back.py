"""Members that a page took before they were in a room, or that were on their way when it ended."""

import asyncio
from functools import partial

import pytest

from bellhop.devices import Device
from bellhop.members import Member, State
from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import play
from tests.unit.test_ami_board import Asterisk, with_a_leg


class Slowly(House):
    """A house in which a member is on its way to another room until it is let on, whoever waits."""

    def __init__(self):
        super().__init__()
        self.moves, self.on = [], asyncio.Event()

    async def do_redirect(self, fields):
        move = asyncio.ensure_future(self.redirects(fields))
        if fields["Context"] == "bellhop-taken":
            self.moves.append(move)
        return await asyncio.shield(move)

    async def redirects(self, fields):
        if fields["Context"] == "bellhop-taken":
            await self.on.wait()
        return await super().do_redirect(fields)


def test_whom_a_page_took_that_was_over_before_it_came_goes_back():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], priority=3)
        await site.speaks(low)
        high = await site.page("82", ["1"], priority=8)
        await until(lambda: house.moves)
        house.leader_goes(high)
        await until(lambda: site.engine.in_pages()["1"] == site.engine.in_pages()["2"])
        house.on.set()
        await until(lambda: len(house.moves) == 2)
        await house.moves[1]
        assert house.members(house.leaders[low]) == ["1", "2"]
        house.leader_goes(low)
        outcome, why = (await site.ended("81"))["1"]
        assert outcome == "pre-empted"
        assert "back at" in why
        assert house.wrong == []

    play(story, Slowly())


@pytest.mark.parametrize("answers", [False, True])
def test_what_a_page_took_while_it_rang_rings_for_the_one_before_again(answers):
    async def story(site, house):
        low = await site.page("81", ["1", "2"], priority=3, head_start=1)
        await site.speaks(low)
        high = await site.page("82", ["1"], priority=8)
        await until(lambda: house.legs["1"]["leader"] == high)
        house.leader_goes(high)
        await site.ended("82")
        await until(lambda: house.legs["1"]["leader"] == low)
        if answers:
            house.enter("1", house.leaders[low])
        house.leader_goes(low)
        outcome, why = (await site.ended("81"))["1"]
        assert outcome == ("played" if answers else "failed")
        assert why.startswith("missed the first" if answers else "no answer before the page ended")

    play(story, House({"1": "rings"}))


class Tells(House):
    """A house in which what went to the first member is told somewhat after it has left."""

    def say(self, kind, **fields):
        if (fields.get("UserEvent"), fields.get("Member")) == ("BellhopLeft", "1"):
            asyncio.get_running_loop().call_later(0.02, partial(super().say, kind, **fields))
        else:
            super().say(kind, **fields)


@pytest.mark.parametrize("back", [False, True])
def test_a_report_has_what_went_to_a_member_before_it_was_taken_and_after_it_came_back(back):
    async def story(site, house):
        low = await site.begun("81", ["1", "2"], priority=3)
        high = await site.begun("82", ["1"], priority=8)
        if back:
            await site.over("82", high)
            await until(lambda: house.members(house.leaders[low]) == ["1", "2"])
        await site.over("81", low)
        sent = {m.device: m.sent for m in site.of("81").members}
        assert sent == {"1": 18 if back else 9, "2": 9}
        if not back:
            await site.over("82", high)

    play(story, Tells())


def test_a_member_that_was_in_the_room_is_back_when_it_is_in_it_again():
    """Its way back has a moment in which it is in none, as one that still rings."""
    taken = Member(device="1008").answered(12).joined(15).taken(500, "8010")
    assert taken.rung() == taken
    rings = Member(device="1008").taken(500, "8010").rung()
    assert (rings.state, rings.gaps) == (State.REQUESTED, ())


def test_who_is_taken_before_there_is_a_channel_answers_to_the_page_that_has_it():
    """Its own leader, who lost his members, may be gone when it answers: it would hang up."""
    manager = Asterisk()

    async def takes():
        board, _, new, leg = with_a_leg(manager)
        new.leader, leg.channel, leg.room = "PJSIP/leader-new", "", ""
        board.claim(new.wish, ["1008"])
        assert await board.take(Device(number="1008", kind="speaker"), new)
        assert manager.sent == []
        board.hear({"Event": "Newchannel", "Uniqueid": leg.unique, "Channel": "PJSIP/x-1"})
        await asyncio.sleep(0)

    asyncio.run(takes())
    assert manager.sent == [("Setvar", "PJSIP/leader-new")]

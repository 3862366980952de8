"""A page that goes before another one, just as that one ends or before it has opened: nobody whom both
want is lost between them.
"""

import asyncio
from functools import partial

import pytest

from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import PLAYED, play, rooms


class Lags(House):
    """A house whose events come somewhat later than what it does: of a page of hundreds that ends,
    much later.
    """

    def say(self, kind, **fields):
        asyncio.get_running_loop().call_later(0.03, partial(super().say, kind, **fields))


def test_a_page_that_comes_as_another_one_ends_rings_whom_it_can_take_from_nobody_any_more():
    """The calls that it would take are over; Asterisk says so, and its events do a little later."""

    async def story(site, house):
        low = await site.begun("81", ["1", "2"], priority=3)
        await asyncio.sleep(0.05)
        house.leader_goes(low)
        high = await site.begun("82", ["1", "2"], priority=8)
        assert set(rooms(house).values()) == {house.leaders[high]}
        await asyncio.sleep(0.05)
        assert await site.ended("81") == dict.fromkeys("12", PLAYED)
        assert await site.over("82", high) == dict.fromkeys("12", PLAYED)

    play(story, Lags())


def test_who_is_taken_from_a_page_whose_leader_has_gone_has_heard_all_of_it():
    async def story(site, house):
        low = await site.begun("81", ["1", "2"], priority=3)
        house.say("Hangup", Channel=low, Uniqueid="l")  # its members are there for a moment yet
        high = await site.begun("82", ["1", "2"], priority=8)
        assert await site.ended("81") == dict.fromkeys("12", PLAYED)
        assert await site.over("82", high) == dict.fromkeys("12", PLAYED)

    play(story)


def test_who_was_taken_before_anybody_spoke_and_finds_the_room_empty_is_rung_anew():
    """Asterisk hangs it up then: the leader waits elsewhere, and the others have not answered."""

    async def story(site, house):
        low = await site.page("81", ["1", "2"], priority=3, head_start=60_000)
        await until(lambda: rooms(house).get("1"))
        high = await site.begun("82", ["1"], priority=8)
        assert await site.over("82", high) == {"1": PLAYED}
        await until(lambda: rooms(house).get("1"))
        house.enter("2", rooms(house)["1"])
        await site.speaks(low)
        assert await site.over("81", low) == dict.fromkeys("12", PLAYED)

    play(story, House({"2": "rings"}))


def test_who_hung_up_on_the_page_that_took_it_is_not_rung_anew():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], priority=3, head_start=60_000)
        await until(lambda: rooms(house).get("1"))
        high = await site.begun("82", ["1", "3"], priority=8)
        house.hang_up("1")
        house.enter("2", house.leaders[low].removeprefix("wait "))
        await site.speaks(low)
        assert [f["Channel"][6] for a, f in house.sent if a == "Originate"] == ["1", "2", "3"]
        assert (await site.over("81", low))["1"][0] == "pre-empted"
        await site.over("82", high)

    play(story, House({"2": "rings"}))


class Goes(House):
    """A house in which a leader who waits is gone before his members are, as Asterisk has it."""

    def leader_goes(self, channel):
        if self.leaders[channel].startswith("wait "):
            self.say("Hangup", Uniqueid="l", Channel=channel, Cause="16")
        super().leader_goes(channel)


@pytest.mark.parametrize("highest", [["1"], ["1", "4"]], ids=["it is heard", "it waits, too"])
@pytest.mark.parametrize("first", ["83", "82"])
def test_of_three_pages_that_have_not_opened_the_lowest_has_the_device_when_the_others_end(
    first, highest
):
    async def story(site, house):
        leaders = {}
        three = ("81", ["1", "2"], 3), ("82", ["1", "3"], 5), ("83", highest, 8)
        for zone, members, priority in three:
            leaders[zone] = await site.page(zone, members, priority, head_start=60_000)
            room = f"page-{site.of(zone).page}"
            await until(lambda: rooms(house).get("1") == room)  # noqa: B023 - it is waited for
        if len(highest) == 1:
            await site.speaks(leaders["83"])
        for zone in (first, "82" if first == "83" else "83"):
            house.leader_goes(leaders[zone])
            await site.ended(zone)
        room = f"page-{site.of('81').page}"
        await until(lambda: rooms(house).get("1") == room)
        house.enter("2", room)
        await site.speaks(leaders["81"])
        assert await site.over("81", leaders["81"]) == dict.fromkeys("12", PLAYED)

    play(story, Goes(dict.fromkeys("234", "rings")))


def test_whom_a_page_has_yet_to_ring_rings_for_it_when_the_page_that_rings_it_is_over():
    """One call is enough: that leg is not ended, to ring the device again."""

    async def story(site, house):
        low = await site.page("81", ["1", "2"], priority=3, head_start=60_000)
        await until(lambda: rooms(house).get("1"))
        mid = await site.page("82", ["1", "3"], priority=5, head_start=60_000)
        await until(lambda: rooms(house)["1"] == f"page-{site.of('82').page}")
        high = await site.begun("83", ["1"], priority=8)
        house.behaves["1"] = "rings"
        house.leader_goes(high)
        await until(lambda: house.legs.get("1", {}).get("leader") == mid)
        house.leader_goes(mid)
        await until(lambda: house.legs["1"]["leader"] == low)
        house.enter("1", f"page-{site.of('82').page}")  # where its call was for
        await until(lambda: rooms(house)["1"] == f"page-{site.of('81').page}")
        house.enter("2", rooms(house)["1"])
        await site.speaks(low)
        assert await site.over("81", low) == dict.fromkeys("12", PLAYED)
        rung = [f["Channel"][6] for a, f in house.sent if a == "Originate"]
        assert rung == ["1", "2", "3", "1"]

    play(story, Goes({"2": "rings", "3": "rings"}))

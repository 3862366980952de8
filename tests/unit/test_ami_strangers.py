"""The engine after AMI was away, and beside pages that are not its own."""

import asyncio

import pytest

from bellhop.pages import Refusal
from bellhop.zones import Zone
from tests.unit.fake_asterisk import until
from tests.unit.fake_house import House
from tests.unit.stories import PLAYED, play, rooms


def test_a_page_goes_on_though_ami_was_away_and_nobody_is_rung_twice():
    async def story(site, house):
        first = await site.begun("81", ["1", "2", "3"], 3)
        house.goes_down()
        house.hang_up("2")  # nobody hears of it
        house.comes_back()
        await until(lambda: site.engine._board.claims.holder("2") is None)  # noqa: SLF001
        refused = await site.page("82", ["1", "3"], 3)
        assert isinstance(refused, Refusal)
        again = await site.begun("83", ["2"], 3)
        house.leader_goes(again)
        house.leader_goes(first)
        assert {what for what, _ in (await site.ended("83")).values()} == {"played"}
        found = await site.ended("81")
        assert found["1"] == found["3"] == PLAYED
        assert found["2"][0] == "failed"

    play(story)


def test_a_leader_who_left_while_ami_was_away_has_left():
    async def story(site, house):
        first = await site.begun("81", ["1"])
        house.goes_down()
        house.leader_goes(first)
        house.comes_back()
        await site.ended("81")

    play(story)


def test_a_page_opens_when_ami_is_back():
    async def story(site, house):
        first = await site.page("81", ["1"])
        house.goes_down()
        await asyncio.sleep(0.2)
        house.comes_back()
        await site.speaks(first)
        await site.over("81", first)

    play(story, House({"1": "slow"}))


def test_members_of_an_earlier_pagers_page_are_not_free():
    async def story(site, house):
        house.legs["1"] = {"unique": "page-ab-cd-1", "channel": "PJSIP/m-9", "room": "page-ab-cd",
                           "homes": [], "leader": "x"}  # fmt: skip
        house.on_up()
        await until(lambda: site.engine._board.legs)  # noqa: SLF001
        assert isinstance(await site.page("81", ["1"]), Refusal)
        house.hang_up("1")
        first = await site.begun("82", ["1"])
        assert await site.over("82", first) == {"1": PLAYED}

    play(story)


FALLBACK = "fallback-17.9"


def test_a_member_that_a_fallback_page_rings_is_not_free():
    async def story(site, house):
        house.falls_back("1", FALLBACK)
        await until(lambda: site.engine._board.legs)  # noqa: SLF001
        refused = await site.page("81", ["1"])
        assert refused == Refusal(17, "every member of 81 is in use: in another page")
        house.enter("1", FALLBACK)
        assert isinstance(await site.page("82", ["1"]), Refusal)
        house.hang_up("1")
        again = await site.begun("83", ["1"])
        assert await site.over("83", again) == {"1": PLAYED}

    play(story)


def test_members_of_a_fallback_page_are_known_to_a_pager_that_was_started_since():
    async def story(site, house):
        house.up = False
        for device in "12":
            house.falls_back(device, FALLBACK)
        house.enter("1", FALLBACK)
        house.comes_back()
        await until(lambda: len(site.engine._board.legs) == 2)  # noqa: SLF001
        assert isinstance(await site.page("81", ["1", "2"]), Refusal)
        for device in "12":
            house.hang_up(device)

    play(story)


def test_an_emergency_takes_a_fallback_pages_member_and_gives_it_back():
    async def story(site, house):
        house.falls_back("1", FALLBACK)
        house.enter("1", FALLBACK)
        house.leaders["PJSIP/other"] = FALLBACK
        await until(lambda: site.engine._board.legs)  # noqa: SLF001
        leader = await site.begun("81", ["1"], emergency=True)
        assert rooms(house)["1"] == house.leaders[leader]
        assert await site.over("81", leader) == {"1": PLAYED}
        assert rooms(house) == {"1": FALLBACK}
        assert isinstance(await site.page("82", ["1"]), Refusal)
        house.leader_goes("PJSIP/other")

    play(story)


ALARM = Zone(number="89", name="A", members=("1",), emergency=True)
OTHER = "PJSIP/other"


@pytest.mark.parametrize(
    ("room", "looks"), [("page-ab-cd", "after"), (FALLBACK, "after"), (FALLBACK, "before")]
)
def test_an_emergency_of_an_earlier_pager_or_of_asterisks_own_keeps_its_members(room, looks):
    """looks: whether the pager finds the member with the leader, or hears of it later."""

    async def story(site, house):
        def knows():
            return site.engine._hints.others("89")  # noqa: SLF001

        house.leaders[OTHER], house.said[OTHER] = room, {"BELLHOP_ZONE": "89"}
        if looks == "before":
            house.on_up()
            await until(knows)
        if room == FALLBACK:
            house.falls_back("1", room)
            house.enter("1", room)
        else:
            house.legs["1"] = {"unique": f"{room}-1", "channel": "PJSIP/m-9", "room": room,
                               "homes": [], "leader": "x"}  # fmt: skip
        if looks == "after":
            house.on_up()
        await until(lambda: site.engine.in_pages() and knows())
        refused = await site.page("81", ["1"], emergency=True)
        assert refused == Refusal(17, "every member of 81 is in use: in another page")
        house.leader_goes(OTHER)
        leader = await site.begun("82", ["1"], emergency=True)
        assert await site.over("82", leader) == {"1": PLAYED}

    play(story, zones={"89": ALARM})


def test_a_phone_that_pages_from_where_it_rings_is_no_fallbacks_member():
    async def story(site, house):
        house.say("Newchannel", Uniqueid="17.1", Channel="PJSIP/bellhop-member-1")
        leader = await site.begun("81", ["1"])
        assert await site.over("81", leader) == {"1": PLAYED}

    play(story)


def test_a_channel_that_ends_while_asterisk_says_which_there_are_makes_no_device_busy():
    """Its end is told before the list that it is in has been read: nobody would tell it again."""

    async def story(site, house):
        first = await site.begun("81", ["1"])
        house.legs["2"] = {"unique": "page-ab-cd-2", "channel": "PJSIP/m-9", "room": "page-ab-cd",
                           "homes": [], "leader": "x"}  # fmt: skip
        listed = await house.do_coreshowchannels({})

        async def late(_fields):
            for device in ("1", "2"):
                house.hang_up(device)
            return listed

        house.do_coreshowchannels = late
        house.on_up()
        await until(lambda: not house.legs)
        await site.ended("81")
        assert first not in house.leaders
        assert site.engine._board.legs == {}  # noqa: SLF001
        await site.over("82", await site.begun("82", ["1", "2"]))

    play(story)


def test_a_fallbacks_member_that_ends_while_it_is_asked_of_makes_no_device_busy():
    async def story(site, house):
        answers = house.do_getvar

        async def late(fields):
            said = await answers(fields)
            if fields["Variable"] == "BELLHOP_MEMBER":
                house.hang_up("1", cause="17")
            return said

        house.do_getvar = late
        house.falls_back("1", FALLBACK)
        await until(lambda: not house.legs)
        await asyncio.sleep(0.01)
        del house.do_getvar
        await site.over("81", await site.begun("81", ["1"]))

    play(story)

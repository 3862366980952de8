"""Pages that wait for their turn: in which order they come, how long they wait, who leaves."""

import asyncio

from tests.unit.fake_house import House
from tests.unit.stories import PLAYED, play


def test_pages_of_a_zone_that_queues_come_one_after_the_other():
    async def story(site, house):
        queue = {"when_busy": "queue"}
        first = await site.begun("81", ["1"], **queue)
        second = await site.page("82", ["1"], **queue)
        third = await site.page("83", ["1"], **queue)
        assert [m.why for m in site.of("82").members] == ["waited for"]
        house.leader_goes(first)
        await site.speaks(second)
        assert house.leaders[third].startswith("wait")
        house.leader_goes(second)
        await site.speaks(third)
        house.leader_goes(third)
        for zone in ("81", "82", "83"):
            assert await site.ended(zone) == {"1": PLAYED}

    play(story)


def test_a_pages_time_begins_when_its_members_are_rung():
    """Not while it waits for its turn; a head start is of it, for members' own legs end with it."""

    async def story(site, house):
        first = await site.begun("81", ["1"])
        second = await site.page("82", ["1"], when_busy="queue", max_length=30_000)
        await asyncio.sleep(2.2)
        house.leader_goes(first)
        await site.speaks(second)
        house.leader_goes(second)
        third = await site.begun(
            "83", ["1", "2"], max_length=30_000, head_start=1100, ring_timeout=3000
        )
        house.leader_goes(third)
        for zone in ("81", "82", "83"):
            await site.ended(zone)

    house = play(story, House({"2": "rings"}))
    let_in = [f["Exten"] for _, f in house.sent if f.get("Context") == "bellhop-leader"]
    queued, late = (int(exten.rpartition("-")[2]) for exten in let_in[1:])
    assert 28 <= queued <= 30
    assert late <= 28


def test_a_page_whose_turn_does_not_come_is_told_so():
    async def story(site, _house):
        first = await site.begun("81", ["1"])
        await site.page("82", ["1"], when_busy="queue", queue_wait=1000)
        assert await site.ended("82") == {"1": ("failed", "in another page")}
        await site.over("81", first)

    play(story)


def test_a_leader_who_hangs_up_in_the_queue_is_out_of_it():
    async def story(site, house):
        first = await site.page("81", ["1"])
        second = await site.page("82", ["1"], when_busy="queue")
        third = await site.page("83", ["1"], when_busy="queue")
        house.leader_goes(second)
        house.leader_goes(first)
        await site.speaks(third)
        assert await site.ended("82") == {"1": ("failed", "in another page")}
        await site.over("83", third)

    play(story)


def test_of_a_page_that_waits_as_the_pager_ends_nobody_knows_more():
    """It is no defect: its leader is let in by the dialplan, and whom he reaches is not seen."""

    async def story(site, house):
        first = await site.begun("81", ["1"])
        await site.page("82", ["1"], when_busy="queue")
        await site.engine.close()
        unwatched = {"1": ("failed", "not known: nobody watched it to the end")}
        assert await site.ended("82") == await site.ended("81") == unwatched
        house.leader_goes(first)

    play(story)

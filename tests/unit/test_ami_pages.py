"""Pages that overlap: the engine against an Asterisk in small, which notes who is in two rooms."""

import pytest

from bellhop.pages import EdgeCall, Refusal
from tests.unit.fake_asterisk import Edge, until
from tests.unit.fake_house import House
from tests.unit.stories import CALLER, IN_A_CALL, PLAYED, play, rooms


def test_the_higher_takes_the_shared_member_and_gives_it_back():
    async def story(site, house):
        low = await site.begun("81", ["1", "2"], 3)
        before = rooms(house)
        high = await site.begun("82", ["1", "3"], 7)
        assert rooms(house)["1"] == rooms(house)["3"] != before["1"]
        assert rooms(house)["2"] == before["2"]
        assert await site.over("82", high) == {"1": PLAYED, "3": PLAYED}
        assert rooms(house) == before
        found = await site.over("81", low)
        assert found["1"][0] == "pre-empted"
        assert "taken by 82 at " in found["1"][1]
        assert ", back at " in found["1"][1]
        assert found["2"] == PLAYED

    house = play(story)
    rung = [f["Channel"] for action, f in house.sent if action == "Originate"]
    assert sorted(rung) == [f"PJSIP/{n}@bellhop-member" for n in "123"]


def test_a_phone_that_leads_a_page_is_in_a_call_which_an_emergency_ends():
    async def story(site, house):
        first = await site.begun("81", ["1"])
        phone = CALLER.name
        second = await site.begun("82", ["2", phone])
        assert await site.over("82", second) == {"2": PLAYED, phone: IN_A_CALL}
        alarm = await site.begun("83", [phone], emergency=True)
        assert await site.ended("81") == {"1": PLAYED}
        assert (site.of("81").stopped_by, first in house.leaders) == ("83", False)
        assert await site.over("83", alarm) == {phone: PLAYED}

    play(story)


@pytest.mark.parametrize("rank", [7, 8])
def test_a_page_ends_none_of_the_same_or_a_higher_priority_for_its_leaders_sake(rank):
    async def story(site, _house):
        first = await site.begun("81", ["1"], priority=rank)
        phone = CALLER.name
        second = await site.begun("82", ["2", phone], priority=7)
        assert await site.over("82", second) == {"2": PLAYED, phone: IN_A_CALL}
        assert await site.over("81", first) == {"1": PLAYED}
        assert site.of("81").stopped_by == ""

    play(story)


def test_a_page_that_waits_for_devices_in_use_waits_for_a_phone_that_leads_one():
    async def story(site, house):
        first = await site.begun("81", ["1"])
        phone = CALLER.name
        patience = {"in_use": "wait", "in_use_wait": 500, "head_start": 5000}
        second = await site.begun("82", ["2", phone], **patience)
        assert await site.over("82", second) == {"2": PLAYED, phone: IN_A_CALL}
        third = await site.page("83", ["2", phone], **patience | {"in_use_wait": 5000})
        house.leader_goes(first)
        await site.speaks(third)
        assert await site.over("83", third) == {"2": PLAYED, phone: PLAYED}

    play(story)


def test_a_leader_whose_members_were_all_taken_hears_it_and_is_hung_up():
    async def story(site, house):
        low = await site.begun("81", ["1", "2"], 3)
        high = await site.page("82", ["1", "2"], 1, emergency=True)
        found = await site.ended("81")
        assert {what for what, _ in found.values()} == {"pre-empted"}
        assert low not in house.leaders
        await site.speaks(high)
        assert {what for what, _ in (await site.over("82", high)).values()} == {"played"}

    house = play(story)
    moved = [
        f["Exten"].partition("-")[0]
        for action, f in house.sent
        if f.get("Context") == "bellhop-leader"
    ]
    assert moved == ["page", "lost", "page"]


def test_a_leader_who_makes_an_emergency_of_his_page_leaves_it_after_those_whom_it_takes():
    """With him his first room empties: "1" and "2" must be out of it, "3" ends with it."""

    async def story(site, house):
        leader = await site.begun("81", ["1", "2", "3"], 3)
        await site.page("82", ["1", "2", "4"], by=leader, emergency=True)
        found = await site.ended("81")
        assert {device: what for device, (what, _) in found.items()} == {
            "1": "pre-empted", "2": "pre-empted", "3": "played",
        }  # fmt: skip
        (note,) = site.of("81").notes
        assert note.startswith(f"became page {site.of('82').page} at ")
        await site.speaks(leader)
        assert sorted(house.members(house.leaders[leader])) == ["1", "2", "4"]
        assert {what for what, _ in (await site.over("82", leader)).values()} == {"played"}

    play(story)


def test_a_page_that_took_from_one_that_took_gives_back_down_the_line():
    async def story(site, house):
        low = await site.begun("81", ["1", "2"], 3)
        home = rooms(house)["1"]
        mid = await site.begun("82", ["1", "3"], 5)
        high = await site.begun("83", ["1"], 7)
        await site.over("82", mid)
        await site.over("83", high)
        assert rooms(house) == {"1": home, "2": home}
        await site.over("81", low)

    play(story)


def test_a_member_that_still_rings_for_the_lower_answers_to_the_higher():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], 3)
        high = await site.page("82", ["1"], 7)
        await until(lambda: house.leaders.get(high, "wait").startswith("page"))
        assert rooms(house)["1"] == house.leaders[high]
        assert await site.over("82", high) == {"1": PLAYED}
        await site.over("81", low)

    play(story, House({"1": "slow"}))


def test_a_member_in_a_call_is_rung_when_the_edge_has_ended_it():
    async def story(site, _house):
        leader = await site.begun("81", ["1", "2"], 6)
        assert site.edge.ended == [EdgeCall(7, 1)]
        assert await site.over("81", leader) == {"1": PLAYED, "2": PLAYED}

    play(story, edge=Edge(d1=7))


@pytest.mark.parametrize(("priority", "in_use"), [(5, "take"), (9, "skip")])
def test_a_member_in_a_call_that_is_not_ended_is_busy(priority, in_use):
    async def story(site, _house):
        leader = await site.begun("81", ["1", "2"], priority, in_use=in_use)
        assert await site.over("81", leader) == {"1": IN_A_CALL, "2": PLAYED}
        assert site.edge.ended == []

    play(story, edge=Edge(d1=7))


@pytest.mark.parametrize("free", [True, False])
def test_a_member_in_a_call_is_waited_for_a_little(free):
    async def story(site, house):
        leader = await site.begun("81", ["1", "2"], in_use="wait", in_use_wait=700)
        [running] = site.engine._running.values()  # noqa: SLF001
        if free:
            site.edge.calls = {}
        await until(
            lambda: (
                "1" in house.legs or any(one.state.over for one in running.page.members.values())
            )
        )
        found = await site.over("81", leader)
        assert found["2"] == PLAYED
        if free:
            assert found["1"][1].startswith("missed the first ")
        else:
            assert found["1"] == IN_A_CALL

    play(story, edge=Edge(d1=7))


def test_a_refused_page_is_reported_as_refused():
    async def story(site, _house):
        first = await site.page("81", ["1"])
        refusal = await site.page("82", ["1"])
        assert refusal == Refusal(17, "every member of 82 is in use: in another page")
        await site.speaks(first)
        await site.over("81", first)

    play(story)

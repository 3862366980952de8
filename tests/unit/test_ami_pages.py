"""Pages that overlap: the engine against an Asterisk in small, which notes who is in two rooms."""

import asyncio
import logging
import logging.handlers

import pytest
from hypothesis import Phase, settings

from ami.engine import Engine
from bellhop.callers import Caller, Kind
from bellhop.devices import Device
from bellhop.pages import EdgeCall, Refusal, Request
from bellhop.zones import Zone
from tests.unit.fake_house import House
from tests.unit.test_ami_engine import Edge, until

CALLER = Caller(Kind.DEVICE, "1020", "1020", ("zones",))
quiet = settings(deadline=None, max_examples=10, phases=[Phase.explicit, Phase.generate])


class Site:
    """An engine, and the pages that were asked of it."""

    def __init__(self, house, edge=None, volumes=None):
        self.house, self.edge = house, edge or Edge()
        self.kept = []
        self.engine = Engine(house, self.kept.append, self.edge, 5, volumes)
        self.serial = 0

    async def page(self, zone, members, priority=5, in_call=None, by="", **rules):
        """Page; returns the leader's channel, or the refusal. by: a leader who does so by a key."""
        self.serial += 1
        channel = by or f"PJSIP/leader-{self.serial}"
        rules = {"chime": "none", "head_start": 100, "ring_timeout": 1000, **rules}
        request = Request(
            zone=Zone(number=zone, name="Z", members=tuple(members), priority=priority, **rules),
            caller=CALLER,
            channel=channel,
            members=tuple(Device(number=n, kind="speaker") for n in members),
            in_call=in_call if in_call is not None else self.edge.of(members),
        )
        made = await asyncio.to_thread(self.engine.reserve, request)
        if isinstance(made, Refusal):
            return made
        if by:
            self.house.next[by] = made.room
        else:
            self.house.leader_comes(channel, made.room)
        await asyncio.to_thread(self.engine.commit, made)
        return channel

    def of(self, zone):
        """Return the last word on a zone's page."""
        return [one for one in self.kept if one.zone == zone][-1]

    async def ended(self, zone):
        await until(lambda: self.of(zone).ended)
        return {m.device: (m.outcome, m.why) for m in self.of(zone).members}

    async def speaks(self, channel):
        await until(lambda: not self.house.leaders[channel].startswith("wait "))


def play(story, house=None, edge=None, volumes=None):
    house = house or House()
    defects = logging.handlers.MemoryHandler(1000, flushLevel=logging.CRITICAL)
    defects.setLevel(logging.ERROR)
    logging.getLogger("bellhop.ami").addHandler(defects)

    async def main():
        site = Site(house, edge, volumes)
        await asyncio.wait_for(story(site, house), 15)
        await site.engine.close()

    try:
        asyncio.run(main())
    finally:
        logging.getLogger("bellhop.ami").removeHandler(defects)
    assert [record.getMessage() for record in defects.buffer] == []
    assert house.wrong == []
    assert house.legs == {}
    return house


def rooms(house):
    return {device: leg["room"] for device, leg in house.legs.items()}


def test_the_higher_takes_the_shared_member_and_gives_it_back():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], 3)
        await site.speaks(low)
        before = rooms(house)
        high = await site.page("82", ["1", "3"], 7)
        await site.speaks(high)
        assert rooms(house)["1"] == rooms(house)["3"] != before["1"]
        assert rooms(house)["2"] == before["2"]
        house.leader_goes(high)
        assert await site.ended("82") == {"1": ("played", ""), "3": ("played", "")}
        assert rooms(house) == before
        house.leader_goes(low)
        found = await site.ended("81")
        assert found["1"][0] == "pre-empted"
        assert "taken by 82 at " in found["1"][1]
        assert ", back at " in found["1"][1]
        assert found["2"] == ("played", "")

    house = play(story)
    rung = [f["Channel"] for action, f in house.sent if action == "Originate"]
    assert sorted(rung) == [f"PJSIP/{n}@bellhop-member" for n in "123"]


def test_a_phone_that_leads_a_page_is_in_a_call_for_the_next_one_and_an_emergency_rings_it():
    async def story(site, house):
        first = await site.page("81", ["1"])
        await site.speaks(first)
        phone = CALLER.name
        second = await site.page("82", ["2", phone])
        await site.speaks(second)
        house.leader_goes(second)
        assert await site.ended("82") == {"2": ("played", ""), phone: ("failed", "in a call")}
        alarm = await site.page("83", [phone], emergency=True)
        await site.speaks(alarm)
        house.leader_goes(alarm)
        assert await site.ended("83") == {phone: ("played", "")}
        house.leader_goes(first)
        await site.ended("81")

    play(story)


def test_a_page_that_waits_for_devices_in_use_waits_for_a_phone_that_leads_one():
    async def story(site, house):
        first = await site.page("81", ["1"])
        await site.speaks(first)
        phone = CALLER.name
        patience = {"in_use": "wait", "in_use_wait": 500, "head_start": 5000}
        second = await site.page("82", ["2", phone], **patience)
        await site.speaks(second)
        house.leader_goes(second)
        assert await site.ended("82") == {"2": ("played", ""), phone: ("failed", "in a call")}
        third = await site.page("83", ["2", phone], **patience | {"in_use_wait": 5000})
        house.leader_goes(first)
        await site.speaks(third)
        house.leader_goes(third)
        assert await site.ended("83") == {"2": ("played", ""), phone: ("played", "")}

    play(story)


def test_a_leader_whose_members_were_all_taken_hears_it_and_is_hung_up():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], 3)
        await site.speaks(low)
        high = await site.page("82", ["1", "2"], 1, emergency=True)
        found = await site.ended("81")
        assert {what for what, _ in found.values()} == {"pre-empted"}
        assert low not in house.leaders
        await site.speaks(high)
        house.leader_goes(high)
        assert {what for what, _ in (await site.ended("82")).values()} == {"played"}

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
        leader = await site.page("81", ["1", "2", "3"], 3)
        await site.speaks(leader)
        await site.page("82", ["1", "2", "4"], by=leader, emergency=True)
        found = await site.ended("81")
        assert {device: what for device, (what, _) in found.items()} == {
            "1": "pre-empted", "2": "pre-empted", "3": "played",
        }  # fmt: skip
        await site.speaks(leader)
        assert sorted(house.members(house.leaders[leader])) == ["1", "2", "4"]
        house.leader_goes(leader)
        assert {what for what, _ in (await site.ended("82")).values()} == {"played"}

    play(story)


def test_a_page_that_took_from_one_that_took_gives_back_down_the_line():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], 3)
        await site.speaks(low)
        home = rooms(house)["1"]
        mid = await site.page("82", ["1", "3"], 5)
        await site.speaks(mid)
        high = await site.page("83", ["1"], 7)
        await site.speaks(high)
        house.leader_goes(mid)
        await site.ended("82")
        house.leader_goes(high)
        await site.ended("83")
        assert rooms(house) == {"1": home, "2": home}
        house.leader_goes(low)
        await site.ended("81")

    play(story)


def test_a_member_that_still_rings_for_the_lower_answers_to_the_higher():
    async def story(site, house):
        low = await site.page("81", ["1", "2"], 3)
        high = await site.page("82", ["1"], 7)
        await until(lambda: house.leaders.get(high, "wait").startswith("page"))
        assert rooms(house)["1"] == house.leaders[high]
        house.leader_goes(high)
        assert await site.ended("82") == {"1": ("played", "")}
        house.leader_goes(low)
        await site.ended("81")

    play(story, House({"1": "slow"}))


def test_a_member_in_a_call_is_rung_when_the_edge_has_ended_it():
    async def story(site, house):
        leader = await site.page("81", ["1", "2"], 6)
        await site.speaks(leader)
        assert site.edge.ended == [EdgeCall(7, 1)]
        house.leader_goes(leader)
        assert await site.ended("81") == {"1": ("played", ""), "2": ("played", "")}

    play(story, edge=Edge(d1=7))


@pytest.mark.parametrize(("priority", "in_use"), [(5, "take"), (9, "skip")])
def test_a_member_in_a_call_that_is_not_ended_is_busy(priority, in_use):
    async def story(site, house):
        leader = await site.page("81", ["1", "2"], priority, in_use=in_use)
        await site.speaks(leader)
        house.leader_goes(leader)
        assert await site.ended("81") == {"1": ("failed", "in a call"), "2": ("played", "")}
        assert site.edge.ended == []

    play(story, edge=Edge(d1=7))


@pytest.mark.parametrize("free", [True, False])
def test_a_member_in_a_call_is_waited_for_a_little(free):
    async def story(site, house):
        leader = await site.page("81", ["1", "2"], in_use="wait", in_use_wait=700)
        await site.speaks(leader)
        [running] = site.engine._running.values()  # noqa: SLF001
        if free:
            site.edge.calls = {}
        await until(
            lambda: (
                "1" in house.legs or any(one.state.over for one in running.page.members.values())
            )
        )
        house.leader_goes(leader)
        found = await site.ended("81")
        assert found["2"] == ("played", "")
        if free:
            assert found["1"][1].startswith("missed the first ")
        else:
            assert found["1"] == ("failed", "in a call")

    play(story, edge=Edge(d1=7))


def test_pages_of_a_zone_that_queues_come_one_after_the_other():
    async def story(site, house):
        queue = {"when_busy": "queue"}
        first = await site.page("81", ["1"], **queue)
        await site.speaks(first)
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
            assert await site.ended(zone) == {"1": ("played", "")}

    play(story)


def test_a_pages_time_begins_when_its_members_are_rung():
    """Not while it waits for its turn; a head start is of it, for members' own legs end with it."""

    async def story(site, house):
        first = await site.page("81", ["1"])
        await site.speaks(first)
        second = await site.page("82", ["1"], when_busy="queue", max_length=30_000)
        await asyncio.sleep(2.2)
        house.leader_goes(first)
        await site.speaks(second)
        house.leader_goes(second)
        third = await site.page(
            "83", ["1", "2"], max_length=30_000, head_start=1100, ring_timeout=3000
        )
        await site.speaks(third)
        house.leader_goes(third)
        for zone in ("81", "82", "83"):
            await site.ended(zone)

    house = play(story, House({"2": "rings"}))
    let_in = [f["Exten"] for _, f in house.sent if f.get("Context") == "bellhop-leader"]
    queued, late = (int(exten.rpartition("-")[2]) for exten in let_in[1:])
    assert 28 <= queued <= 30
    assert late <= 28


def test_a_page_whose_turn_does_not_come_is_told_so():
    async def story(site, house):
        first = await site.page("81", ["1"])
        await site.speaks(first)
        await site.page("82", ["1"], when_busy="queue", queue_wait=1000)
        assert await site.ended("82") == {"1": ("failed", "in another page")}
        house.leader_goes(first)
        await site.ended("81")

    play(story)


def test_a_leader_who_hangs_up_in_the_queue_is_out_of_it():
    async def story(site, house):
        first = await site.page("81", ["1"])
        second = await site.page("82", ["1"], when_busy="queue")
        third = await site.page("83", ["1"], when_busy="queue")
        house.leader_goes(second)
        house.leader_goes(first)
        await site.speaks(third)
        house.leader_goes(third)
        assert {what for what, _ in (await site.ended("82")).values()} == {"failed"}
        await site.ended("83")

    play(story)


def test_a_refused_page_is_reported_as_refused():
    async def story(site, house):
        first = await site.page("81", ["1"])
        refusal = await site.page("82", ["1"])
        assert refusal == Refusal(17, "every member of 82 is in use: in another page")
        await site.speaks(first)
        house.leader_goes(first)
        await site.ended("81")

    play(story)

"""Hints: what Asterisk is told of which zones are paged."""

import asyncio
from dataclasses import replace

from ami.hints import Hints
from ami.manager import NotConnected
from ami.sight import Channel
from bellhop.zones import Zone
from tests.unit.fake_asterisk import CALLER, SITE, begin, opened, run, until
from tests.unit.fake_asterisk import Asterisk as House


class Asterisk:
    """Keeps the states that it was told; down, it cannot be told any."""

    def __init__(self):
        self.states = {}
        self.told = []
        self.zones = {}  # of leaders
        self.up = True

    async def send(self, action, fields, patience=5.0):
        del patience
        await asyncio.sleep(0)
        if not self.up:
            raise NotConnected(f"{action}: AMI is down")
        if action == "Getvar":
            assert fields["Variable"] == "BELLHOP_ZONE"
            return [{"Response": "Success", "Value": self.zones.get(fields["Channel"], "")}]
        assert action == "Setvar"
        device = fields["Variable"].removeprefix("DEVICE_STATE(Custom:bellhop-").removesuffix(")")
        self.states[device] = fields["Value"]
        self.told.append(device)
        return [{"Response": "Success"}]


def zones(*numbers):
    return {n: Zone(number=n, name="Z", members=("1008",)) for n in numbers}


def hints_of(asterisk, led=None):
    """Hints of two zones. led: is told which page is of which."""
    tell = {} if led is None else led
    return Hints(asterisk, zones("1", "2"), lambda page, zone: tell.update({page: zone.number}))


async def settled():
    """Let tasks run until nothing is left to do."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_a_zone_is_shown_as_paged_while_it_is_and_only_what_changes_is_told():
    async def main():
        asterisk = Asterisk()
        hints = hints_of(asterisk)
        await hints.look([], [])
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "NOT_INUSE"}
        hints.show({"2"})
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "INUSE"}
        hints.show({"1", "2"})
        hints.show({"1"})
        await settled()
        assert asterisk.states == {"1": "INUSE", "2": "NOT_INUSE"}
        assert asterisk.told == ["1", "2", "2", "1", "2"]

    asyncio.run(main())


def test_what_could_not_be_told_is_told_when_ami_is_back():
    async def main():
        asterisk = Asterisk()
        hints = hints_of(asterisk)
        asterisk.up = False
        hints.show({"1"})
        await settled()
        assert asterisk.states == {}
        asterisk.up, asterisk.states = True, {"1": "NOT_INUSE", "2": "INUSE"}  # as it was once told
        await hints.look([], [])
        await settled()
        assert asterisk.states == {"1": "INUSE", "2": "NOT_INUSE"}

    asyncio.run(main())


EDGE = "PJSIP/bellhop-edge-00000001"


def test_a_page_of_an_earlier_pager_is_shown_until_its_leader_hangs_up():
    async def main():
        asterisk = Asterisk()
        asterisk.zones = {EDGE: "2", "PJSIP/bellhop-edge-2": "1"}
        led = {}
        hints = hints_of(asterisk, led)
        found = [
            Channel(EDGE, "l.1", "page-1-2"),
            Channel("PJSIP/bellhop-member-7", "page-1-2-1008", "page-1-2"),
            Channel("PJSIP/bellhop-edge-2", "l.2", "page-3-4"),  # of a page of ours
        ]
        await hints.look(found, ["3-4"])
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "INUSE"}
        assert led == {"1-2": "2"}
        assert (hints.others("1"), hints.others("2")) == ([], [EDGE])
        hints.show([])
        hints.hear({"Event": "Hangup", "Uniqueid": "page-1-2-1008"}, [])
        await settled()
        assert asterisk.states["2"] == "INUSE"
        hints.hear({"Event": "Hangup", "Uniqueid": "l.1"}, [])
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "NOT_INUSE"}

    asyncio.run(main())


def test_a_page_that_an_earlier_pager_had_a_phone_lead_is_shown_too():
    """Its channel has a member's name, for it was rung as one."""

    async def main():
        asterisk = Asterisk()
        phone = Channel("PJSIP/bellhop-member-7", "ring-ab", "page-1-2")
        asterisk.zones = {phone.name: "2"}
        hints = hints_of(asterisk)
        await hints.look([phone], [])
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "INUSE"}
        assert hints.others("2") == [phone.name]

    asyncio.run(main())


def test_a_page_that_asterisk_makes_alone_is_shown_and_not_when_its_leader_has_gone_meanwhile():
    async def main():
        asterisk = Asterisk()
        asterisk.zones = {EDGE: "2"}
        hints = hints_of(asterisk)
        joins = {"Event": "ConfbridgeJoin", "Channel": EDGE, "Conference": "fallback-9"}
        hints.hear({**joins, "Uniqueid": "l.1"}, [])
        await settled()
        assert asterisk.states["2"] == "INUSE"
        hints.hear({"Event": "Hangup", "Uniqueid": "l.1"}, [])
        hints.hear({**joins, "Uniqueid": "l.2"}, [])
        await asyncio.sleep(0)
        hints.hear({"Event": "Hangup", "Uniqueid": "l.2"}, [])
        await settled()
        assert asterisk.states["2"] == "NOT_INUSE"

    asyncio.run(main())


def test_a_zone_of_a_changed_site_is_shown_and_one_that_has_gone_until_it_is_dark():
    async def main():
        asterisk = Asterisk()
        hints = hints_of(asterisk)
        hints.show({"1"})
        await settled()
        hints.adopt(zones("2", "3"))
        await settled()
        assert asterisk.states == {"1": "INUSE", "2": "NOT_INUSE", "3": "NOT_INUSE"}
        hints.show({"3"})
        await settled()
        assert asterisk.states == {"1": "NOT_INUSE", "2": "NOT_INUSE", "3": "INUSE"}
        assert asterisk.told == ["1", "2", "3", "3", "1"]

    asyncio.run(main())


def test_who_leads_a_page_is_in_it_and_a_changed_site_is_adopted():
    asterisk = House()

    async def story(engine, kept, zone):
        made = await begin(engine, zone)
        await until(lambda: opened(asterisk))
        assert engine.in_pages() == dict.fromkeys((CALLER.name, *zone.members), made.page)
        engine.adopt(replace(SITE, zones={"8999": replace(zone, number="8999")}))
        shown = "DEVICE_STATE(Custom:bellhop-8999)"
        await until(lambda: shown in {f["Variable"] for f in asterisk.actions("Setvar")})
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)
        assert engine.in_pages() == {}

    run(asterisk, story)

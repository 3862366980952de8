"""A story of pages: an engine against an Asterisk in small, and what a test says and sees of both."""

import asyncio
import logging
import logging.handlers

from ami.engine import Engine
from bellhop.callers import Caller, Kind
from bellhop.devices import Device
from bellhop.pages import Refusal, Request
from bellhop.zones import Zone
from tests.unit.fake_asterisk import Edge, until
from tests.unit.fake_house import House

PLAYED, IN_A_CALL = ("played", ""), ("failed", "in a call")
CALLER = Caller(Kind.DEVICE, "1020", "1020", ("zones",))


class Site:
    """An engine, and the pages that were asked of it."""

    def __init__(self, house, edge=None, volumes=None, zones=None):
        self.house, self.edge = house, edge or Edge()
        self.kept = []
        self.engine = Engine(house, self.kept.append, self.edge, 5, volumes, zones=zones)
        self.serial = 0

    async def page(self, zone, members, priority=5, in_call=None, by="", **rules):
        """Page; returns the leader's channel, or the refusal; None when he has gone. by: a leader who
        does so by a key.
        """
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
        if by and by not in self.house.leaders:  # Asterisk would have closed the AGI by now
            self.engine.drop(made)
            return None
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

    async def begun(self, *page, **rules):
        """Page, and wait until the leader may speak; returns his channel."""
        leader = await self.page(*page, **rules)
        await self.speaks(leader)
        return leader

    async def over(self, zone, leader):
        """Let the leader of a zone's page hang up; returns what became of each member."""
        self.house.leader_goes(leader)
        return await self.ended(zone)


def play(story, house=None, edge=None, volumes=None, zones=None):
    house = house or House()
    defects = logging.handlers.MemoryHandler(1000, flushLevel=logging.CRITICAL)
    defects.setLevel(logging.ERROR)
    logging.getLogger("bellhop.ami").addHandler(defects)

    async def main():
        site = Site(house, edge, volumes, zones)
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

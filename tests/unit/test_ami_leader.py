"""The leader of a page: how long he waits, when he is let in, and who may end his page."""

import asyncio
from dataclasses import replace

import pytest

from bellhop.features import NotDone
from bellhop.pages import Refusal, Unavailable
from tests.unit.fake_asterisk import ZONE, Asterisk, Edge, begin, opened, request, run, until
from tests.unit.stories import PLAYED, play

PATIENT = replace(
    ZONE, ring_timeout=6_000, head_start=3_000, in_use_wait=20_000, queue_wait=90_000,
    max_length=60_000, longest=120_000, priority=5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "in_use", "seconds"),
    [
        ({}, "", 6 + 3 + 3),
        ({"in_use": "wait"}, "", 6 + 3 + 3),
        ({"in_use": "wait"}, "in a call", 6 + 3 + 20 + 3),
        ({"when_busy": "queue"}, "", 6 + 3 + 3),
        ({"when_busy": "queue"}, "in a page", 6 + 3 + 90 + 3),
    ],
)
def test_a_leader_is_let_in_without_us_somewhat_after_the_last_member_could_have_come(
    rules, in_use, seconds
):
    """Sooner, and his dialplan opens a page whose members we still wait for."""
    edge = Edge(d1008=1) if in_use == "in a call" else Edge()

    async def story(engine, _kept, zone):
        if in_use == "in a page":
            await begin(engine, zone, channel="PJSIP/another")
        asked = request(replace(zone, **rules), in_call=edge.of(zone.members))
        made = await asyncio.to_thread(engine.reserve, asked)
        assert (made.wait, made.limit) == (seconds, 60)
        engine.drop(made)

    run(Asterisk(), story, PATIENT, edge)


class Gong(Asterisk):
    """Its chime sounds until somebody says that it has ended."""

    chime = ""

    async def originate(self, fields):
        if fields["Channel"].startswith("Local/"):
            self.chime = fields["ChannelId"]
            return [{"Response": "Success"}]
        return await super().originate(fields)


def test_the_leader_is_let_in_when_the_chime_has_ended():
    """He would speak into it."""
    asterisk = Gong()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: asterisk.chime)
        asterisk.say("Newchannel", Uniqueid=asterisk.chime, Channel="Local/beep@bellhop-chime-1;1")
        asterisk.say("Hangup", Uniqueid="1.99", Channel="PJSIP/somebody", Cause="16")
        await asyncio.sleep(0.05)
        assert not opened(asterisk)
        asterisk.say("Hangup", Uniqueid=asterisk.chime, Channel="Local/beep@bellhop-chime-1;1")
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    run(asterisk, story)


def test_a_chime_of_whose_end_nobody_tells_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr("ami.leader._CHIME_PATIENCE", 0.05)
    asterisk = Gong()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    assert "3 of 3 played" in run(asterisk, story)[-1].sentence()


def test_a_page_that_is_stopped_is_over_for_its_leader_and_its_report_says_by_whom():
    async def story(site, house):
        stop = site.engine.stop
        stopped, other = await site.begun("81", ["1"]), await site.begun("82", ["2"])
        with pytest.raises(NotDone):
            await asyncio.to_thread(stop, "83", "1020")
        await asyncio.to_thread(stop, "81", "1020")
        assert await site.ended("81") == {"1": PLAYED}
        assert (stopped in house.leaders, other in house.leaders) == (False, True)
        with pytest.raises(NotDone):
            await asyncio.to_thread(stop, "81", "1020")
        await site.over("82", other)
        assert (site.of("81").stopped_by, site.of("82").stopped_by) == ("1020", "")

    play(story)


def test_a_page_that_cannot_be_stopped_for_want_of_ami_is_not_said_to_be():
    """An emergency goes on; who hears that it is over would not ask again."""

    async def story(site, house):
        leader = await site.begun("81", ["1"])
        house.goes_down()
        with pytest.raises(Unavailable, match="AMI is down"):
            await asyncio.to_thread(site.engine.stop, "81", "1020")
        house.comes_back()
        assert await site.over("81", leader) == {"1": PLAYED}
        assert site.of("81").stopped_by == ""

    play(story)


def test_a_page_that_is_refused_is_written_down_with_its_zone_its_leader_and_why():
    async def story(engine, kept, _zone):
        engine.refused(request(), Refusal(21, "this caller may not page this zone"))
        await until(lambda: kept)

    (refused,) = run(Asterisk(), story)
    assert refused.cause == 21
    assert refused.ended is not None
    assert (refused.zone, refused.leader) == ("8000", "1020")
    assert refused.sentence() == "refused: this caller may not page this zone"

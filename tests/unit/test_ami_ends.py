"""The page engine against a fake AMI: pages that end otherwise than by their leader."""

import asyncio
from dataclasses import replace

import pytest

from ami import running as running_module
from ami.leader import Leader
from ami.manager import NotConnected
from bellhop.features import NotDone
from tests.unit.fake_asterisk import (
    LEADER,
    Asterisk,
    Edge,
    begin,
    opened,
    outcomes,
    run,
    until,
    whole_page,
)


def test_a_leader_whose_members_are_all_lost_is_told():
    asterisk = Asterisk(d1008="busy", d1009="busy", d1010="busy")
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert [f["Exten"] for f in asterisk.actions("Redirect")] == ["lost"]
    assert outcomes(ended) == dict.fromkeys(("1008", "1009", "1010"), ("failed", 17, 486))


def test_a_leader_that_hangs_up_while_it_beeps_has_paged_nobody():
    asterisk = Asterisk()
    asterisk.leader_leaves_at_beep = True
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert {m.outcome for m in ended.members} == {"failed"}
    assert {m.why for m in ended.members} == {"joined, but nobody spoke"}


def test_a_page_during_which_ami_went_away_for_long_claims_nothing(monkeypatch):
    monkeypatch.setattr("ami.engine._SIGHT", 0.05)
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        asterisk.up = False
        asterisk.on_down()
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert {m.outcome for m in ended.members} == {"failed"}
    assert asterisk.actions("Hangup") == []


def test_a_daemon_that_stops_leaves_the_page_to_asterisk():
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        await engine.close()
        assert len(kept) == 2

    ended = run(asterisk, story)[-1]
    assert ended.ended is not None
    assert asterisk.actions("Hangup") == []


def test_a_page_that_another_pager_made_is_stopped_too():
    class Found(Asterisk):
        async def getvar(self, _fields):
            return [{"Response": "Success", "Value": "8000"}]

        async def hangup(self, _fields):
            return [{"Response": "Success"}]

    asterisk = Found()

    async def story(engine, _kept, _zone):
        asterisk.say("ConfbridgeJoin", Channel=LEADER, Uniqueid="1.1", Conference="page-1-2")
        await until(lambda: engine._hints.others("8000"))  # noqa: SLF001
        with pytest.raises(NotDone):
            engine.stop_pages("8001", "1020")
        engine.stop_pages("8000", "1020")
        await until(lambda: asterisk.actions("Hangup"))

    run(asterisk, story)
    assert asterisk.actions("Hangup") == [{"Channel": LEADER, "Cause": "16"}]


def test_members_that_do_not_leave_with_the_leader_are_hung_up(monkeypatch):
    monkeypatch.setattr(running_module, "_LEAVE_PATIENCE", 0.1)
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        asterisk.say("Hangup", Uniqueid="1.1", Channel=LEADER, Cause="16")
        await until(lambda: len(kept) == 2)

    run(asterisk, story)
    assert len(asterisk.actions("Hangup")) == 3


def test_members_that_leave_one_after_the_other_are_waited_for_as_long_as_some_do(monkeypatch):
    """Five hundred of them took longer than any one patience, and had all "not played"."""
    monkeypatch.setattr(running_module, "_LEAVE_PATIENCE", 0.5)
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        asterisk.say("ConfbridgeLeave", Uniqueid="1.1", Channel=LEADER)
        for device in ("1008", "1009", "1010"):
            await asyncio.sleep(0.3)
            asterisk.leave(device)
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert {m.outcome for m in ended.members} == {"played"}
    assert asterisk.actions("Hangup") == []


def test_a_page_that_a_defect_cuts_short_is_closed_and_frees_its_members(monkeypatch, caplog):
    async def broken(_self):
        raise RuntimeError("a defect")

    monkeypatch.setattr(running_module.Running, "_end", broken)
    asterisk = Asterisk(d1010="rings")

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)
        assert engine.in_pages() == {}

    ended = run(asterisk, story)[-1]
    assert ended.ended is not None
    assert outcomes(ended)["1008"] == ("played", None, None)
    assert ended.members[2].why == "no answer before the page ended"
    assert [f["Channel"] for f in asterisk.actions("Hangup")] == ["PJSIP/bellhop-member-1010"]
    assert "a defect" in caplog.text


def test_a_page_whose_turn_cannot_be_told_is_closed_too():
    class Broken(Edge):
        def of(self, _numbers):
            raise RuntimeError("a defect")

    asterisk = Asterisk()

    async def story(engine, kept, zone):
        first = await begin(engine, zone)
        await until(lambda: opened(asterisk))
        await begin(engine, replace(zone, number="8001", when_busy="queue"))
        asterisk.leader_leaves()
        await until(lambda: sum(r.ended is not None for r in kept) == 2)
        assert engine.in_pages() == {}
        [queued] = [r for r in kept if r.ended and r.page != first.page]
        assert {m.outcome for m in queued.members} == {"failed"}
        assert {m.why for m in queued.members} == {"a defect of the pager's own: its log has it"}

    run(asterisk, story, edge=Broken())


def test_a_leg_that_comes_after_nobody_waits_for_it_is_hung_up():
    class Slow(Asterisk):
        """Takes the action for 1010, and says nothing; the channel comes later."""

        async def originate(self, fields):
            if "1010" not in fields["Channel"]:
                return await super().originate(fields)
            self.late = fields["ChannelId"]
            raise NotConnected("Originate: no answer in 5 s")

        async def hangup(self, fields):
            if fields["Channel"] != "PJSIP/late":
                return await super().hangup(fields)
            self.say("Hangup", Uniqueid=self.late, Channel="PJSIP/late", Cause="16")
            return [{"Response": "Success"}]

    asterisk = Slow()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        assert "1010" not in engine.in_pages()
        asterisk.say("Newchannel", Uniqueid=asterisk.late, Channel="PJSIP/late")
        await until(lambda: asterisk.actions("Hangup"))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert {"Channel": "PJSIP/late", "Cause": "16"} in asterisk.actions("Hangup")
    assert ended.members[2].why == "not rung: Originate: no answer in 5 s"


def test_a_leg_whose_channel_comes_after_its_page_is_hung_up():
    class Slow(Asterisk):
        async def originate(self, fields):
            if "1010" not in fields["Channel"]:
                return await super().originate(fields)
            self.late, self.answer = fields["ChannelId"], asyncio.get_running_loop().create_future()
            return [await self.answer]

    asterisk = Slow()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)
        asterisk.say("Newchannel", Uniqueid=asterisk.late, Channel="PJSIP/bellhop-member-1010")
        await until(lambda: asterisk.actions("Hangup"))

    try:
        run(asterisk, story)
    finally:
        assert asterisk.actions("Hangup") == [
            {"Channel": "PJSIP/bellhop-member-1010", "Cause": "16"}
        ]


def test_a_leader_whom_asterisk_knows_no_more_is_gone():
    """His Hangup was missed, so there is nobody to wait for."""

    class Missed(Asterisk):
        async def redirect(self, _fields):
            return [{"Response": "Error", "Message": "Channel does not exist: PJSIP/x-1"}]

    asterisk = Missed()

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert {m.why for m in ended.members} == {"joined, but nobody spoke"}
    assert len(asterisk.actions("Redirect")) == 1


def test_a_leader_who_went_to_a_fallback_page_has_left_this_one():
    """His dialplan did not wait for us; whoever we ring is let go at once."""

    class Impatient(Asterisk):
        async def redirect(self, _fields):
            return [{"Response": "Success"}]

    asterisk = Impatient(d1010="rings")

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: len(asterisk.legs) == 3)
        room = "fallback-1.1"
        asterisk.say("ConfbridgeJoin", Uniqueid="1.1", Channel=LEADER, Conference=room)
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert {m.outcome for m in ended.members} == {"failed"}
    assert len(asterisk.actions("Hangup")) == 3


def test_a_leader_who_leads_another_page_is_not_gone_from_it_when_he_leaves_the_one_before():
    leader = Leader(None, LEADER, "page-2-b", lambda: None)
    before = {"Event": "ConfbridgeLeave", "Channel": LEADER, "Conference": "page-1-a"}
    assert not leader.hear(before)
    leader.leaving = True
    assert leader.hear(before)
    assert (leader.leaving, leader.gone) == (False, False)
    assert leader.hear({**before, "Conference": "page-2-b"})
    assert leader.gone

"""The page engine against a fake AMI: what Asterisk 22.10 said in a recorded page, and what it
might say or do in worse ones.
"""

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ami import legs
from ami import running as running_module
from ami.engine import Engine
from ami.events import heard, noted
from ami.leader import Leader
from ami.manager import NotConnected
from bellhop.callers import Caller, Kind
from bellhop.pages import EdgeCall, Page, Refusal, Request, Reservation, Unavailable
from bellhop.settings import load

SITE = load(Path(__file__).parents[2] / "config" / "site.toml")
ZONE = replace(SITE.zones["8000"], head_start=200, ring_timeout=1000, max_length=20_000, longest=0)
LEADER = "PJSIP/bellhop-edge-00000045"
CALLER = Caller(Kind.DEVICE, "1020", "1020", ("zones",))
BUSY = Refusal(17, "every member of 8000 is in use: in another page")
RECORDED = (Path(__file__).parent / "data" / "ami_page.txt").read_bytes().decode()


def recorded(page):
    """The events of a page of 1008 to 1012, as Asterisk sent them."""
    blocks = RECORDED.replace("{page}", page).strip().split("\r\n\r\n")
    return [dict(line.split(": ", 1) for line in b.split("\r\n") if ": " in line) for b in blocks]


class Asterisk:
    """What the manager would be. `devices` says how each device behaves: answers, busy, rings (for
    ever), lost (AMI goes down while it is asked), or late (answers when told to).
    """

    def __init__(self, **devices):
        self.devices = {name.removeprefix("d"): how for name, how in devices.items()}
        self.up = True
        self.on_event = self.on_down = lambda *_: None
        self.sent, self.noted = [], []
        self.legs = {}
        self.leader_leaves_at_beep = self.mute = False
        self.cancelled = {}

    def say(self, kind, **fields):
        self.on_event({"Event": kind, **fields})

    def actions(self, name):
        return [fields for action, fields in self.sent if action == name]

    async def send(self, action, fields, patience=5.0):
        del patience
        if not self.up:
            raise NotConnected(f"{action}: AMI is down")
        if action != "Ping":
            self.sent.append((action, fields))
        await asyncio.sleep(0)
        return await getattr(self, action.lower())(fields)

    async def ping(self, _fields):
        if self.mute:
            await asyncio.sleep(3600)
        return [{"Response": "Success", "Ping": "Pong"}]

    async def originate(self, fields):
        unique = fields["ChannelId"]
        if fields["Channel"].startswith("Local/"):
            asyncio.get_running_loop().call_soon(
                lambda: self.say("Hangup", Uniqueid=unique, Cause="16")
            )
            return [{"Response": "Success"}]
        device = fields["Channel"].removeprefix("PJSIP/").partition("@")[0]
        name = f"PJSIP/bellhop-member-{device}"
        self.legs[device] = (unique, name)
        self.say("Newchannel", Uniqueid=unique, Channel=name)
        how = self.devices.get(device, "answers")
        if how == "busy":
            self.say("Hangup", Uniqueid=unique, Channel=name, Cause="17", TechCause="486")
            return [{"Response": "Failure", "Reason": "0"}]
        if how == "lost":
            raise NotConnected("Originate: AMI went down")
        if how in {"rings", "late"}:
            self.cancelled[device] = asyncio.get_running_loop().create_future()
            if await asyncio.shield(self.cancelled[device]) == "gone":
                return [{"Response": "Failure", "Reason": "3"}]
        self.join(device)
        return [{"Response": "Success", "Reason": "4"}]

    def join(self, device):
        unique, name = self.legs[device]
        room = unique.removesuffix(f"-{device}")
        self.say("ConfbridgeJoin", Uniqueid=unique, Channel=name, Conference=room)

    def leave(self, device, sent="150", cause="16"):
        unique, name = self.legs[device]
        page = unique.removeprefix("page-").removesuffix(f"-{device}")
        room = unique.removesuffix(f"-{device}")
        self.say("ConfbridgeLeave", Uniqueid=unique, Channel=name, Conference=room)
        self.say(
            "UserEvent",
            UserEvent="BellhopLeft",
            Page=page,
            Member=device,
            Sent=sent,
            Uniqueid=unique,
        )
        self.say("Hangup", Uniqueid=unique, Channel=name, Cause=cause)

    async def redirect(self, fields):
        if fields["Exten"].startswith("page-"):
            if self.leader_leaves_at_beep:
                self.say("Hangup", Uniqueid="1.1", Channel=LEADER, Cause="16")
            else:
                self.say("ConfbridgeJoin", Uniqueid="1.1", Channel=fields["Channel"])
        else:
            self.say("Hangup", Uniqueid="1.1", Channel=LEADER, Cause="34")
        return [{"Response": "Success"}]

    async def hangup(self, fields):
        device = fields["Channel"].rpartition("-")[2]
        if device in self.cancelled and not self.cancelled[device].done():
            unique, name = self.legs[device]
            self.say("Hangup", Uniqueid=unique, Channel=name, Cause="16")
            self.cancelled[device].set_result("gone")
        else:
            self.leave(device)
        return [{"Response": "Success"}]

    def leader_leaves(self, channel=LEADER):
        self.say("ConfbridgeLeave", Uniqueid="1.1", Channel=channel)
        for device in self.legs:
            if device not in self.cancelled:
                self.leave(device)
        self.say("Hangup", Uniqueid="1.1", Channel=channel, Cause="16")


class Edge:
    """What the edge would tell: in which calls each device is. A call that is ended is over."""

    def __init__(self, **calls):
        self.calls = {
            name.removeprefix("d"): (EdgeCall(int(id_), 1),) for name, id_ in calls.items()
        }
        self.ended = []

    def of(self, numbers):
        return {n: calls for n, calls in self.calls.items() if n in numbers}

    def end(self, call):
        self.ended.append(call)
        self.calls = {n: calls for n, calls in self.calls.items() if call not in calls}
        return True


def run(asterisk, story, zone=ZONE, edge=None):
    """Run a story of the engine in a loop; returns the reports that it kept, in order."""

    async def main():
        kept = []  # of each page, as it began and as it ended

        def keep(one):
            if one.ended or one.page not in {other.page for other in kept}:
                kept.append(one)
            else:
                asterisk.noted.append(one)

        engine = Engine(asterisk, keep, edge or Edge(), 5)
        await asyncio.wait_for(story(engine, kept, zone), 10)
        await engine.close()
        return kept

    return asyncio.run(main())


async def begin(engine, zone=ZONE, absent=(), channel=LEADER):
    asked = request(zone, channel, absent=absent)
    reservation = await asyncio.to_thread(engine.reserve, asked)
    if isinstance(reservation, Reservation):
        await asyncio.to_thread(engine.commit, reservation)
    return reservation


def request(zone=ZONE, channel=LEADER, absent=(), devices=None, **more):
    devices = devices or [SITE.devices[n] for n in zone.members if n not in absent]
    return Request(
        zone=zone, caller=CALLER, channel=channel, members=devices, absent=absent, **more
    )


async def until(condition):
    """Wait until something is true; the time limit is the test's."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.002)


def opened(asterisk):
    return any(f["Exten"].startswith("page-") for f in asterisk.actions("Redirect"))


def outcomes(one):
    return {m.device: (m.outcome, m.cause, m.sip) for m in one.members}


def test_who_asks_while_a_page_goes_on_is_told_who_is_in_the_room():
    asterisk = Asterisk(d1010="busy")

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: asterisk.noted)
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    run(asterisk, story)
    [now] = asterisk.noted
    assert now.sentence() == "goes on: 2 in the room; 1010 did not: busy"


def whole_page(asterisk):
    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk) or len(kept) == 2)
        if len(kept) < 2:
            asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    return story


def test_a_recorded_page_is_reported_as_it_was():
    """Two answered, one busy, one answered 302, one never answered; Asterisk's own words."""

    class Recording(Asterisk):
        async def originate(self, fields):
            device = fields["Channel"].removeprefix("PJSIP/").partition("@")[0]
            if fields["Channel"].startswith("Local/"):
                return [{"Response": "Success"}]
            self.legs[device] = fields["ChannelId"]
            answer = asyncio.get_running_loop().create_future()
            self.cancelled[device] = answer
            return [await answer]

        async def redirect(self, _fields):
            return [{"Response": "Success"}]

    asterisk = Recording()
    zone = replace(ZONE, chime="none", head_start=0)
    devices = [replace(SITE.devices["1008"], number=str(n)) for n in range(1008, 1013)]

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone, devices=devices))
        await asyncio.to_thread(engine.commit, made)
        await until(lambda: len(asterisk.cancelled) == 5)
        for event in recorded(made.page):
            if event["Event"] == "OriginateResponse":
                device = event["Uniqueid"].rpartition("-")[2]
                if device in asterisk.cancelled:
                    asterisk.cancelled[device].set_result(event)
            else:
                asterisk.on_event(event)
            await asyncio.sleep(0)
        await until(lambda: len(kept) == 2)

    begun, ended = run(asterisk, story, zone)
    assert begun.ended is None
    assert outcomes(ended) == {
        "1008": ("played", None, None),
        "1009": ("played", None, None),
        "1010": ("failed", 19, None),
        "1011": ("failed", 17, 486),
        "1012": ("failed", 23, 302),
    }


def test_the_leader_is_let_in_when_all_are_there_and_everybody_is_rung_once():
    asterisk = Asterisk()
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert outcomes(ended) == dict.fromkeys(("1008", "1009", "1010"), ("played", None, None))
    rung = [f for f in asterisk.actions("Originate") if f["Channel"].startswith("PJSIP/")]
    assert sorted(f["Channel"] for f in rung) == [
        f"PJSIP/{n}@bellhop-member" for n in ("1008", "1009", "1010")
    ]


def test_members_are_sent_for_before_the_page_is_written_down_or_shown():
    """Nobody hears sooner for what is told of it."""
    asterisk, sent = Asterisk(), []

    async def main():
        engine = Engine(
            asterisk,
            lambda _report: sent.append([f.get("Channel") for _, f in asterisk.sent]),
            Edge(),
            5,
            zones=[ZONE.number],
        )
        await begin(engine)
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(sent) == 2)
        await engine.close()

    asyncio.run(main())
    assert sent[0] == [f"PJSIP/{n}@bellhop-member" for n in ZONE.members]
    assert "Setvar" in [action for action, _ in asterisk.sent]


def test_each_member_gets_its_dialects_headers_and_the_rooms_variables():
    asterisk = Asterisk()
    run(asterisk, whole_page(asterisk))
    by_channel = {f["Channel"]: f for f in asterisk.actions("Originate")}
    rfc5373 = by_channel["PJSIP/1010@bellhop-member"]["Variable"]
    axis = by_channel["PJSIP/1008@bellhop-member"]["Variable"]
    assert [v for v in rfc5373 if v.startswith("PJSIP_HEADER")] == [
        "PJSIP_HEADER(add,Answer-Mode)=Auto"
    ]
    assert [v for v in axis if v.startswith("PJSIP_HEADER")] == [
        "PJSIP_HEADER(add,Call-Info)=<sip:page.bellhop.invalid>;answer-after=0"
    ]
    assert f"BELLHOP_LEADER={LEADER}" in axis
    assert "TIMEOUT(absolute)=20" in axis


def test_the_chime_is_in_the_room_before_the_leader_is():
    asterisk = Asterisk()
    run(asterisk, whole_page(asterisk))
    order = [a if a != "Originate" else f["Channel"].partition("/")[0] for a, f in asterisk.sent]
    assert order.index("Local") < order.index("Redirect")


def test_after_the_head_start_the_leader_speaks_to_those_who_are_there():
    asterisk = Asterisk(d1010="rings")
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert outcomes(ended)["1010"] == ("failed", 19, None)
    assert ended.sentence().startswith("2 of 3 played")


def test_a_member_that_still_rings_at_the_end_is_cancelled_at_once():
    asterisk = Asterisk(d1010="rings")
    began = time.monotonic()
    run(asterisk, whole_page(asterisk))
    assert time.monotonic() - began < 1.5
    assert {"Channel": "PJSIP/bellhop-member-1010", "Cause": "16"} in asterisk.actions("Hangup")


def test_who_comes_late_is_told_to_have_missed_the_beginning():
    asterisk = Asterisk(d1010="late")

    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk))
        await asyncio.sleep(0.05)
        asterisk.cancelled["1010"].set_result("answers")
        await asyncio.sleep(0.01)
        del asterisk.cancelled["1010"]
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    late = run(asterisk, story)[-1].members[2]
    assert late.outcome == "played"
    assert late.why.startswith("missed the first ")


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


def test_a_leader_that_hangs_up_before_the_commit_rings_nobody():
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        asterisk.say("Hangup", Uniqueid="1.1", Channel=LEADER, Cause="127")
        await asyncio.to_thread(engine.commit, made)
        await until(lambda: len(kept) == 2)

    run(asterisk, story)
    assert asterisk.sent == []


def test_a_dropped_page_rings_nobody_and_frees_its_members():
    asterisk = Asterisk()

    async def story(engine, _kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        await asyncio.to_thread(engine.drop, made)
        assert asterisk.sent == []
        assert await asyncio.to_thread(engine.reserve, request(zone))

    run(asterisk, story)


def test_a_page_that_nobody_committed_or_dropped_frees_its_members(monkeypatch):
    monkeypatch.setattr("ami.engine._RESERVED", 0.05)

    async def story(engine, _kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        assert await asyncio.to_thread(engine.reserve, request(zone)) == BUSY
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(engine.reserve, request(zone))
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.commit, made)

    run(Asterisk(), story)


def test_a_device_is_never_in_two_pages():
    asterisk = Asterisk()
    one = replace(ZONE, number="8002", members=("1008",))

    async def story(engine, kept, zone):
        await begin(engine, one, channel="PJSIP/another")
        await until(lambda: opened(asterisk))
        other = await begin(engine, zone)
        assert other is not None
        await until(lambda: len(asterisk.legs) == 3)
        assert await begin(engine, one) == replace(BUSY, why=BUSY.why.replace("8000", "8002"))
        asterisk.leader_leaves("PJSIP/another")
        asterisk.leader_leaves()
        await until(lambda: sum(r.ended is not None for r in kept) == 2)
        assert outcomes(kept[-1] if kept[-1].zone == "8000" else kept[-2])["1008"] == (
            "failed",
            17,
            486,
        )

    run(asterisk, story)
    rung = [f["Channel"] for f in asterisk.actions("Originate")]
    assert rung.count("PJSIP/1008@bellhop-member") == 1


def test_who_is_not_registered_is_reported_and_not_rung():
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        await begin(engine, zone, absent=("1010",))
        await until(lambda: opened(asterisk))
        asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    ended = run(asterisk, story)[-1]
    assert outcomes(ended)["1010"] == ("failed", 20, 480)
    assert ended.members[-1].why == "not registered"
    assert all("1010" not in f["Channel"] for f in asterisk.actions("Originate"))


def test_without_ami_no_page_is_begun():
    asterisk = Asterisk()
    asterisk.up = False

    async def story(engine, kept, zone):
        with pytest.raises(Unavailable):
            await begin(engine, zone)
        assert kept == []

    run(asterisk, story)


def test_ami_that_goes_down_before_the_commit_rings_nobody_later():
    asterisk = Asterisk()

    async def story(engine, _kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        asterisk.up = False
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.commit, made)
        asterisk.up = True
        await asyncio.sleep(0.05)

    run(asterisk, story)
    assert asterisk.sent == []


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


def test_what_a_busy_loop_was_too_slow_for_is_not_done_later():
    """The thread that hears Unavailable leaves the page to the dialplan: it must stay undone."""
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        free = [replace(SITE.devices["1008"], number="1099")]
        other = request(replace(zone, number="8001"), devices=free)
        said = []

        def ask(what, *arguments):
            try:
                what(*arguments, 0.05)
            except Unavailable as error:
                said.append(str(error))

        threads = [
            threading.Thread(target=ask, args=(engine.commit, made)),
            threading.Thread(target=ask, args=(engine.reserve, other)),
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is busy
        for thread in threads:
            await asyncio.to_thread(thread.join)
        await asyncio.sleep(0.05)
        assert sorted(said) == ["AMI does not answer", "the page engine is too slow"]
        assert (asterisk.sent, kept, engine.in_pages()) == ([], [], {})

    run(asterisk, story)


@pytest.mark.parametrize("how", ["silent", "lost"])
def test_a_page_is_left_to_the_dialplan_when_asterisk_gives_no_sign_of_life(how):
    """A link that was cut is up for as long as it takes to miss an answer: nobody would be rung."""
    asterisk = Asterisk()
    asterisk.mute = how == "silent"

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        if how == "lost":
            await asyncio.sleep(0.05)
            asterisk.up = False
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.commit, made, 0.1)
        await asyncio.sleep(0)
        assert (asterisk.sent, kept, engine.in_pages()) == ([], [], {})
        asterisk.mute, asterisk.up = False, True
        await begin(engine, zone)
        await until(lambda: opened(asterisk))

    run(asterisk, story)


def test_with_no_time_left_nothing_is_begun():
    asterisk = Asterisk()

    async def story(engine, _kept, zone):
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.reserve, request(zone), -0.1)
        await asyncio.sleep(0.05)
        assert engine.in_pages() == {}

    run(asterisk, story)


def test_a_reservation_that_nobody_comes_for_frees_its_members_by_itself(monkeypatch):
    monkeypatch.setattr("ami.engine._RESERVED", 0.05)

    async def story(engine, _kept, zone):
        await asyncio.to_thread(engine.reserve, request(zone))
        assert set(engine.in_pages()) == {"1008", "1009", "1010"}
        await until(lambda: engine.in_pages() == {})

    run(Asterisk(), story)


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


def test_a_chime_that_asterisk_cannot_play_is_not_waited_for():
    class Mute(Asterisk):
        async def originate(self, fields):
            if fields["Channel"].startswith("Local/"):
                return [{"Response": "Error", "Message": "Extension does not exist."}]
            return await super().originate(fields)

    asterisk = Mute()
    began = time.monotonic()
    ended = run(asterisk, whole_page(asterisk))[-1]
    assert set(outcomes(ended).values()) == {("played", None, None)}
    assert time.monotonic() - began < 2.5


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


def test_a_members_limit_is_as_long_as_its_leader_may_make_the_page():
    longer = replace(ZONE, longest=60_000)
    fields = legs.member(SITE.devices["1008"], longer, room="r", leg="l", leader="c")
    assert "TIMEOUT(absolute)=60" in fields["Variable"]
    assert legs.taken("c", "page-1-a", longer)["Exten"] == "page-1-a-60-member"


def test_what_a_leaders_keys_and_a_message_did_is_noted():
    page = Page(id="1-a", zone="8000", leader="1020", started=0.0, quorum=100, head_start=0)
    for event in (
        {"UserEvent": "BellhopKey", "Key": "extend", "Left": "60"},
        {"UserEvent": "BellhopKey", "Key": "else"},
        {"UserEvent": "BellhopPlayed"},
        {"UserEvent": "BellhopPlayed"},
        {"UserEvent": "BellhopSpoke", "Received": ""},
    ):
        page = noted(page, event, 4_000)
    assert page.notes == ("60 s more, from 4000 ms on",)
    assert (page.times, page.spoken) == (2, None)


def test_a_leader_who_leads_another_page_is_not_gone_from_it_when_he_leaves_the_one_before():
    leader = Leader(None, LEADER, "page-2-b", lambda: None)
    before = {"Event": "ConfbridgeLeave", "Channel": LEADER, "Conference": "page-1-a"}
    assert not leader.hear(before)
    leader.leaving = True
    assert leader.hear(before)
    assert (leader.leaving, leader.gone) == (False, False)
    assert leader.hear({**before, "Conference": "page-2-b"})
    assert leader.gone


@pytest.mark.parametrize(
    ("lost", "trip", "received"),
    [
        ("7", "0.020340", 143),
        ("0", "0.000400", 150),
        ("0", "0.000000", None),
        ("7", "", None),
        ("", "0.02", None),
        ("200", "0.02", 0),
        ("-3", "0.02", None),
        ("0", "nan", None),
    ],
)
def test_what_a_member_received_is_known_from_its_own_rtcp_or_not_at_all(lost, trip, received):
    """A round trip is known once it answered a report; without one, 0 lost is no measurement."""
    event = {"Event": "UserEvent", "UserEvent": "BellhopLeft", "Lost": lost, "RoundTrip": trip}
    assert heard(event, 150) == received

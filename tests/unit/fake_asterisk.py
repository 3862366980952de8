"""An Asterisk behind a fake AMI: what 22.10 said in a recorded page, and what it might say or do
in worse ones; and an edge beside it.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from ami.engine import Engine
from ami.manager import ALLOWED, NotConnected
from bellhop.callers import Caller, Kind
from bellhop.pages import EdgeCall, Refusal, Request, Reservation
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


def counted(sent, missed=0, trip="0.000000"):
    """What CHANNEL(rtcp,all) says, of Asterisk 22.10."""
    return (
        "ssrc=1790424537;themssrc=0;lp=0;rxjitter=0.000000;rxcount=0;txjitter=0.000000;"
        f"txcount={sent};rlp={missed};rtt={trip};rxmes=0.000000;txmes=0.000000"
    )


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
        self.leader_leaves_at_beep = self.mute = self.leader_is_in = False
        self.cancelled = {}

    def say(self, kind, **fields):
        self.on_event({"Event": kind, **fields})

    def actions(self, name):
        return [fields for action, fields in self.sent if action == name]

    async def send(self, action, fields, patience=5.0):
        del patience
        assert action in ALLOWED
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
            Counted=counted(sent),
            Uniqueid=unique,
        )
        self.say("Hangup", Uniqueid=unique, Channel=name, Cause=cause)

    async def setvar(self, _fields):
        return [{"Response": "Success"}]

    async def redirect(self, fields):
        if fields["Exten"].startswith("page-"):
            if self.leader_leaves_at_beep:
                self.say("Hangup", Uniqueid="1.1", Channel=LEADER, Cause="16")
            else:
                self.say("ConfbridgeJoin", Uniqueid="1.1", Channel=fields["Channel"])
                self.leader_is_in = True
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
    return asterisk.leader_is_in


def outcomes(one):
    return {m.device: (m.outcome, m.cause, m.sip) for m in one.members}


def whole_page(asterisk):
    async def story(engine, kept, zone):
        await begin(engine, zone)
        await until(lambda: opened(asterisk) or len(kept) == 2)
        if len(kept) < 2:
            asterisk.leader_leaves()
        await until(lambda: len(kept) == 2)

    return story

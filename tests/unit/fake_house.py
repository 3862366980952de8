"""An Asterisk in small for the page engine: rooms, legs and leaders, as the dialplan moves them. It
says what Asterisk says, in its order, and notes what must never be.
"""

import asyncio

from ami.manager import ALLOWED, NotConnected
from tests.unit.fake_asterisk import counted


class House:
    """behaves: what a device does: answers (at once), busy, rings (until it is cancelled), slow
    (answers after some turns of the loop).
    """

    def __init__(self, behaves=None):
        self.behaves = behaves or {}
        self.up = True
        self.on_event = self.on_down = self.on_up = lambda *_: None
        self.sent = []
        self.wrong = []  # what must never be
        self.legs = {}  # device: {unique, channel, room, homes, page}
        self.leaders = {}  # channel: room, or "" before he is in it
        self.next = {}  # channel: the room of the page that his key made of his
        self.said = {}  # channel of a leader: his variables
        self.doing = set()  # actions

    def say(self, kind, **fields):
        if self.up:
            self.on_event({"Event": kind, **fields})

    def members(self, room):
        return [d for d, leg in self.legs.items() if leg["room"] == room]

    async def send(self, action, fields, patience=5.0):
        del patience
        assert action in ALLOWED
        if not self.up:
            raise NotConnected(f"{action}: AMI is down")
        self.sent.append((action, dict(fields)))
        # It is on the wire: it is done, though nobody may wait for the answer any more.
        done = asyncio.ensure_future(self._do(action, fields))
        self.doing.add(done)
        done.add_done_callback(self.doing.discard)
        return await asyncio.shield(done)

    async def _do(self, action, fields):
        await asyncio.sleep(0)
        return await getattr(self, f"do_{action.lower()}")(fields)

    async def do_ping(self, _fields):
        return [{"Response": "Success", "Ping": "Pong"}]

    async def do_originate(self, fields):
        unique, device = fields["ChannelId"], fields["Channel"][6:].partition("@")[0]
        if device in self.legs:
            self.wrong.append(f"{device} is rung a second time")
        room = next(v for v in fields["Variable"] if v.startswith("BELLHOP_ROOM="))[13:]
        leader = next(v for v in fields["Variable"] if v.startswith("BELLHOP_LEADER="))[15:]
        leg = {"unique": unique, "channel": f"PJSIP/m-{unique}", "room": "", "homes": [],
               "leader": leader}  # fmt: skip
        self.legs[device] = leg
        self.say("Newchannel", Uniqueid=unique, Channel=leg["channel"])
        how = self.behaves.get(device, "answers")
        if how == "busy":
            self.hang_up(device, cause="17", tech="486")
            return [{"Response": "Failure", "Reason": "0"}]
        if how == "slow":
            for _ in range(20):
                await asyncio.sleep(0)
        if how == "rings":
            leg["cancelled"] = asyncio.Event()
            await leg["cancelled"].wait()
        if self.legs.get(device) is not leg:  # it was cancelled
            return [{"Response": "Failure", "Reason": "3"}]
        if leg["leader"] not in self.leaders:
            self.hang_up(device)
            return [{"Response": "Success"}]
        self.enter(device, room)
        return [{"Response": "Success"}]

    def enter(self, device, room):
        leg = self.legs[device]
        if leg["room"]:
            self.wrong.append(f"{device} is in two rooms")
        leg["room"] = room
        self.say("ConfbridgeJoin", Uniqueid=leg["unique"], Channel=leg["channel"], Conference=room)

    def leave(self, device):
        leg = self.legs[device]
        room, leg["room"] = leg["room"], ""
        said = {"Uniqueid": leg["unique"], "Channel": leg["channel"]}
        self.say("ConfbridgeLeave", Conference=room, **said)
        page = room.removeprefix("page-")
        count = {"UserEvent": "BellhopLeft", "Page": page, "Member": device, "Counted": counted(9)}
        self.say("UserEvent", **count, **said)

    def kicked(self, device):
        """Its room is over: it goes to the one before, if that is there, as the dialplan has it."""
        leg = self.legs[device]
        over = leg["room"]
        self.leave(device)
        while leg["homes"]:
            home = leg["homes"].pop()
            if home != over and (self.members(home) or home in self.leaders.values()):
                self.enter(device, home)
                return
        self.hang_up(device)

    def hang_up(self, device, cause="16", tech=""):
        leg = self.legs[device]
        if leg["room"]:
            self.leave(device)
        del self.legs[device]
        if "cancelled" in leg:
            leg["cancelled"].set()
        self.say("Hangup", Uniqueid=leg["unique"], Channel=leg["channel"], Cause=cause,
                 TechCause=tech)  # fmt: skip

    async def do_redirect(self, fields):
        channel = fields["Channel"]
        if fields["Context"] == "bellhop-leader":
            if channel not in self.leaders:
                return [{"Response": "Error", "Message": "Channel does not exist"}]
            if fields["Exten"].startswith("page-"):
                self.leaders[channel] = room = self.leaders[channel].removeprefix("wait ")
                self.say("ConfbridgeJoin", Uniqueid="l", Channel=channel, Conference=room)
            else:
                self.leader_goes(channel)
            return [{"Response": "Success"}]
        found = [d for d, leg in self.legs.items() if leg["channel"] == channel]
        if not found:
            return [{"Response": "Error", "Message": "Channel does not exist"}]
        [device] = found
        leg = self.legs[device]
        if not leg["room"]:
            self.wrong.append(f"{device} is moved before it answered")
        leg["homes"].append(leg["room"])
        self.leave(device)
        self.enter(device, "-".join(fields["Exten"].split("-")[:3]))
        return [{"Response": "Success"}]

    async def do_coreshowchannels(self, _fields):
        """List all channels, as a list of events."""
        found = [
            {"Channel": leg["channel"], "Uniqueid": leg["unique"], **self.application(leg["room"])}
            for leg in self.legs.values()
        ]
        for channel, room in self.leaders.items():
            room = "" if room.startswith("wait ") else room  # noqa: PLW2901
            found.append({"Channel": channel, "Uniqueid": "l", **self.application(room)})
        events = [{"Event": "CoreShowChannel", **one} for one in found]
        return [{"Response": "Success"}, *events, {"Event": "CoreShowChannelsComplete"}]

    @staticmethod
    def application(room):
        """What a channel runs."""
        if not room:
            return {"Application": "Wait", "ApplicationData": "9"}
        return {"Application": "ConfBridge", "ApplicationData": f"{room},bellhop_room,bellhop_x"}

    def goes_down(self):
        """AMI goes away: nothing is told, and nothing can be asked."""
        self.up = False
        self.on_down()

    def comes_back(self):
        """AMI is back."""
        self.up = True
        self.on_up()

    async def do_setvar(self, fields):
        known = {*self.leaders, *(leg["channel"] for leg in self.legs.values())}
        if "Channel" in fields and fields["Channel"] not in known:
            return [{"Response": "Error", "Message": "No such channel"}]
        if fields["Variable"] == "BELLHOP_GO":
            self.leader_follows(fields["Channel"])
        if fields.get("Channel") in self.leaders:
            self.said.setdefault(fields["Channel"], {})[fields["Variable"]] = fields["Value"]
        for leg in self.legs.values():
            if leg["channel"] == fields.get("Channel"):
                leg["leader"] = fields["Value"]
        return [{"Response": "Success"}]

    async def do_getvar(self, fields):
        """A variable of a leg: what the dialplan gave those that it rang by itself."""
        for leg in self.legs.values():
            if leg["channel"] == fields["Channel"]:
                value = leg.get("variables", {}).get(fields["Variable"], "")
                return [{"Response": "Success", "Value": value}]
        if fields["Channel"] in self.leaders:
            value = self.said.get(fields["Channel"], {}).get(fields["Variable"], "")
            return [{"Response": "Success", "Value": value}]
        return [{"Response": "Error", "Message": "No such channel"}]

    def falls_back(self, device, room):
        """The dialplan rings a device for a page that no pager made."""
        name = f"PJSIP/bellhop-member-{device}"
        variables = {"BELLHOP_ROOM": room, "BELLHOP_MEMBER": device}
        self.legs[device] = {"unique": f"17.{device}", "channel": name, "room": "", "homes": [],
                             "leader": "x", "variables": variables}  # fmt: skip
        self.say("Newchannel", Uniqueid=f"17.{device}", Channel=name)

    async def do_hangup(self, fields):
        for device, leg in tuple(self.legs.items()):
            if leg["channel"] == fields["Channel"]:
                self.hang_up(device)
        if fields["Channel"] in self.leaders:
            self.leader_goes(fields["Channel"])
        return [{"Response": "Success"}]

    def leader_comes(self, channel, room):
        self.leaders[channel] = f"wait {room}"

    def leader_follows(self, channel):
        """He leaves the room of the page that became another one, and waits for that one's."""
        room, self.leaders[channel] = self.leaders[channel], f"wait {self.next.pop(channel)}"
        self.say("ConfbridgeLeave", Uniqueid="l", Channel=channel, Conference=room)
        for device in self.members(room):
            self.kicked(device)

    def leader_goes(self, channel):
        """He hangs up: his room empties, and he is gone."""
        room = self.leaders.pop(channel)
        self.next.pop(channel, None)
        waits, room = room.startswith("wait "), room.removeprefix("wait ")
        if not waits:
            self.say("ConfbridgeLeave", Uniqueid="l", Channel=channel, Conference=room)
        for device in self.members(room):
            self.kicked(device)
        self.say("Hangup", Uniqueid="l", Channel=channel, Cause="16")

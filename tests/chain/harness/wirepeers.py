"""Peers for calls at random (`wirecalls`, which runs in the lab): messages as they come, and carriers who do
to each call what a seed has them do. As in `wireside`, standard library only.
"""

import asyncio
import random
import re
from collections.abc import Coroutine, Iterator

T1 = 0.5  # s, RFC 3261 §17.1.1.1
CODES = (300, 302, 400, 401, 403, 404, 408, 410, 422, 480, 480, 482, 483, 484, 486, 486, 487, 488,
         491, 500, 502, 503, 503, 503, 504, 580, 600, 603, 603, 604, 606)  # fmt: skip
CAUSES = (0, 0, 0, 1, 3, 16, 17, 18, 19, 20, 21, 27, 31, 34, 38, 41, 42, 47, 88, 102, 111, 127)
MEDIA = 40000  # the port where audio comes
SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 8\r\n"


class Said:
    """A message that came: its first line, and its header lines in order."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        split = (line.partition(":") for line in lines)
        self.headers = [(name.strip().lower(), value.strip()) for name, _, value in split]
        self.code = int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0
        self.method = self["cseq"].split()[1]
        self.tag = tag(self["to"])

    def __getitem__(self, name: str) -> str:
        """Return a header's first value, or ""."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Return a header's values; Via and the routes never have a comma in one."""
        lists = name in {"via", "record-route"}
        found = (value for key, value in self.headers if key == name)
        return [one.strip() for v in found for one in (v.split(",") if lists else [v])]

    @property
    def branch(self) -> str:
        """The top Via's branch."""
        return re.findall(r"branch=([^;,\s]+)", self["via"])[0]


def tag(value: str) -> str:
    """Return the tag of a From or To."""
    return next(iter(re.findall(r";tag=([^;>\s]+)", value)), "")


def uri(value: str) -> str:
    """Return the URI in a header's angle brackets."""
    return re.findall(r"<([^>]+)>", value)[0]


def socket(text: str) -> tuple[str, int]:
    """Return a host and port."""
    host, _, port = text.rpartition(":")
    return host, int(port)


class Peer(asyncio.DatagramProtocol):
    """One socket."""

    def __init__(self, here: str, edge: str) -> None:
        self.here, self.edge = here, socket(edge)
        self.host = socket(here)[0]
        self.sdp = SDP.format(self.host, MEDIA)
        self.running: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        said = Said(data)
        (self.answered if said.code else self.asked)(said)

    def asked(self, said: Said) -> None:
        """Take a request."""
        raise NotImplementedError

    def answered(self, said: Said) -> None:
        """Take a reply."""
        raise NotImplementedError

    def send(self, first: str, *lines: str, sdp: str = "") -> None:
        """Send a message to the edge."""
        kind = ["Content-Type: application/sdp"] if sdp else []
        text = "\r\n".join([first, *lines, *kind, f"Content-Length: {len(sdp)}", "", sdp])
        self.transport.sendto(text.encode(), self.edge)

    def reply(self, to: Said, code: int, *lines: str, mark: str = "", sdp: str = "") -> None:
        """Answer a request."""
        whom = to["to"] if to.tag or not mark else f"{to['to']};tag={mark}"
        own = {"contact", "to", "content-length", "content-type", "max-forwards", "user-agent"}
        kept = {"via", "record-route", "from", "call-id", "cseq"} - own
        head = [f"{name.title()}: {value}" for name, value in to.headers if name in kept]
        self.send(f"SIP/2.0 {code} Said", *head, f"To: {whom}", *lines, sdp=sdp)

    def begin(self, what: Coroutine[None, None, None]) -> None:
        """Do something beside."""
        task = asyncio.create_task(what)
        self.running.add(task)
        task.add_done_callback(self.running.discard)


def pauses(count: int) -> Iterator[float]:
    """Yield how long to wait for an answer before each copy after the first (RFC 3261 §17)."""
    for n in range(count):
        yield min(T1 * 2**n, 4.0)


class Leg:
    """A call as it came to a carrier. mark: its To tag."""

    def __init__(self, invite: Said, mark: str, chance: random.Random) -> None:
        self.invite, self.mark, self.chance = invite, mark, chance
        self.final, self.acked, self.up, self.bye_answered = 0, False, False, False
        self.late = chance.random() < 0.15  # a CANCEL crosses its 200


class Carrier(Peer):
    """A carrier, who does to each call what the seed has him do."""

    def __init__(self, here: str, edge: str, seed: int) -> None:
        super().__init__(here, edge)
        self.seed = seed
        self.legs: dict[tuple[str, str], Leg] = {}  # by Call-ID and branch
        self.contact = f"Contact: <sip:carrier@{here}>"

    def asked(self, said: Said) -> None:
        key = said["call-id"], said.branch
        leg = self.legs.get(key) or next((one for one in self.legs.values() if said.tag
                                          and (one.mark, one.invite["call-id"]) == (said.tag, key[0])),
                                         None)  # fmt: skip
        match said.method:
            case "INVITE" if said.tag:
                self.reply(said, 200, self.contact, sdp=self.sdp)
            case "INVITE" if leg is None:
                nth = sum(call == key[0] for call, _ in self.legs)
                number = key[0].rpartition("-")[2]
                chance = random.Random(f"{self.seed}/{number}/{self.here}/{nth}")
                self.legs[key] = leg = Leg(said, f"{self.host}-{len(self.legs)}", chance)
                self.begin(self.play(leg))
            case "CANCEL" if leg is not None:
                self.reply(said, 200)
                self.begin(self.cancelled(leg))
            case "ACK" if leg is not None:
                leg.acked = True
            case "BYE" if leg is not None:
                leg.up = False
                self.reply(said, 200)
            case "BYE":
                self.reply(said, 481)

    def answered(self, said: Said) -> None:
        for leg in self.legs.values():
            if leg.mark == tag(said["from"]):
                leg.bye_answered = True

    async def cancelled(self, leg: Leg) -> None:
        """Say so; or take the call all the same."""
        if leg.late:
            await asyncio.sleep(leg.chance.random() * 0.3)
        await self.end(leg, 200 if leg.late else 487)

    async def play(self, leg: Leg) -> None:
        """Do what this carrier does to this call."""
        chance = leg.chance
        ways, often = ("silent", "fails", "rings", "takes", "rings on"), (1, 9, 3, 5, 1)
        way = chance.choices(ways, often)[0]
        if chance.random() < 0.6:
            self.reply(leg.invite, 100)
        if way == "silent":
            return
        if way != "fails":
            await asyncio.sleep(chance.random() * 0.3)
            for code in chance.choices((180, 181, 183), k=chance.randint(1, 2)):
                if not leg.final:
                    self.reply(
                        leg.invite, code, self.contact, mark=leg.mark, sdp=self.sdp * (code == 183)
                    )
        if way == "rings on":
            return
        await asyncio.sleep(chance.random() * chance.choice((0.02, 0.6)))
        if way == "takes":
            await self.end(leg, 200)
            await self.talk(leg)
            if chance.random() < 0.4:
                await asyncio.sleep(chance.random())
                await self.hang_up(leg)
            return
        cause = chance.choice(CAUSES)
        said = [f'Reason: Q.850;cause={cause};text="said"'] if cause else []
        await self.end(leg, chance.choice(CODES), *said)

    async def end(self, leg: Leg, code: int, *lines: str) -> None:
        """Answer, once, until it is acknowledged."""
        if leg.final:
            return
        leg.final, leg.up = code, code == 200
        contact = [self.contact] if code in {200, 300, 302} else []
        for pause in pauses(7):
            self.reply(
                leg.invite, code, *contact, *lines, mark=leg.mark, sdp=self.sdp * (code == 200)
            )
            await asyncio.sleep(pause)
            if leg.acked:
                return

    async def talk(self, leg: Leg) -> None:
        """Do what is done in a call that was taken."""

    def within(
        self, leg: Leg, method: str, cseq: int, *lines: str, of: str = "", sdp: str = ""
    ) -> None:
        """Send a request within a call that was taken, as the caller's `within` does."""
        invite = leg.invite
        self.send(
            f"{method} {uri(invite['contact'])} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.here};branch=z9hG4bK-{leg.mark}-{of or method}{cseq}",
            "Max-Forwards: 70", *(f"Route: {one}" for one in invite.all("record-route")),
            f"From: {invite['to']};tag={leg.mark}", f"To: {invite['from']}",
            f"Call-ID: {invite['call-id']}", *lines, f"CSeq: {cseq} {method}", sdp=sdp,
        )  # fmt: skip

    async def hang_up(self, leg: Leg) -> None:
        """End a call that was taken."""
        for pause in pauses(5):
            if leg.bye_answered or not leg.up:
                return
            self.within(leg, "BYE", 99)
            await asyncio.sleep(pause)

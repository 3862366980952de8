"""What runs in the lab for pages at random: leaders behind one trunk, who speak, press keys and hang up, and
speakers who do to each call what a seed has them do. As in `wireside`, standard library only. It judges
nothing: the capture and the reports have all.

Argument: JSON, {"seed", "calls", "rate": pages a second, "edge", "caller", "number": who pages, "dialled":
[ZONE, …], "devices_edge", "speakers": {NUMBER: HOST:PORT}}. A line of JSON goes out:
out  {"answered": N, "took": [ZONE, …], "heard": {NUMBER: PACKETS}}  so many had an answer, and one to their
     BYE; zones whose page was taken, one for each; RTP packets that came to each speaker
"""

import asyncio
import json
import re
import struct
import sys

from wirecalls import Call, Caller, made, opened
from wirepeers import MEDIA, Carrier, Leg, Said

KEYS = ("*0", "*1", "*2", "*99", "*1*1", "5", "*9", "**", "#")
EVENTS = "0123456789*#"  # RFC 4733 §3.2, by their numbers
SPEECH = bytes([0x2A, 0xAA] * 80)  # A-law, loud
OFFER = "m=audio {} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
PACKET = 0.02  # s
WAYS = ("takes", "slow", "leaves", "busy", "fails", "rings on", "silent")
OFTEN = (12, 4, 3, 2, 1, 0.7, 0.3)


class Media(asyncio.DatagramProtocol):
    """A socket for RTP. came: how many packets."""

    def __init__(self) -> None:
        self.came = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del data, addr
        self.came += 1


async def media(host: str, port: int) -> Media:
    """Open a socket for RTP."""
    loop = asyncio.get_running_loop()
    return (await loop.create_datagram_endpoint(Media, local_addr=(host, port)))[1]


class Voice:
    """A stream of RTP to where an answer says."""

    def __init__(self, out: Media, answer: Said, stream: int) -> None:
        [port] = re.findall(r"m=audio (\d+)", answer.body)
        [host] = re.findall(r"c=IN IP4 (\S+)", answer.body)
        self.out, self.to, self.stream = out, (host, int(port)), stream
        self.number = self.clock = 0

    def packet(self, kind: int, payload: bytes) -> None:
        """Send one."""
        self.number += 1
        head = struct.pack("!BBHII", 0x80, kind, self.number, self.clock, self.stream)
        self.out.transport.sendto(head + payload, self.to)

    def speak(self) -> None:
        """Send 20 ms of speech."""
        self.clock += 160
        self.packet(8, SPEECH)

    async def press(self, key: str) -> None:
        """Send an event for 100 ms (RFC 4733 §2.5)."""
        self.clock += 160
        for n in range(5):
            marker, end = 0x80 * (n == 0), 0x80 * (n > 2)
            event = struct.pack("!BBH", EVENTS.index(key), end | 10, 160 * (n + 1))
            self.packet(marker | 101, event)
            await asyncio.sleep(PACKET)
        self.clock += 800


class Leaders(Caller):
    """Who pages."""

    cancels, after = 0.12, (0.3,)

    def offer(self, call: Call) -> str:
        head = self.sdp.partition("m=")[0]
        return head + OFFER.format(MEDIA + 2 * call.number)

    async def talk(self, call: Call) -> None:
        """Speak, and press keys."""
        assert call.answer
        chance, now = call.chance, asyncio.get_running_loop().time
        out = await media(self.host, MEDIA + 2 * call.number)
        voice = Voice(out, call.answer, call.number)
        keys = "".join(chance.choices(KEYS, k=2)) if chance.random() < 0.4 else ""
        began, pressed = now(), chance.random() * 3
        end = began + chance.choice((0.3, 2, 4, 6, 10)) * chance.random()
        while now() < end and not call.over.is_set():
            if keys and now() - began > pressed:
                await voice.press(keys[0])
                keys, pressed = keys[1:], pressed + chance.choice((0.2, 0.2, 1.5))
            voice.speak()
            await asyncio.sleep(PACKET)
        out.transport.close()


class Speaker(Carrier):
    """A device that is paged."""

    def asked(self, said: Said) -> None:
        if said.method == "OPTIONS":
            self.reply(said, 200)
        super().asked(said)

    async def play(self, leg: Leg) -> None:
        """Do what this speaker does to this call."""
        chance = leg.chance
        way = chance.choices(WAYS, OFTEN)[0]
        if way == "silent":
            return
        self.reply(leg.invite, 180, self.contact, mark=leg.mark)
        if way == "busy":
            await self.end(leg, 486)
        elif way == "fails":
            code, cause = chance.choice((480, 488, 503, 603)), chance.choice((21, 41))
            await self.end(leg, code, f"Reason: Q.850;cause={cause}")
        elif way != "rings on":
            await asyncio.sleep(chance.random() * (2 if way == "slow" else 0.1))
            await self.end(leg, 200)
        if way == "leaves" and leg.final == 200:
            await asyncio.sleep(chance.random() * 3)
            await self.hang_up(leg)


async def main(seed: int, calls: int, rate: float, edge: str, caller: str, **site: object) -> None:
    """Have so many pages asked for."""
    leaders = Leaders(caller, edge, str(site["number"]))
    speakers = {name: Speaker(here, site["devices_edge"], seed)
                for name, here in site["speakers"].items()}  # fmt: skip
    await opened(leaders, *speakers.values())
    sinks = {name: await media(one.host, MEDIA) for name, one in speakers.items()}
    answered = await made(leaders, seed, calls, rate, site["dialled"])
    for one in speakers.values():  # who still rings, or waits to hang up
        await asyncio.gather(*one.running)
    took = [call.dialled for call in leaders.calls.values() if call.target]
    heard = {name: sink.came for name, sink in sinks.items()}
    sys.stdout.write(json.dumps({"answered": answered, "took": took, "heard": heard}) + "\n")


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))

"""What runs in the lab for calls at random: one caller, and carriers who do to each call what a seed has
them do. As in `wireside`, standard library only. It judges nothing: the capture has all.

Argument: JSON, {"seed", "calls", "rate": calls a second, "edge", "caller", "carriers": HOST:PORT each,
"number": who calls, "dialled": [NUMBER, …]}. A line of JSON goes out:
out  {"calls": N, "answered": N}  all have ended; so many were answered, and their BYE was
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable

from wirepeers import Carrier, Peer, Said, pauses, socket, uri

PATIENCE = 60.0  # s, for a final answer: more than the edge's budget
BYE = 9  # a BYE's CSeq: behind whatever else is said in a call


class Call:
    """A call as its caller has it."""

    def __init__(self, number: int, dialled: str, chance: random.Random) -> None:
        self.number, self.dialled, self.chance = number, dialled, chance
        self.invite: list[str] = []
        self.rings, self.ended, self.over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.within: list[str] = []  # the lines of requests within its dialog
        self.target = ""
        self.answer: Said | None = None


class Caller(Peer):
    """Who calls: he may cancel, and hangs up in the end. cancels: how many do; after: how
    long after the first answer the last of some, s.
    """

    cancels, after = 0.35, (0.05, 0.5, 3.0)

    def __init__(self, here: str, edge: str, number: str) -> None:
        super().__init__(here, edge)
        self.number = number
        self.calls: dict[str, Call] = {}

    def asked(self, said: Said) -> None:
        call = self.calls.get(said["call-id"])
        self.reply(said, 200 if call and call.target else 481)
        if said.method == "BYE" and call and call.target:
            call.over.set()

    def answered(self, said: Said) -> None:
        call = self.calls[said["call-id"]]
        if said.method == "BYE":
            call.over.set()
        if said.method != "INVITE":
            return
        call.rings.set()
        if said.code < 200:
            return
        if said.code == 200:
            call.target, call.answer = uri(said["contact"]), said
            route = [f"Route: {one}" for one in reversed(said.all("record-route"))]
            call.within = [*route, *(line for line in call.invite[2:-2] if line[:3] != "To:"),
                           f"To: {said['to']}"]  # fmt: skip
            self.within(call, "ACK", 1)
        else:
            hop = [line for line in call.invite[1:-2] if line[:3] != "To:"]
            self.send(f"ACK {self.uri(call)} SIP/2.0", *hop, f"To: {said['to']}", "CSeq: 1 ACK")
        call.ended.set()

    def uri(self, call: Call) -> str:
        """Return whom a call is to."""
        return f"sip:{call.dialled}@{self.edge[0]}:{self.edge[1]}"

    def within(
        self, call: Call, method: str, cseq: int, *lines: str, of: str = "", sdp: str = ""
    ) -> None:
        """Send a request within the dialog; a copy is one of the same transaction. of: the method
        whose transaction it is of, where that is another.
        """
        via = f"Via: SIP/2.0/UDP {self.here};branch=z9hG4bK-{call.number}-{of or method}{cseq}"
        first = f"{method} {call.target} SIP/2.0"
        self.send(first, via, *call.within, *lines, f"CSeq: {cseq} {method}", sdp=sdp)

    async def call(self, call: Call, mark: str) -> bool:
        """Call, and hang up; whether all was answered."""
        chance, call_id = call.chance, f"random-{mark}-{call.number}@{self.host}"
        self.calls[call_id] = call
        call.invite = [
            f"INVITE {self.uri(call)} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.here};branch=z9hG4bK-{mark}-{call.number}",
            "Max-Forwards: 70", f"From: <sip:{self.number}@{self.host}>;tag=f{call.number}",
            f"To: <{self.uri(call)}>", f"Call-ID: {call_id}",
            f"Contact: <sip:{self.number}@{self.here}>", "CSeq: 1 INVITE",
        ]  # fmt: skip
        if not await self.told(
            call.rings, lambda: self.send(*call.invite, sdp=self.offer(call)), 7
        ):
            return False
        if chance.random() < self.cancels:
            await asyncio.sleep(chance.random() * chance.choice(self.after))
            cancel = [line for line in call.invite[1:] if line[:4] not in {"Cont", "CSeq"}]
            first = f"CANCEL {self.uri(call)} SIP/2.0"
            if not call.ended.is_set():
                self.send(first, *cancel, "CSeq: 1 CANCEL")
        if not await done(call.ended, PATIENCE):
            return False
        if not call.target:
            return True
        await self.talk(call)
        if call.over.is_set():
            return True
        return await self.told(call.over, lambda: self.within(call, "BYE", BYE), 7)

    def offer(self, call: Call) -> str:
        """Return what a call offers."""
        del call
        return self.sdp

    async def talk(self, call: Call) -> None:
        """Do so for as long as he likes, or until he is hung up."""
        await done(call.over, call.chance.random() * 1.5)

    async def told(self, event: asyncio.Event, say: Callable[[], None], times: int) -> bool:
        """Say something until it is answered; whether it was."""
        for pause in pauses(times):
            say()
            if await done(event, pause):
                return True
        return False


async def done(event: asyncio.Event, seconds: float) -> bool:
    """Wait for something at most so long; whether it has happened."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def opened(*peers: Peer) -> None:
    """Open their sockets."""
    loop = asyncio.get_running_loop()
    for peer in peers:
        await loop.create_datagram_endpoint(lambda one=peer: one, local_addr=socket(peer.here))


async def made(caller: Caller, seed: int, calls: int, rate: float, dialled: list[str]) -> int:
    """Have so many calls made; returns how many were answered, and ended, as it should be."""
    chance, mark, begun = random.Random(seed), f"{time.time():.0f}", []
    for number in range(calls):
        call = Call(number, chance.choice(dialled), random.Random(f"{seed}/{number}"))
        begun.append(asyncio.create_task(caller.call(call, mark)))
        await asyncio.sleep(chance.expovariate(rate))
    return sum(await asyncio.gather(*begun))


async def main(
    *, seed: int, calls: int, rate: float, edge: str, caller: str, number: str, **who: list[str]
) -> None:
    """Have them made, and say so."""
    calling = Caller(caller, edge, number)
    peers = [calling, *(Carrier(here, edge, seed) for here in who["carriers"])]
    await opened(*peers)
    answered = await made(calling, seed, calls, rate, who["dialled"])
    for peer in peers:  # who still repeats what nobody acknowledged, or waits to hang up
        await asyncio.gather(*peer.running)
    sys.stdout.write(json.dumps({"calls": calls, "answered": answered}) + "\n")


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))

"""What runs in the lab for requests at random within calls at random: both sides ask for this and that, and
answer each other as a seed has it. As in `wireside`, standard library only. It judges nothing: the
capture has all.

Argument: JSON, {"seed", "calls", "rate": calls a second, "edge", "caller", "number": who calls, "dialled":
[NUMBER, …], "callees": {HOST:PORT: HOST:PORT of the edge for it}}. A line of JSON goes out:
out  {"calls": N, "answered": N, "unanswered": [REQUEST, …]}  as of `wirecalls`, and what had no answer
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle

from wirecalls import Call, Caller, done, made, opened
from wirepeers import Carrier, Leg, Peer, Said, pauses, tag

METHODS = ("INVITE", "INVITE", "UPDATE", "INFO", "OPTIONS", "MESSAGE", "NOTIFY")
CODES = (200, 200, 200, 202, 408, 415, 420, 481, 488, 491, 500, 603)
SPEAKS = ("INVITE", "UPDATE")  # which have SDP, and a Contact
MORE = {
    "INFO": ("Info-Package: infoDtmf",),
    "NOTIFY": ("Event: refer", "Subscription-State: active"),
}
COPIES = 9


def answers(peer: Peer, said: Said, seed: str, contact: str) -> None:
    """Answer a request within a call, as a seed has it; its copy as itself."""
    code = random.Random(f"{seed}/{said['cseq']}").choice(CODES)
    code = 200 if said.method == "INVITE" and code == 202 else code
    agreed = said.method in SPEAKS and code == 200
    peer.reply(said, code, contact, sdp=peer.sdp * agreed)


def asks(peer: Peer, methods: Iterator[str]) -> tuple[str, tuple[str, ...], str]:
    """Return something to ask for: a method, its own header lines, and SDP."""
    method = next(methods)
    speaks = method in SPEAKS
    return method, (peer.contact,) if speaks else MORE.get(method, ()), peer.sdp * speaks


async def insists(say: Callable[[], None], told: asyncio.Event, over: Callable[[], bool]) -> bool:
    """Ask until it is answered, or all is over; False when it is not."""
    for pause in pauses(COPIES):
        if over():
            return True
        say()
        if await done(told, pause):
            return True
    return False


class Talker(Caller):
    """Who calls, and asks for this and that."""

    def __init__(self, here: str, edge: str, number: str) -> None:
        super().__init__(here, edge, number)
        self.contact = f"Contact: <sip:{number}@{here}>"
        self.methods = cycle(METHODS)
        self.told_of: dict[tuple[str, int], asyncio.Event] = {}
        self.unanswered: list[str] = []

    def asked(self, said: Said) -> None:
        call = self.calls.get(said["call-id"])
        if said.method in METHODS and call and call.target:
            answers(self, said, f"caller/{call.number}", self.contact)
        elif said.method != "ACK":
            super().asked(said)

    def answered(self, said: Said) -> None:
        cseq = int(said["cseq"].split()[0])
        told = self.told_of.get((said["call-id"], cseq))
        if told is None:
            super().answered(said)
        elif said.code >= 200:
            told.set()
            if said.method == "INVITE":
                of = "ACK" if said.code == 200 else "INVITE"
                self.within(self.calls[said["call-id"]], "ACK", cseq, of=of)

    async def talk(self, call: Call) -> None:
        """Ask for up to three things, one after the other."""
        chance = call.chance
        call_id = next(key for key, one in self.calls.items() if one is call)
        for cseq in range(2, 2 + chance.choice((0, 1, 2, 3))):
            if await done(call.over, chance.random() * 0.3):
                break
            method, lines, sdp = asks(self, self.methods)
            told = self.told_of[call_id, cseq] = asyncio.Event()
            say = partial(self.within, call, method, cseq, *lines, sdp=sdp)
            if not await insists(say, told, call.over.is_set):
                self.unanswered.append(f"{method} of {call_id}")
        await super().talk(call)


class Callee(Carrier):
    """Who is called, and asks for this and that."""

    def __init__(self, here: str, edge: str, seed: int, methods: Iterator[str]) -> None:
        super().__init__(here, edge, seed)
        self.methods = methods
        self.told_of: dict[tuple[str, int], asyncio.Event] = {}
        self.unanswered: list[str] = []

    def asked(self, said: Said) -> None:
        if said.method in METHODS and said.tag:
            answers(self, said, f"{self.seed}/{said.tag}", self.contact)
        else:
            super().asked(said)

    def answered(self, said: Said) -> None:
        if said.method == "BYE":
            super().answered(said)
            return
        mark, cseq = tag(said["from"]), int(said["cseq"].split()[0])
        if said.code >= 200:
            self.told_of[mark, cseq].set()
            if said.method == "INVITE":
                leg = next(one for one in self.legs.values() if one.mark == mark)
                self.within(leg, "ACK", cseq, of="ACK" if said.code == 200 else "INVITE")

    async def talk(self, leg: Leg) -> None:
        """Ask for up to two things, one after the other."""
        chance = leg.chance
        for cseq in range(20, 20 + chance.choice((0, 1, 2))):
            await asyncio.sleep(chance.random() * 0.3)
            if not leg.up:
                break
            method, lines, sdp = asks(self, self.methods)
            told = self.told_of[leg.mark, cseq] = asyncio.Event()
            say = partial(self.within, leg, method, cseq, *lines, sdp=sdp)
            if not await insists(say, told, lambda: not leg.up):
                self.unanswered.append(f"{method} to {leg.invite['call-id']}")


async def main(
    *, seed: int, calls: int, rate: float, edge: str, caller: str, number: str, **who: object
) -> None:
    """Have them made, and say so."""
    talker = Talker(caller, edge, number)
    methods = cycle(METHODS)  # all of them, however few calls are answered, or long
    callees = [Callee(here, there, seed, methods) for here, there in who["callees"].items()]
    await opened(talker, *callees)
    answered = await made(talker, seed, calls, rate, who["dialled"])
    for one in callees:
        await asyncio.gather(*one.running)
    unanswered = [one for peer in (talker, *callees) for one in peer.unanswered]
    told = {"calls": calls, "answered": answered, "unanswered": unanswered}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))

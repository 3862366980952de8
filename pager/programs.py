"""Pages that nobody dialled: a program's, a person's at a keyboard, a schedule's.

Asterisk makes a channel of ours the leader, or rings a phone that becomes it, and asks for the page
as it does for a caller; what proves that it is ours is a token that is good once.
"""

import asyncio
import contextlib
import itertools
import math
import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from ami.manager import Manager, NotConnected
from ami.strangers import PHONE
from bellhop.callers import Caller, Kind
from bellhop.devices import RIGHTS
from bellhop.pages import Refusal
from bellhop.settings import Site
from bellhop.zones import Zone

PREFIX = "program:"
_PATIENCE = 6.0  # seconds until the page is asked for
_RING = 25  # seconds that a phone may ring
_GRACE = 30  # seconds from the end of a recording to its page
_MOST_RECORDED = 100
_TAKES = 128  # files that recordings use in turn: more than wait to be played
_MOST = 20  # pages that are being asked for at once


class NotMade(Exception):  # noqa: N818 - it says what became of the page
    """There is no such page; its text says why."""


@dataclass(slots=True)
class Program:
    """One page that is asked for. caller: who it is for; end: until when it may be made, on the
    monotonic clock; answer: its id, or why there is none.
    """

    caller: Caller
    loop: asyncio.AbstractEventLoop
    end: float = math.inf
    answer: "asyncio.Future[str | Refusal]" = field(init=False)

    def __post_init__(self) -> None:
        """Make what is waited for."""
        self.answer = self.loop.create_future()

    @property
    def prompt(self) -> bool:
        """Whether it rings now or not at all, and is reported by who rings it."""
        return self.end < math.inf

    def tell(self, what: str | Refusal) -> None:
        """Tell what became of it, from whatever thread."""
        self.loop.call_soon_threadsafe(self._tell, what)

    def _tell(self, what: str | Refusal) -> None:
        if not self.answer.done():
            self.answer.set_result(what)


@dataclass(frozen=True, slots=True)
class Recording:
    """A caller who speaks first and is played then; end: until when, on the monotonic clock."""

    caller: Caller
    end: float
    prompt = False

    def tell(self, what: str | Refusal) -> None:
        """Tell nobody: he has hung up; the report has it."""


def _played(caller: Caller) -> Caller:
    """Return a caller as one whose page is played: nobody listens, so no microphone opens."""
    return replace(caller, may=tuple(right for right in caller.may if right != "two-way"))


class Programs:
    """Asks Asterisk for pages."""

    def __init__(self, site: Site, manager: Manager) -> None:
        self._site = site
        self._manager = manager
        self._asked: dict[str, Program] = {}
        self._recording: dict[str, Recording] = {}
        # What an earlier pager's callers said may be played yet.
        self._takes = itertools.count(int(time.time()))

    def adopt(self, site: Site) -> None:
        """Use a changed site from now on."""
        self._site = site

    def take(self, said: str) -> "Program | Recording | None":
        """Return whose token this is, once; None for a caller, who has none."""
        recording = self._recording.pop(said, None)
        if recording is not None:
            return recording if time.monotonic() <= recording.end else None
        # An Asterisk that stood still asks for it when it goes on.
        program = self._asked.pop(said, None)
        return program if program and time.monotonic() <= program.end else None

    def later(self, caller: Caller, zone: Zone) -> tuple[str, int]:
        """Return a token for a page of this caller, who is recorded first, and the number of his
        recording, which nobody else's has who may yet be played; from an AGI thread.
        """
        token = PREFIX + secrets.token_hex(16)
        now = time.monotonic()
        for old, recording in tuple(self._recording.items()):
            if now > recording.end:
                self._recording.pop(old, None)
        while len(self._recording) >= _MOST_RECORDED:
            self._recording.pop(next(iter(self._recording)), None)
        self._recording[token] = Recording(_played(caller), now + zone.max_length / 1000 + _GRACE)
        return token, next(self._takes) % _TAKES

    async def speak(self, zone: str, who: str, sound: Path, within: float = math.inf) -> str:
        """Play a file of Asterisk's (without its suffix) in a zone; return the page's id. within:
        the seconds in which the page is made, or not at all.
        """
        leader = {"Channel": "Local/s@bellhop-program/n", "Exten": "wait"}
        return await self._page(
            zone,
            _played(Caller(Kind.PBX, who, "", RIGHTS)),
            leader,
            [f"BELLHOP_FILE={sound}"],
            patience=_PATIENCE,
            end=time.monotonic() + within,
        )

    async def ring(self, zone: str, phone: str) -> str:
        """Ring a phone, which pages the zone when it answers; return the page's id. Cancelled, the
        phone rings no more.
        """
        device = self._site.devices.get(phone)
        if device is None:
            raise NotMade(f"no device {phone}")
        unique = f"{PHONE}{secrets.token_hex(8)}"
        leader = {
            "Channel": f"PJSIP/{device.number}@bellhop-member",
            "ChannelId": unique,
            "Context": "bellhop-program",
            "Exten": "s",
        }
        caller = Caller(Kind.DEVICE, device.number, device.number, device.may)
        try:
            return await self._page(zone, caller, leader, [], patience=_RING + _PATIENCE)
        except asyncio.CancelledError:
            with contextlib.suppress(NotConnected):  # then it rings until its time is up
                await self._manager.send("Hangup", {"Channel": unique, "Cause": "16"}, 2)
            raise

    async def _page(
        self,
        zone: str,
        caller: Caller,
        leader: dict[str, str],
        variables: list[str],
        *,
        patience: float,
        end: float = math.inf,
    ) -> str:
        if zone not in self._site.zones:
            raise NotMade(f"no zone {zone}")
        if len(self._asked) >= _MOST:
            raise NotMade("too many pages are being asked for")
        token = PREFIX + secrets.token_hex(16)
        program = Program(caller, asyncio.get_running_loop(), end)
        self._asked[token] = program
        try:
            answers = await self._manager.send(
                "Originate",
                {
                    "Context": "bellhop-announcer",
                    "Priority": "1",
                    "CallerID": f'"Page" <{zone}>',
                    "Timeout": str(_RING * 1000),
                    "Async": "true",
                    **leader,
                    "Variable": [f"BELLHOP_TOKEN={token}", f"BELLHOP_ZONE={zone}", *variables],
                },
                patience=_RING + 5,
            )
            # Who has asked for the page (take) is told in a moment why there is none.
            if answers[-1].get("Response") != "Success" and token in self._asked:
                phone = caller.name if caller.kind is Kind.DEVICE else ""
                asked = f"{phone} did not answer: is it registered, and free?"
                raise NotMade(asked if phone else "Asterisk did not begin it")
            async with asyncio.timeout(patience):
                what = await program.answer
        except NotConnected as error:
            raise NotMade(f"the pager does not reach Asterisk ({error})") from None
        except TimeoutError:
            raise NotMade("Asterisk did not ask for the page") from None
        finally:
            self._asked.pop(token, None)
        if isinstance(what, Refusal):
            raise NotMade(what.why)
        return what

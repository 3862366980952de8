"""One page while it runs: its members are rung, the leader's microphone is opened, it ends.

What happens is told by AMI events; each becomes a new value of the page (bellhop.pages), and wakes
the one coroutine that acts on it.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from ami import legs
from ami.manager import Event, Manager, NotConnected
from bellhop.pages import Member, Page, State, failure_text
from bellhop.targets import Target
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.ami")

_CHIME_PATIENCE = 3.0
_LEAVE_PATIENCE = 3.0
_OPEN_PATIENCE = 5.0

# Asterisk's own word for why an originated call came to nothing (OriginateResponse's Reason).
_NO_ANSWER = "3"


class Running:
    """A page in progress. `busy`: the devices that it rings or has in its room."""

    def __init__(
        self,
        manager: Manager,
        page: Page,
        zone: Zone,
        devices: Mapping[str, Target],
        leader_channel: str,
    ) -> None:
        self.page = page
        self.room = f"page-{page.id}"
        self._manager = manager
        self._zone = zone
        self._devices = devices
        self._leader = leader_channel
        self._began = time.monotonic()
        self._changed = asyncio.Event()
        self._gone = False
        self._blind = False
        self._channels: dict[str, str] = {}  # unique id of a leg -> device
        self._names: dict[str, str] = {}  # device -> channel name
        self._chime_over = asyncio.Event()

    @property
    def age(self) -> float:
        """Return the seconds since it was reserved."""
        return time.monotonic() - self._began

    @property
    def busy(self) -> set[str]:
        """Return the devices that are no other page's to ring."""
        return {n for n in self._devices if not self.page.members[n].state.over}

    @property
    def _chime_id(self) -> str:
        return f"{self.room}-chime"

    def _now(self) -> int:
        return int((time.monotonic() - self._began) * 1000)

    # --- what happens ---

    def hear(self, event: Event) -> None:
        """Take an event, if it is of this page."""
        kind = event.get("Event", "")
        unique = event.get("Uniqueid", "")
        if kind == "Hangup" and event.get("Channel") == self._leader:
            self._gone = True
            self.page = replace(self.page, closed_ms=self._now())
            self._changed.set()
        elif kind == "ConfbridgeJoin" and event.get("Channel") == self._leader:
            self.page = replace(self.page, opened_ms=self._now())
            self._changed.set()
        elif kind == "Hangup" and unique.startswith(self._chime_id):
            self._chime_over.set()
        elif kind == "UserEvent" and event.get("Page") == self.page.id:
            self._count(event)
        elif device := self._channels.get(unique):
            self._member_event(kind, device, event)

    def _member_event(self, kind: str, device: str, event: Event) -> None:
        member = self.page.members[device]
        if kind == "Newchannel":
            self._names[device] = event.get("Channel", "")
        elif kind == "ConfbridgeJoin":
            self._become(member.joined(self._now()))
        elif kind == "ConfbridgeLeave":
            self._become(member.hung_up(self._now(), None, None))
        elif kind == "HangupRequest" and member.state is State.REQUESTED:
            self._become(member.failed(*_refusal(event)))
        elif kind == "Hangup":
            cause, sip = _number(event, "Cause"), _tech(event)
            # Asterisk's own word for its time limit: nobody sent that 480.
            sip = None if (cause, sip) == (19, 480) else sip
            self._become(member.hung_up(self._now(), cause, sip))

    def _count(self, event: Event) -> None:
        """A channel ends, and says how much went to a member, or came from the leader."""
        if event.get("UserEvent") == "BellhopSpoke":
            self.page = replace(self.page, spoken=_number(event, "Received"))
            return
        member = self.page.members.get(event.get("Member", ""))
        if member is not None and (sent := _number(event, "Sent")) is not None:
            self._become(member.counted(sent))

    def _become(self, member: Member) -> None:
        self.page = self.page.with_member(member)
        self._changed.set()

    def lost_sight(self) -> None:
        """AMI went down: what happens now is not known."""
        self._blind = True
        self._changed.set()

    # --- what is done ---

    async def run(self) -> None:
        """Ring, open, wait, end. Cancelled, it leaves the page to Asterisk."""
        if self._over():  # the leader hung up while this page was being agreed on
            self.page = replace(self.page, ended=time.time())
            return
        for number in self._devices:  # known before the first event can name them
            self._channels[self._leg_id(number)] = number
        rung = [asyncio.ensure_future(self._ring(d)) for d in self._devices.values()]
        try:
            await self._open()
            await self._until(self._over)
            if self.page.lost and not self._gone and not self._blind:
                await self._move_leader("lost")
        except asyncio.CancelledError:
            self._blind = True
            raise
        finally:
            for one in rung:
                one.cancel()
            await asyncio.gather(*rung, return_exceptions=True)
            await self._end()

    async def _until(self, condition: Callable[[], bool], patience: float | None = None) -> bool:
        """Wait until the condition holds; False when that took longer than `patience` seconds."""
        end = None if patience is None else time.monotonic() + patience
        while not condition():
            self._changed.clear()
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
        return True

    def _leg_id(self, number: str) -> str:
        return f"{self.room}-{number.replace(':', '-')}"

    async def _ring(self, device: Target) -> None:
        """Originate one member's leg, and take Asterisk's word on what became of it."""
        try:
            answers = await self._manager.send(
                "Originate",
                legs.member(
                    device,
                    self._zone,
                    page=self.page.id,
                    room=self.room,
                    leg=self._leg_id(device.number),
                    leader=self._leader,
                ),
                patience=legs.patience(device, self._zone) / 1000 + 5,
            )
        except NotConnected as error:
            member = self.page.members[device.number]
            self._become(member.failed(None, None, f"not rung: {error}"))
            return
        await self._answered(device.number, answers[-1])

    async def _answered(self, number: str, answer: Event) -> None:
        member = self.page.members[number]
        if answer.get("Response") == "Success":
            self._become(member.answered(self._now()))
            return
        # The channel's own Hangup has the cause, and may come just after.
        if await self._until(lambda: self.page.members[number].state.over, 0.5):
            return
        if answer.get("Reason") == _NO_ANSWER:
            self._become(self.page.members[number].failed(19, None, "no answer"))
            return
        why = answer.get("Message") or "Asterisk could not ring it"
        self._become(self.page.members[number].failed(None, None, why))

    async def _open(self) -> None:
        """Open the leader's microphone when the members are there: chime, beep, speak."""
        while not self._over():
            now = self._now()
            if self.page.may_open(now):
                break
            ahead = (self.page.head_start - now) / 1000
            await self._until_changed(ahead if ahead > 0 else None)
        else:
            return
        if self._zone.chime != "none":
            await self._chime()
        if not self._over() and await self._move_leader("open"):
            # A beep for him first; then he joins the room, and only then the page is open.
            await self._until(
                lambda: self.page.opened_ms is not None or self._over(), _OPEN_PATIENCE
            )

    def _over(self) -> bool:
        """Whether the leader has gone, all members have, or nobody can see what happens."""
        return self._gone or self._blind or self.page.lost

    async def _until_changed(self, patience: float | None) -> None:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), patience)

    async def _chime(self) -> None:
        """Play the chime in the room, to its end; a page does not fail for want of it."""
        try:
            chime = legs.chime(self._zone, room=self.room, leg=self._chime_id)
            await self._manager.send("Originate", chime)
            await asyncio.wait_for(self._chime_over.wait(), _CHIME_PATIENCE)
        except (NotConnected, TimeoutError) as error:
            _log.warning("page=%s chime=failed why=%s", self.page.id, error)

    async def _move_leader(self, where: str) -> bool:
        """Send the leader to an extension of his context; False when he is not there any more."""
        where_to = {"Context": "bellhop-leader", "Exten": where, "Priority": "1"}
        try:
            answer = await self._manager.send("Redirect", {"Channel": self._leader, **where_to})
        except NotConnected as error:
            _log.warning("page=%s leader=%s why=%s", self.page.id, where, error)
            return False
        return answer[0].get("Response") == "Success"

    async def _end(self) -> None:
        """Let members leave by themselves (the room empties with its leader), end those who don't,
        and close the books.
        """
        if not self._blind:
            # Those who still ring would come too late; the others leave with the leader.
            await self._hang_up_all(lambda member: member.joined_ms is None)
            if self.page.opened_ms is not None:
                await self._until(self._all_told, _LEAVE_PATIENCE)
            await self._hang_up_all(lambda _member: True)
            await self._until(self._all_told, 1.0)
        self.page = replace(self.page, ended=time.time())

    async def _hang_up_all(self, which: Callable[[Member], bool]) -> None:
        for number in self._devices:
            member = self.page.members[number]
            if not member.state.over and which(member):
                await self._hang_up(number)

    def _all_told(self) -> bool:
        """Whether every leg has ended, and said what went to it."""
        ours = [self.page.members[n] for n in self._devices]
        return all(m.state.over and (m.joined_ms is None or m.is_counted) for m in ours)

    async def _hang_up(self, number: str) -> None:
        channel = self._names.get(number)
        if channel is None:  # Asterisk has not even begun; its Timeout ends it
            return
        try:
            await self._manager.send("Hangup", {"Channel": channel, "Cause": "16"})
        except NotConnected as error:
            _log.warning("page=%s member=%s hangup=failed why=%s", self.page.id, number, error)


def _number(event: Event, key: str) -> int | None:
    value = event.get(key, "")
    return int(value) if value.isascii() and value.isdigit() else None


def _refusal(event: Event) -> tuple[int | None, int | None, str]:
    """Return cause, SIP code and words of a leg that its far end ended. Of a 480 Asterisk 22.10
    tells its own translation, 19, in place of the Reason header's (measured); it says less than
    that: RFC 3398 §8.2.6.1 has 18, and so has the edge.
    """
    cause, sip = _number(event, "Cause"), _tech(event)
    if (cause, sip) == (19, 480):
        cause = 18
    return cause, sip, failure_text(cause, sip)


def _tech(event: Event) -> int | None:
    """Return the SIP code that ended a leg, where Asterisk tells it."""
    found = re.search(r"\b([3-6][0-9]{2})\b", event.get("TechCause", ""))
    return int(found[1]) if found else None

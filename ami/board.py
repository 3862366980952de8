"""The board of legs: each device has at most one, and each leg is in at most one page's room. Pages
ring, take and give back through it, and hear from it what became of their members.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Coroutine, Mapping

from ami import legs
from ami.events import number, refusal, tech
from ami.legs import Leg
from ami.manager import Event, Manager, NotConnected
from ami.players import Edge, Player
from bellhop.claims import Claims, Verdict, Way, Wish
from bellhop.pages import EdgeCall
from bellhop.targets import Target
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.ami")

# Asterisk's own word for why an originated call came to nothing (OriginateResponse's Reason).
_NO_ANSWER = "3"
_CAUSE_PATIENCE = 0.5  # seconds that a failed leg's own Hangup may come after the word of it
_ASK_EVERY = 0.5  # seconds between questions to the edge whether a device's call is over


class Board:
    """The legs of all devices, and the claims to them."""

    def __init__(self, manager: Manager, edge: Edge, call_priority: int) -> None:
        self._manager = manager
        self._edge = edge
        self._call_priority = call_priority
        self.claims = Claims()
        self.pages: dict[str, Player] = {}
        self.legs: dict[str, Leg] = {}  # by device
        self._unique: dict[str, Leg] = {}
        self._freed = asyncio.Event()
        self._tasks: set[asyncio.Future[object]] = set()

    # --- who may have whom ---

    def plan(
        self, wish: Wish, in_call: Mapping[str, tuple[EdgeCall, ...]]
    ) -> Mapping[str, Verdict]:
        """Return what is done with each device that a page wants."""
        return self.claims.plan(wish, in_call, self._call_priority)

    def claim(self, wish: Wish, devices: Collection[str]) -> None:
        """Give a page these devices: it rings or takes them now."""
        self.claims = self.claims.claimed(wish, devices)

    def queue(self, wish: Wish) -> None:
        """Let a page wait for its turn."""
        self.claims = self.claims.queued(wish)

    def leave_queue(self, page: str) -> None:
        """Let a page wait for its turn no more."""
        self.claims = self.claims.dequeued(page)
        self._freed.set()

    def hand_back(self, page: str) -> None:
        """Note that a page is over: who was another's before is that one's again."""
        before = self.claims
        self.claims = before.handed_back(page)
        for device, stack in before.stacks.items():
            holder, now = stack[-1], self.claims.holder(device)
            if holder.page != page and page in {wish.page for wish in stack}:
                self.pages[page].taken(device, holder.zone.number)
            leg = self.legs.get(device)
            if now != holder and now and leg and not leg.room and now.page in self.pages:
                self._later(self._point(leg, self.pages[now.page]))  # it still rings
        self._freed.set()

    def release(self, page: str) -> None:
        """Take all claims of a page away."""
        self.claims = self.claims.released(page)
        self._freed.set()

    def forget(self, device: str) -> None:
        """Note that a device has no leg any more."""
        leg = self.legs.pop(device, None)
        if leg is not None:
            self._unique.pop(leg.unique, None)
        self.claims = self.claims.gone(device)
        self._freed.set()

    async def freed(self, patience: float) -> None:
        """Wait until a device may have become free."""
        self._freed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), patience)

    async def in_call(self, devices: Collection[str]) -> Mapping[str, tuple[EdgeCall, ...]]:
        """Return which of the devices are in calls that are no pages, as the edge tells now."""
        return await asyncio.to_thread(self._edge.of, devices)

    async def when_free(self, page: Player, device: str, patience: float) -> Verdict:
        """Wait until a page may have a device, and claim it; a verdict BUSY if that takes longer
        than `patience` seconds, or than the page.
        """
        end = asyncio.get_running_loop().time() + patience
        while True:
            verdict = self.plan(page.wish, await self.in_call([device]))[device]
            left = end - asyncio.get_running_loop().time()
            if verdict.way is Way.RING and not page.over:
                self.claim(page.wish, [device])
                return verdict
            if left <= 0 or page.over:
                return Verdict(Way.BUSY, verdict.why)
            await self.freed(min(left, _ASK_EVERY))

    def stranger(self, page: str, leg: Leg) -> None:
        """Note a leg of a page that is none of ours: its device is not free until it ends."""
        if leg.device in self.legs:  # a page of ours has it by now
            return
        # Which page it was, nobody knows any more: an emergency alone may take its members.
        zone = Zone(number="?", name="?", members=(leg.device,), priority=9)
        self.claims = self.claims.claimed(Wish(page, zone, (leg.device,)), [leg.device])
        leg.bound = leg.room
        self.legs[leg.device] = self._unique[leg.unique] = leg

    # --- what is done ---

    async def end_calls(self, calls: Collection[EdgeCall]) -> None:
        """Have the edge end a device's calls."""
        await asyncio.gather(*(asyncio.to_thread(self._edge.end, call) for call in calls))

    async def ring(self, device: Target, zone: Zone, page: Player) -> None:
        """Originate a device's leg, and take Asterisk's word on what became of it."""
        if page.over:  # Python 3.11's wait_for may lose the cancellation that would tell
            return
        holder = self.claims.holder(device.number)
        if holder is None or holder.page != page.wish.page:  # another took it before it was rung
            page.taken(device.number, holder.zone.number if holder else "")
            return
        leg = Leg(device.number, f"{page.room}-{device.number.replace(':', '-')}")
        leg.bound = page.room
        self.legs[leg.device] = self._unique[leg.unique] = leg
        try:
            answers = await self._manager.send(
                "Originate",
                legs.member(
                    device,
                    zone,
                    page=page.wish.page,
                    room=page.room,
                    leg=leg.unique,
                    leader=page.leader,
                ),
                patience=legs.patience(device, zone) / 1000 + 5,
            )
        except NotConnected as error:
            if self._manager.up:  # else nobody knows: it is asked when AMI is back
                self._failed(leg, None, None, f"not rung: {error}")
            return
        await self._answered(leg, answers[-1])

    async def _answered(self, leg: Leg, answer: Event) -> None:
        if answer.get("Response") == "Success":
            for page in self._pages(leg.device):
                page.answered(leg.device)
            return
        # The channel's own Hangup has the cause, and may come just after.
        end = asyncio.get_running_loop().time() + _CAUSE_PATIENCE
        while self._unique.get(leg.unique) is leg:
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self.freed(left)
        else:
            return
        if answer.get("Reason") == _NO_ANSWER:
            self._failed(leg, 19, None, "no answer")
        else:
            self._failed(leg, None, None, answer.get("Message") or "Asterisk could not ring it")

    def _failed(self, leg: Leg, cause: int | None, sip: int | None, why: str) -> None:
        for page in self._pages(leg.device):
            page.failed(leg.device, cause, sip, why)
        self.forget(leg.device)

    async def take(self, device: str, page: Player) -> bool:
        """Bring a device's leg over into a page's room, out of the room of the page that had it;
        False when it is not there any more.
        """
        stack = self.claims.stacks.get(device, ())
        for wish in stack[-2:-1]:
            if before := self.pages.get(wish.page):
                before.taken(device, page.wish.zone.number)
        leg = self.legs.get(device)
        if leg is None:
            return False
        leg.bound = page.room
        if not leg.room:  # it has not answered: it will find its way, and is moved if it has not
            await self._point(leg, page)
            return True
        return await self._move(leg, page)

    async def _move(self, leg: Leg, page: Player) -> bool:
        leg.sent = page.room
        try:
            fields = legs.taken(leg.channel, page.room, page.wish.zone)
            [answer] = await self._manager.send("Redirect", fields)
        except NotConnected as error:
            _log.warning("device=%s page=%s take=failed why=%s", leg.device, page.room, error)
            return False
        return answer.get("Response") == "Success"

    async def _point(self, leg: Leg, page: Player) -> None:
        """Let a leg that rings answer to another leader: its own may have gone by then."""
        if leg.channel:
            with contextlib.suppress(NotConnected):  # then it answers to its own, and is moved
                fields = {"Channel": leg.channel, "Variable": "BELLHOP_LEADER"}
                await self._manager.send("Setvar", {**fields, "Value": page.leader})

    async def hang_up(self, device: str) -> None:
        """End a device's leg."""
        leg = self.legs.get(device)
        if leg is None or not leg.channel:  # Asterisk has not even begun; its Timeout ends it
            return
        try:
            await self._manager.send("Hangup", {"Channel": leg.channel, "Cause": "16"})
        except NotConnected as error:
            _log.warning("device=%s hangup=failed why=%s", device, error)

    # --- what happens ---

    def _pages(self, device: str) -> list[Player]:
        """Return the pages that have or had a device."""
        stack = self.claims.stacks.get(device, ())
        return [self.pages[wish.page] for wish in stack if wish.page in self.pages]

    def _later(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hear(self, event: Event) -> None:
        """Take an event of a leg."""
        leg = self._unique.get(event.get("Uniqueid", ""))
        if leg is None:
            return
        if self.legs.get(leg.device) is not leg:  # it left, and the device has another one by now
            if event.get("Event") == "Hangup":
                del self._unique[leg.unique]
            return
        match event.get("Event", ""):
            case "Newchannel":
                leg.channel = event.get("Channel", "")
            case "ConfbridgeJoin":
                self._joined(leg, event.get("Conference", ""))
            case "ConfbridgeLeave":
                self._left(leg, event.get("Conference", ""))
            case "HangupRequest":
                for page in self._pages(leg.device):
                    page.failed(leg.device, *refusal(event))
            case "Hangup":
                self._hung_up(leg, event)

    def _hung_up(self, leg: Leg, event: Event) -> None:
        cause, sip = number(event, "Cause"), tech(event)
        # Asterisk's own word for its time limit: nobody sent that 480.
        sip = None if (cause, sip) == (19, 480) else sip
        for page in self._pages(leg.device):
            page.hung_up(leg.device, cause, sip)
        self.forget(leg.device)

    def _joined(self, leg: Leg, room: str) -> None:
        leg.room = room
        pages = {page.room: page for page in self._pages(leg.device)}
        if leg.bound in leg.been and leg.bound != room:
            # It came back by itself: the page that took it is over, and we are told of that later.
            self.claims = self.claims.back(leg.device, room.removeprefix("page-"))
            leg.bound = room
        leg.been.add(room)
        bound = pages.get(leg.bound)
        if bound is not None and not bound.over and leg.bound != room:
            if leg.sent != leg.bound:  # it answered to the page that it was taken from
                self._later(self._move(leg, bound))
            return
        page = pages.get(room)
        if page is None or page.over:  # whoever had it has gone meanwhile
            self._later(self.hang_up(leg.device))
            return
        leg.bound = room
        page.joined(leg.device)

    def _left(self, leg: Leg, room: str) -> None:
        if leg.room == room:
            leg.room = ""
        name = room.removeprefix("page-")
        if page := self.pages.get(name):  # it may have handed back the device already
            page.left(leg.device)
        stack = self.claims.stacks.get(leg.device, ())
        if [wish.page for wish in stack] == [name]:  # its leg ends now; it is free
            self.claims = self.claims.gone(leg.device)
            self._freed.set()

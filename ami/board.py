"""The board of legs: each device has at most one, and each leg is in at most one page's room. Pages
ring, take and give back through it, and hear from it what became of their members.
"""

import asyncio
import logging
from collections import deque

from ami import hands, legs, strangers
from ami.claiming import Claiming
from ami.events import Event, hung_up, refusal, unanswered
from ami.legs import Leg
from ami.manager import Manager, NotConnected
from ami.players import Edge, Player
from ami.tasks import Tasks
from bellhop.targets import Target

_log = logging.getLogger("bellhop.ami")

_HANGUP_PATIENCE = 0.5  # seconds in which a leg's Hangup comes when it has failed, or left its room
_MAY_COME = 120.0  # seconds in which the channel of a leg may come that nobody waits for any more


class Board(Claiming):
    """The legs of all devices, and the claims to them."""

    def __init__(self, manager: Manager, edge: Edge, call_priority: int) -> None:
        super().__init__(edge, call_priority)
        self._manager = manager
        self.legs: dict[str, Leg] = {}  # by device
        self._unique: dict[str, Leg] = {}
        self.ended: deque[str] = deque(maxlen=4096)  # channels, the last ones, by unique id
        self._tasks = Tasks()

    # --- who has whom ---

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
                again = self.pages[now.page]
                again.rung(device)  # it still rings
                if not leg.been and self.met(again, device):
                    leg.serve(again.room)  # for a page that never had this leg, too
                self._tasks.begin(hands.point(self._manager, leg, again.leader))
            self._ring_missed(device)
        self.wake()

    def forget(self, leg: Leg) -> None:
        """Note that a device has this leg no more."""
        self.legs.pop(leg.device, None)
        if leg.unwanted:  # its channel may come yet, to be hung up
            asyncio.get_running_loop().call_later(_MAY_COME, self._unique.pop, leg.unique, None)
        else:
            self._unique.pop(leg.unique, None)
        # A page that has claimed the device, and has yet to ring it, still does.
        yet = {p.wish.page for p in self.pages.values() if p.room not in leg.served}
        self.claims = self.claims.gone(leg.device, yet)
        self._ring_missed(leg.device)
        self.wake()

    def _ring_missed(self, device: str) -> None:
        """Ring a device for the page that has it, if another one had it when it was to be rung."""
        if device not in self.legs and (missed := self.missed(device)):
            page, target = missed
            page.rung(device)
            self._tasks.begin(self.ring(target, page))

    def stranger(self, page: str, leg: Leg) -> None:
        """Note a leg of a page that is none of ours: its device is not free until it ends."""
        if leg.unique in self._unique:  # it was ours, and nobody waits for it any more
            self._unique[leg.unique].channel = leg.channel
            self._tasks.begin(hands.hang_up(self._manager, self._unique[leg.unique]))
            return
        if leg.device in self.legs or self.claims.holder(leg.device) or leg.unique in self.ended:
            return  # it is ours, or ended while Asterisk was asked of it
        _log.info("device=%s page=%s not-ours=busy", leg.device, page)
        self.claim_for(page, leg.device)
        leg.bound = leg.room
        self.legs[leg.device] = self._unique[leg.unique] = leg

    async def ask_of(self, name: str, unique: str, room: str = "") -> None:
        """Ask Asterisk whether a channel that it made itself is a member's of a fallback page."""
        found = await strangers.of_fallback(self._manager, name, unique, room)
        known = self._unique.get(unique)
        if found and known:  # it came into the room while it was asked of
            known.room = room or known.room
            known.bound = known.bound or known.room
        elif found:
            self.stranger(*found)

    # --- what is done ---

    async def ring(self, device: Target, page: Player) -> None:
        """Originate a device's leg, and take Asterisk's word on what became of it."""
        # Many a device takes one call alone: no INVITE before the BYE of the one that just left.
        if before := self.legs.get(device.number):
            await self._ended(before)
        if page.over:  # its tasks are told so a turn of the loop later
            return
        holder = self.claims.holder(device.number)
        if holder is None or holder.page != page.wish.page:  # another took it before it was rung
            page.taken(device.number, holder.zone.number if holder else "")
            self.miss(page, device)
            return
        leg = Leg(device.number, legs.unique(page.room, device.number), target=device)
        leg.serve(page.room)
        self.legs[leg.device] = self._unique[leg.unique] = leg
        zone, room = page.wish.zone, page.room
        fields = legs.member(device, zone, room=room, leg=leg.unique, leader=page.leader)
        patience = legs.patience(device, zone) / 1000 + 5
        try:
            answers = await self._manager.send("Originate", fields, patience=patience)
        except NotConnected as error:
            if self._manager.up:  # else nobody knows: it is asked when AMI is back
                await hands.hang_up(self._manager, leg)
                self._failed(leg, None, None, f"not rung: {error}")
            return
        await self._answered(leg, answers[-1])

    async def _answered(self, leg: Leg, answer: Event) -> None:
        if answer.get("Response") == "Success":
            for page in self.pages_of(leg):
                page.answered(leg.device)
        # The channel's own Hangup has the cause, and may come just after.
        elif not await self._ended(leg):
            self._failed(leg, *unanswered(answer))

    async def _ended(self, leg: Leg) -> bool:
        """Wait for a leg's Hangup, which is at hand; False when it does not come."""
        now = asyncio.get_running_loop().time
        end = now() + _HANGUP_PATIENCE
        while self._unique.get(leg.unique) is leg and (left := end - now()) > 0:
            await self.freed(left)
        return self._unique.get(leg.unique) is not leg

    def _failed(self, leg: Leg, cause: int | None, sip: int | None, why: str) -> None:
        for page in self.pages_of(leg):
            page.failed(leg.device, cause, sip, why)
        self.forget(leg)

    async def take(self, device: Target, page: Player) -> bool:
        """Bring a device's leg into a page's room, or ring it if that ends; False: it has none."""
        for wish in self.claims.stacks.get(device.number, ())[-2:-1]:
            if (before := self.pages.get(wish.page)) and not before.over:
                before.taken(device.number, page.wish.zone.number)
        if (leg := self.legs.get(device.number)) is None:
            return False
        if not leg.room and not leg.been:  # it has not answered: it will find its way, or is moved
            leg.serve(page.room)
            await hands.point(self._manager, leg, page.leader)
            return True
        leg.bound = page.room
        self.miss(page, device)
        if not leg.room:  # it comes into another one, and is moved from there; or it ends
            return True
        return await hands.move(self._manager, leg, page) or not self.met(page, device.number)

    async def hang_up(self, device: str) -> None:
        """End a device's leg."""
        if leg := self.legs.get(device):
            await hands.hang_up(self._manager, leg)

    # --- what happens ---

    def hear(self, event: Event) -> None:
        """Take an event of a leg."""
        unique, kind = event.get("Uniqueid", ""), event.get("Event", "")
        leg = self._unique.get(unique)
        if kind == "Hangup":
            self.ended.append(unique)
            self._unique.pop(unique, None)
        if leg is None:
            if strangers.may_be_one(event):
                said = (event.get(key, "") for key in ("Channel", "Uniqueid", "Conference"))
                self._tasks.begin(self.ask_of(*said))
            return
        if kind == "Newchannel":
            leg.channel = event.get("Channel", "")
            if leg.unwanted or len(leg.served) > 1:
                self._tasks.begin(hands.catch_up(self._manager, leg, self.pages_of(leg)))
        if self.legs.get(leg.device) is leg:  # else the device has another one by now
            self._hear(leg, kind, event)

    def _hear(self, leg: Leg, kind: str, event: Event) -> None:
        match kind:
            case "ConfbridgeJoin":
                self._joined(leg, event.get("Conference", ""))
            case "ConfbridgeLeave":
                self._left(leg, event.get("Conference", ""))
            case "Hold":
                for page in self.pages_of(leg):
                    page.holds(leg.device)
            case "HangupRequest":
                for page in self.pages_of(leg):
                    page.going(leg.device, *refusal(event))
            case "Hangup":
                self._hung_up(leg, event)

    def _hung_up(self, leg: Leg, event: Event) -> None:
        if (
            before := self.pages.get(legs.page_of(leg.left))
        ) and leg.bound not in leg.been:  # who was to take it did not
            before.kept(leg.device, *hung_up(event))
        elif before and leg.bound == leg.left:  # whose it is no more: it may say only now why
            before.hung_up(leg.device, *hung_up(event))
        holder = self.has(leg.device)
        for page in self.pages_of(leg):
            if leg.target and holder and legs.was_sent_home(leg, holder, page):
                self.miss_again(page, leg, leg.target)
            else:
                page.hung_up(leg.device, *hung_up(event))
        self.forget(leg)

    def _joined(self, leg: Leg, room: str) -> None:
        leg.came_into(room)
        pages = {page.room: page for page in self.pages_of(leg, leg.bound) if not page.over}
        if leg.bound in leg.been and leg.bound != room:
            # It came back by itself: the page that took it is over, and we are told of that later.
            self.claims = self.claims.back(leg.device, legs.page_of(room))
            leg.bound = room
        leg.been.add(room)
        holder = self.claims.holder(leg.device)
        page = legs.bound_for(leg, pages, f"page-{holder.page}" if holder else "")
        if page is None:
            if holder and holder.page not in self.pages and holder.page == legs.page_of(room):
                return  # it is back in a page that is none of ours
            self._tasks.begin(self.hang_up(leg.device))
        elif page.room == room:
            leg.bound = room
            self.met(page, leg.device)
            page.joined(leg.device)
        elif leg.sent != page.room or leg.bound != page.room:
            leg.bound = page.room
            self._tasks.begin(hands.move(self._manager, leg, page))

    def _left(self, leg: Leg, room: str) -> None:
        if leg.room == room:
            leg.room, leg.left = "", room
        name = legs.page_of(room)
        if page := self.pages.get(name):  # it may have handed back the device already
            page.left(leg.device)
        stack = self.claims.stacks.get(leg.device, ())
        if leg.bound == room and [wish.page for wish in stack] == [name]:  # its leg ends now
            self.claims = self.claims.gone(leg.device)
            self.wake()

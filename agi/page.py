"""The verb `page`: whether this caller may page this zone now, and who is there to hear it.

Two steps, so that a page is never spoken late and nobody is rung twice: the desk reserves the page,
then the channel is told, BELLHOP_RESULT last; only when that has been done do members ring. If the
caller has gone, or the dialplan's time limit has ended this session, the reservation is dropped.
"""

import copy
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from agi.channel import Channel
from agi.gate import Gate
from agi.who import identified
from bellhop import zones
from bellhop.answering import dialect_of
from bellhop.callers import Caller, Kind
from bellhop.devices import Device
from bellhop.pages import EdgeCall, Refusal, Request, Reservation, Unavailable
from bellhop.present import Present
from bellhop.settings import Site
from bellhop.targets import Target, may_ring
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.agi")

UNKNOWN, NOBODY_THERE, NOT_ALLOWED = 1, 20, 21  # Q.850


class Desk(Protocol):
    """Where pages are made."""

    def reserve(self, request: Request, patience: float) -> Reservation | Refusal:
        """Reserve a page, or say why it is not made. Raises Unavailable."""

    def commit(self, reservation: Reservation, patience: float) -> None:
        """Ring the members. Raises Unavailable when none will be rung, which is so after
        `patience` seconds.
        """

    def drop(self, reservation: Reservation) -> None:
        """Forget the page."""

    def refused(self, request: Request, refusal: Refusal) -> None:
        """Report a page that was asked for and is not made."""


class Program(Protocol):
    """A page that a program asked for: who it is for, and who is told what becomes of it."""

    @property
    def caller(self) -> Caller:
        """Who it is for: the site has let him in."""

    @property
    def prompt(self) -> bool:
        """Whether it is a bell, which rings now or not at all, and is reported by who rings it."""

    def tell(self, what: str | Refusal) -> None:
        """Tell the page's id, or why there is none."""


# Which of these numbers the edge knows as registered; None when it could not be asked within so
# many seconds.
Registered = Callable[[Collection[str], float], Mapping[str, Present] | None]
# Which of these numbers have calls that are no pages; empty when the edge could not be asked within
# so many seconds.
InCall = Callable[[Collection[str], float], Mapping[str, tuple[EdgeCall, ...]]]

_EDGE_PATIENCE = 0.8  # seconds for all that the edge is asked: the engine must have some, too


def leader(channel: Channel) -> str:
    """Return the caller's channel: the AGI's first argument, or the channel that runs the AGI."""
    return channel.env.get("arg_1") or channel.env["channel"]


def _spoken(device: Target, user_agent: str) -> Target:
    """Return the device with its User-Agent's dialect where the site says nothing of it."""
    if not isinstance(device, Device) or device.dialect:
        return device
    return replace(device, dialect=dialect_of(user_agent))


def _is_there(member: Target, registered: Collection[str]) -> bool:
    """Whether there is somebody to ring: a group and a number outside register nowhere."""
    return not isinstance(member, Device) or member.number in registered


def _keys(request: Request) -> dict[str, str]:
    """Return what the dialplan must know of a leader's keys, and of a message."""
    zone = request.zone
    return {
        **({"BELLHOP_LONGEST": str(zone.longest // 1000)} if zone.longest else {}),
        **({"BELLHOP_EMERGENCY": request.emergency} if request.emergency else {}),
        **({"BELLHOP_REPEAT": str(zone.repeat_every // 1000)} if zone.repeat_every else {}),
    }


class Pages:
    """Answers `page` requests of one site. pin_lines: those of each zone that has a PIN file;
    program: whose page a word is good for, that is no caller's identity; later: makes such
    a word for a caller who is recorded first, and the number of his recording; taken_out: whom a
    page of a zone leaves out, each with why.
    """

    def __init__(
        self,
        site: Site,
        desk: Desk,
        registered: Registered,
        in_call: InCall,
        *,
        pin_lines: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        program: Callable[[str], Program | None] = lambda _said: None,
        later: Callable[[Caller, Zone], tuple[str, int]] = lambda _caller, _zone: ("", 0),
        taken_out: Callable[[Zone], Mapping[str, object]] = lambda _zone: {},
    ) -> None:
        self._site = site
        self._desk = desk
        self._registered = registered
        self._in_call = in_call
        self._gate = Gate(pin_lines)
        self._program = program
        self._later = later
        self._taken_out = taken_out

    def of(self, site: Site, pin_lines: Mapping[str, tuple[str, ...]]) -> "Pages":
        """Return who answers for a changed site; a request that is being served has the old one."""
        changed = copy.copy(self)
        changed._site = site  # noqa: SLF001 - a copy of ours
        changed._gate = self._gate.with_lines(pin_lines)  # noqa: SLF001 - the same
        return changed

    def __call__(self, channel: Channel) -> None:
        """Serve one request."""
        said = channel.given(3, "BELLHOP_CALLER")
        program = self._program(said)
        caller = program.caller if program else identified(self._site, said)
        made = self._page(channel, caller, program)
        if program and made is not None:
            program.tell(made if isinstance(made, Refusal) else made.page)

    def _page(
        self, channel: Channel, caller: Caller | None, program: Program | None
    ) -> Reservation | Refusal | None:
        """Make the page; None when that is left to the dialplan, or he is asked for a PIN first."""
        zone = self._site.zones.get(channel.given(2, "BELLHOP_ZONE"))
        if zone is None:
            return self._tell(channel, Refusal(UNKNOWN, "no such zone"))
        prompt = program is not None and program.prompt
        zone = zones.promptly(zone) if prompt else zone
        request = replace(self._request(zone, caller, leader(channel)), prompt=prompt)
        if caller is None or not (program or zones.may_page(zone, caller)):
            why = f"may not page {zone.number}"
            return self._refuse(channel, request, Refusal(NOT_ALLOWED, why))
        passes: bool | Refusal = True
        if program is None:
            said = channel.variable("BELLHOP_PIN") if zone.pin_file else ""
            passes = self._gate.passes(zone, caller, said)
        if isinstance(passes, Refusal):
            return self._refuse(channel, request, passes)
        if not passes:
            channel.part({"BELLHOP_RESULT": "pin"})
            return None
        if program is None:
            request = replace(request, emergency=self._emergency(zone, caller))
        request = self._there(request, min(_EDGE_PATIENCE, channel.left() / 2))
        if zone.speech == "recorded" and program is None and request.members:
            token, take = self._later(caller, zone)
            channel.part(
                {
                    "BELLHOP_TOKEN": token,
                    "BELLHOP_TAKE": str(take),
                    "BELLHOP_MAX": str(zone.max_length // 1000),
                    "BELLHOP_RESULT": "record",
                }
            )
            return None
        return self._make(channel, request)

    def _emergency(self, zone: Zone, caller: Caller) -> str:
        """Return the emergency zone that a key makes of his page; "" where he may not page it."""
        other = self._site.zones.get(zone.emergency_zone)
        return other.number if other and zones.may_page(other, caller) else ""

    def _make(self, channel: Channel, request: Request) -> Reservation | Refusal | None:
        """Make a page that may be made; None when that is left to the dialplan."""
        zone = request.zone
        if not request.members:
            why = f"nobody of zone {zone.number} is registered"
            if not (request.absent or request.out or request.barred):
                why = f"zone {zone.number} has nobody but its caller"
            if request.out:
                why += ", or not taken out"
            if request.barred:
                why += ", and this caller may not call outside"
            barred_alone = request.barred and not (request.absent or request.out)
            cause = NOT_ALLOWED if barred_alone else NOBODY_THERE
            return self._refuse(channel, request, Refusal(cause, why))
        try:
            reservation = self._desk.reserve(request, channel.left())
        except Unavailable as error:
            # BELLHOP_RESULT stays unset, so the dialplan pages by itself.
            _log.warning("zone=%s page=left-to-asterisk why=%s", zone.number, error)
            return None
        if isinstance(reservation, Refusal):
            return self._refuse(channel, request, reservation)
        try:
            channel.tell(
                {
                    "BELLHOP_PAGE": reservation.page,
                    "BELLHOP_ROOM": reservation.room,
                    "BELLHOP_WAIT": str(reservation.wait),
                    "BELLHOP_MAX": str(reservation.limit),
                    **_keys(request),
                    "BELLHOP_RESULT": "room",
                }
            )
        except BaseException:
            self._desk.drop(reservation)
            raise
        try:
            self._desk.commit(reservation, channel.left())
        except Unavailable as error:
            _log.warning("page=%s page=left-to-asterisk why=%s", reservation.page, error)
            channel.put("BELLHOP_RESULT", "")
            return None
        return reservation

    def _request(self, zone: Zone, caller: Caller | None, channel: str) -> Request:
        own = caller.name if caller and caller.kind is Kind.DEVICE else None
        everybody = zones.members(
            zone, self._site.zones, self._site.devices, own, self._site.numbering
        )
        taken_out = self._taken_out(zone)
        out = {m.number: str(taken_out[m.number]) for m in everybody if m.number in taken_out}
        everybody = tuple(member for member in everybody if member.number not in out)
        may = caller.may if caller else ()
        members = tuple(member for member in everybody if may_ring(may, member))
        barred = tuple(member.number for member in everybody if not may_ring(may, member))
        if caller is not None:
            zone = zones.for_caller(zone, caller)
        return Request(
            zone=zone, caller=caller, channel=channel, members=members, barred=barred, out=out
        )

    def _there(self, request: Request, patience: float) -> Request:
        """Return the request with what the edge knows: who is registered, and who is in a call."""
        end = time.monotonic() + patience
        numbers = [member.number for member in request.members if isinstance(member, Device)]
        there = self._registered(numbers, patience)
        if there is None:
            # An announcement is not held back because the bookkeeping is down: all are rung.
            _log.warning("zone=%s registrations=unknown", request.zone.number)
            members = tuple(_spoken(member, "") for member in request.members)
            return replace(request, members=members)
        present = tuple(
            _spoken(m, there[m.number].user_agent if m.number in there else "")
            for m in request.members
            if _is_there(m, there)
        )
        absent = tuple(number for number in numbers if number not in there)
        engaged = [number for number, one in there.items() if one.engaged]
        in_call = self._in_call(engaged, end - time.monotonic()) if engaged else {}
        return replace(request, members=present, absent=absent, in_call=in_call)

    def _refuse(self, channel: Channel, request: Request, refusal: Refusal) -> Refusal:
        """Refuse a page of a zone that there is, and have it reported by somebody."""
        self._tell(channel, refusal)
        if request.prompt:
            return refusal
        try:
            self._desk.refused(request, refusal)
        except Unavailable as error:
            _log.warning("zone=%s report=not-made why=%s", request.zone.number, error)
        return refusal

    def _tell(self, channel: Channel, refusal: Refusal) -> Refusal:
        channel.part({"BELLHOP_CAUSE": str(refusal.cause), "BELLHOP_RESULT": "refused"})
        why = refusal.why
        _log.info("page=refused channel=%s cause=%d why=%s", leader(channel), refusal.cause, why)
        return refusal

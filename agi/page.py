"""The verb `page`: whether this caller may page this zone now, and who is there to hear it.

Two steps, so that a page is never spoken late and nobody is rung twice: the desk reserves the page,
then the channel is told, BELLHOP_RESULT last; only when that has been done do members ring. If the
caller has gone, or the dialplan's time limit has ended this session, the reservation is dropped.
"""

import copy
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from agi.channel import Channel
from agi.gate import Gate
from agi.request import InCall, Registered, Requests
from agi.who import identified
from bellhop import zones
from bellhop.callers import Caller
from bellhop.pages import Refusal, Request, Reservation, Unavailable
from bellhop.settings import Site
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.agi")

UNKNOWN, NOBODY_THERE, NOT_ALLOWED, FAILED = 1, 20, 21, 41  # Q.850
# The fourth argument of who spoke first, and what he said is not there to be played.
_UNRECORDED = "unrecorded"


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


_EDGE_PATIENCE = 0.8  # seconds for all that the edge is asked: the engine must have some, too


def leader(channel: Channel) -> str:
    """Return the caller's channel: the AGI's first argument, or the channel that runs the AGI."""
    return channel.env.get("arg_1") or channel.env["channel"]


def _keys(request: Request) -> dict[str, str]:
    """Return what the dialplan must know of a leader's keys, and of a message."""
    zone = request.zone
    return {
        **({"BELLHOP_LONGEST": str(zone.longest // 1000)} if zone.longest else {}),
        **({"BELLHOP_EMERGENCY": request.emergency} if request.emergency else {}),
        **({"BELLHOP_REPEAT": str(zone.repeat_every // 1000)} if zone.repeat_every else {}),
    }


def _nobody(request: Request) -> Refusal:
    """Return why a page of nobody is not made: all that keeps its members away."""
    zone = request.zone.number
    away = [
        *(["unregistered"] if request.absent else []),
        *(["taken out"] if request.out else []),
        *(["outside, where this caller may not call"] if request.barred else []),
    ]
    if not away:
        return Refusal(NOBODY_THERE, f"zone {zone} has nobody but its caller")
    if away == ["unregistered"]:
        return Refusal(NOBODY_THERE, f"nobody of zone {zone} is registered")
    cause = NOBODY_THERE if request.absent or request.out else NOT_ALLOWED
    return Refusal(cause, f"everybody of zone {zone} is {' or '.join(away)}")


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
        self._gate = Gate(pin_lines)
        self._program = program
        self._later = later
        self._requests = Requests(site, registered, in_call, taken_out)

    def of(self, site: Site, pin_lines: Mapping[str, tuple[str, ...]]) -> "Pages":
        """Return who answers for a changed site; a request that is being served has the old one."""
        changed = copy.copy(self)
        changed._site = site  # noqa: SLF001 - a copy of ours
        changed._requests = replace(self._requests, site=site)  # noqa: SLF001 - the same
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
        request = replace(self._requests.of(zone, caller, leader(channel)), prompt=prompt)
        if caller is None or not (program or zones.may_page(zone, caller)):
            why = f"may not page {zone.number}"
            return self._refuse(channel, request, Refusal(NOT_ALLOWED, why))
        if channel.env.get("arg_4") == _UNRECORDED:
            why = "what was said could not be recorded: Asterisk's disk may be full, its log says"
            return self._refuse(channel, request, Refusal(FAILED, why))
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
        request = self._requests.there(request, min(_EDGE_PATIENCE, channel.left() / 2))
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
            return self._refuse(channel, request, _nobody(request))
        try:
            reservation = self._desk.reserve(request, channel.left())
        except Unavailable as error:
            # BELLHOP_RESULT stays unset, so the dialplan pages by itself.
            _log.warning("zone=%s left-to=asterisk why=%s", zone.number, error)
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
            _log.warning("page=%s left-to=asterisk why=%s", reservation.page, error)
            channel.put("BELLHOP_RESULT", "")
            return None
        return reservation

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

"""What is asked of the engine: whom a page of a zone is for, as the site and the edge tell."""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from bellhop import zones
from bellhop.answering import dialect_of
from bellhop.callers import Caller, Kind
from bellhop.devices import Device
from bellhop.pages import EdgeCall, Request
from bellhop.present import Present
from bellhop.settings import Site
from bellhop.targets import Target, may_ring
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.agi")

# Which of these numbers the edge knows as registered; None when it could not be asked within so
# many seconds.
Registered = Callable[[Collection[str], float], Mapping[str, Present] | None]
# Which of these numbers have calls that are no pages; empty when the edge could not be asked within
# so many seconds.
InCall = Callable[[Collection[str], float], Mapping[str, tuple[EdgeCall, ...]]]


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes requests of one site. taken_out: whom a page of a zone leaves out, each with why."""

    site: Site
    registered: Registered
    in_call: InCall
    taken_out: Callable[[Zone], Mapping[str, object]]

    def of(self, zone: Zone, caller: Caller | None, channel: str) -> Request:
        """Return what the site says of a page: whom it is for, and whom it leaves out."""
        own = caller.name if caller and caller.kind is Kind.DEVICE else None
        everybody = zones.members(
            zone, self.site.zones, self.site.devices, own, self.site.numbering
        )
        taken_out = self.taken_out(zone)
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

    def there(self, request: Request, patience: float) -> Request:
        """Return the request with what the edge knows: who is registered, and who is in a call."""
        end = time.monotonic() + patience
        numbers = [member.number for member in request.members if isinstance(member, Device)]
        there = self.registered(numbers, patience)
        if there is None:
            # An announcement is not held back because the bookkeeping is down: all are rung.
            _log.warning("zone=%s registrations=unknown rung=everybody", request.zone.number)
            return request
        present = tuple(
            _spoken(m, there[m.number].user_agent if m.number in there else "")
            for m in request.members
            if _is_there(m, there)
        )
        absent = tuple(number for number in numbers if number not in there)
        engaged = [number for number, one in there.items() if one.engaged]
        elsewhere = [number for number, one in there.items() if one.elsewhere]
        in_call = self.in_call(engaged, end - time.monotonic()) if engaged else {}
        return replace(
            request, members=present, absent=absent, elsewhere=elsewhere, in_call=in_call
        )


def _spoken(device: Target, user_agent: str) -> Target:
    """Return the device with its User-Agent's dialect where the site says nothing of it."""
    if not isinstance(device, Device) or device.dialect:
        return device
    return replace(device, dialect=dialect_of(user_agent))


def _is_there(member: Target, registered: Collection[str]) -> bool:
    """Whether there is somebody to ring: a group and a number outside register nowhere."""
    return not isinstance(member, Device) or member.number in registered

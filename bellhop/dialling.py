"""Where a dialled number goes, and whether this caller may have it sent there.

The one place that knows the plan of numbers; it reads the site and the caller, and touches no
socket. A number is matched whole against a closed set and never cleaned: what is left of
`500&PJSIP/x` after cleaning is another number.
"""

from dataclasses import dataclass
from random import Random

from bellhop.callers import Caller, Kind
from bellhop.carriers import Carrier, Trunk
from bellhop.devices import Device
from bellhop.features import may_ask
from bellhop.profiles import CARRIER
from bellhop.routes import Route, carriers_for, digits_of, route_for
from bellhop.settings import Site
from bellhop.values import DIALLED
from bellhop.zones import Zone


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of a destination: a SIP code, its phrase, and the Q.850 cause with it."""

    code: int
    phrase: str
    cause: int


@dataclass(frozen=True, slots=True)
class ToDevice:
    """One registered device."""

    device: Device


@dataclass(frozen=True, slots=True)
class ToZone:
    """A page: the pbx takes it from here; standby: or the one that stands by."""

    zone: Zone
    standby: bool = False


@dataclass(frozen=True, slots=True)
class ToFeature:
    """A feature code: the pbx has the pager do what it says."""

    dialled: str
    standby: bool = False


@dataclass(frozen=True, slots=True)
class ToTrunk:
    """A number behind somebody's PBX."""

    trunk: Trunk
    number: str


@dataclass(frozen=True, slots=True)
class ToCarriers:
    """An outside number, the carriers to try, in order, and the profile that decides between them
    where a carrier has none of its own. prefix: of the route that it came by.
    """

    number: str
    carriers: tuple[Carrier, ...]
    profile: str
    prefix: str = ""


Leg = ToDevice | ToTrunk


@dataclass(frozen=True, slots=True)
class ToLegs:
    """A DID: devices and numbers behind trunks, tried in order under a profile."""

    legs: tuple[Leg, ...]
    profile: str


Destination = ToDevice | ToZone | ToFeature | ToTrunk | ToCarriers | ToLegs

# RFC 3398 §8.2.6.1 and §7.2.4.1 pair these codes and causes.
NOT_A_NUMBER = Refusal(484, "Not A Number", 28)
UNKNOWN = Refusal(404, "Unknown Number", 1)
NOT_ALLOWED = Refusal(403, "Not Allowed", 21)


def destination(
    site: Site, caller: Caller, dialled: str, random: Random | None = None
) -> Destination | Refusal:
    """Decide where a call goes. Total: every text has an answer. random: draws between carriers of
    one cost; without it the heaviest is first.
    """
    if not DIALLED.fullmatch(dialled):
        return NOT_A_NUMBER
    match caller.kind:
        case Kind.CARRIER:
            return _inbound(site, dialled)
        case Kind.PBX:
            return _from_pbx(site, dialled, random)
        case _:
            return _inside(site, caller, dialled, random)


def _inside(
    site: Site, caller: Caller, dialled: str, random: Random | None
) -> Destination | Refusal:
    """A device or a trunk calls."""
    if device := site.devices.get(dialled):
        return ToDevice(device) if "devices" in caller.may else NOT_ALLOWED
    if zone := site.zones.get(dialled):
        return ToZone(zone, site.standby is not None) if "zones" in caller.may else NOT_ALLOWED
    if feature := site.features.dialled(dialled):
        there = site.standby is not None
        return ToFeature(dialled, there) if may_ask(caller, feature) else NOT_ALLOWED
    if dialled.startswith(tuple(site.features.codes.values())):
        return UNKNOWN  # a code with nothing, or too much, behind it is no number of a carrier's
    if trunk := trunk_for(site, dialled):
        # A trunk's own number must not come back to it: the PBX sent it here for us to route.
        if caller.kind is Kind.TRUNK and caller.name == trunk.name:
            return UNKNOWN
        return ToTrunk(trunk, dialled) if "trunks" in caller.may else NOT_ALLOWED
    outside = _outside(site, dialled, random)
    if "carriers" not in caller.may:
        return UNKNOWN if outside is UNKNOWN else NOT_ALLOWED
    return outside


def _outside(site: Site, dialled: str, random: Random | None) -> ToCarriers | Refusal:
    route = _route(site, dialled)
    carriers = tuple(
        carrier
        for carrier in carriers_for(route, site.carriers, random)
        if DIALLED.fullmatch(
            carrier.dialled(dialled, site.numbering)
        )  # too short for what it strips
    )
    if route is None or not carriers:
        return UNKNOWN
    return ToCarriers(dialled, carriers, route.profile or CARRIER.name, route.prefix)


def _route(site: Site, dialled: str) -> Route | None:
    """Return the route of a number: as it was dialled, or else in E.164. The empty prefix is of
    all numbers, so it comes after both.
    """
    route = route_for(dialled, site.by_prefix)
    nothing_said = route is None or not digits_of(route.prefix)
    if nothing_said and (digits := site.numbering.e164(dialled)):
        return route_for(digits, site.by_prefix)
    return route


def _from_pbx(site: Site, dialled: str, random: Random | None) -> Destination | Refusal:
    """The pbx rings members, those outside only as zones list them. It never reaches a zone: a
    B2BUA renews Max-Forwards, so nothing else would stop that loop.
    """
    if device := site.devices.get(dialled):
        return ToDevice(device)
    if dialled in site.outside_members:
        return _outside(site, dialled, random)
    return NOT_ALLOWED if dialled in site.zones else UNKNOWN


def _inbound(site: Site, dialled: str) -> Destination | Refusal:
    """A carrier delivers a call to one of our numbers."""
    did = site.by_number.get(dialled.removeprefix("+"))
    did = did or site.by_number.get(site.numbering.e164(dialled))
    if did is None:
        return UNKNOWN
    legs: list[Leg] = []
    for number in did.to:
        if device := site.devices.get(number):
            legs.append(ToDevice(device))
        elif trunk := trunk_for(site, number):
            legs.append(ToTrunk(trunk, number))
    return ToLegs(tuple(legs), did.profile)


def trunk_for(site: Site, number: str) -> Trunk | None:
    """Return the trunk with the longest prefix of this number."""
    digits = number.removeprefix("+")
    fitting = [
        (len(prefix), trunk)
        for trunk in site.trunks.values()
        for prefix in trunk.numbers
        if digits.startswith(prefix.removeprefix("+"))
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None

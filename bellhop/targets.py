"""Who a page may ring besides devices: multicast groups, and numbers outside.

A member of a zone is spelled in a closed set, matched whole: a number (a device's or a zone's),
`multicast:239.1.2.3:5004` (with the hops that it may go, as in SDP's c= line: `…:5004/4`), or
`tel:+442079460000`.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bellhop.answering import Headers, headers_of
from bellhop.devices import Device
from bellhop.numbering import Numbering
from bellhop.values import number, shown

MULTICAST, OUTSIDE = "multicast:", "tel:"

_GROUP = re.compile(
    r"multicast:(?P<host>[0-9.]{7,15}):(?P<port>[0-9]{4,5})(?:/(?P<hops>[0-9]{1,3}))?", re.ASCII
)
_TEL = re.compile(r"tel:(?P<number>\+?[0-9]{3,20})", re.ASCII)
# Routers' own (RFC 5771 §4): nobody may send audio there.
_LOCAL_CONTROL = ipaddress.ip_network("224.0.0.0/24")


@dataclass(frozen=True, slots=True)
class Multicast:
    """A group that horns listen to: one stream of G.711 for any number of them. number: how the
    site file and reports call it; hops: its time to live.
    """

    number: str
    host: str
    port: int
    hops: int = 1


@dataclass(frozen=True, slots=True)
class Outside:
    """A number that carriers reach. number: how the site file and reports call it; digits: what
    is dialled.
    """

    number: str
    digits: str


Target = Device | Multicast | Outside


def member(value: object) -> str:
    """Read a member of a zone; return it as it is spelled. Raises ValueError."""
    if isinstance(value, str):
        if value.startswith(MULTICAST):
            _multicast(value)
            return value
        if value.startswith(OUTSIDE):
            if not _TEL.fullmatch(value):
                raise ValueError(f'expected a number like "tel:+442079460000", got {shown(value)}')
            return value
        if ":" in value:
            wanted = 'expected a number, "multicast:ADDRESS:PORT" or "tel:NUMBER"'
            raise ValueError(f"{wanted}, got {shown(value)}")
    return number(value)


def target(spelled: str, devices: Mapping[str, Device]) -> Target:
    """Return whom a member is, that is no zone."""
    if spelled.startswith(MULTICAST):
        return _multicast(spelled)
    if spelled.startswith(OUTSIDE):
        return Outside(spelled, spelled.removeprefix(OUTSIDE))
    return devices[spelled]


def dialled(target: Target) -> str:
    """Return what Asterisk dials for a member: nothing in it is a caller's."""
    match target:
        case Multicast():
            # The control address between the slashes stays empty; the options come after it.
            return f"MulticastRTP/basic/{target.host}:{target.port}//c(ulaw)t({target.hops})"
        case Outside():
            return f"PJSIP/{target.digits}@bellhop-member"
        case Device():
            return f"PJSIP/{target.number}@bellhop-member"


def headers(target: Target) -> Headers:
    """Return what makes a member answer by itself."""
    return headers_of(target.dialect) if isinstance(target, Device) else ()


def may_ring(may: Collection[str], target: Target) -> bool:
    """Whether a caller with these rights may ring this member: a call outside costs money."""
    return "carriers" in may or not isinstance(target, Outside)


def each_once(found: Iterable[Target], numbering: Numbering) -> tuple[Target, ...]:
    """Return them without what is another one spelled otherwise: a group twice would be two streams
    that horns mix, of which the one that goes further stays; a number twice would ring twice.
    """
    kept: dict[tuple[str, ...], Target] = {}
    for one in found:
        key = identity(one, numbering)
        before = kept.setdefault(key, one)
        if isinstance(one, Multicast) and isinstance(before, Multicast) and one.hops > before.hops:
            kept[key] = one
    return tuple(kept.values())


def identity(target: Target, numbering: Numbering) -> tuple[str, ...]:
    """Return what is the same of two spellings of one member, and of no other."""
    match target:
        case Multicast():
            return MULTICAST, target.host, str(target.port)
        case Outside():
            return OUTSIDE, numbering.e164(target.digits) or target.digits.removeprefix("+")
        case Device():
            return ("", target.number)


def is_multicast(spelled: str) -> bool:
    """Whether a member is a group, of which nobody can tell who heard it."""
    return spelled.startswith(MULTICAST)


def _multicast(spelled: str) -> Multicast:
    expected = f'expected a group like "multicast:239.1.2.3:5004", got {shown(spelled)}'
    found = _GROUP.fullmatch(spelled)
    if found is None:
        raise ValueError(expected)
    try:
        host = ipaddress.IPv4Address(found["host"])
    except ValueError:
        raise ValueError(expected) from None
    port, hops = int(found["port"]), int(found["hops"] or 1)
    if not host.is_multicast or host in _LOCAL_CONTROL:
        raise ValueError(f"{expected}: {host} is no multicast address for audio (RFC 5771)")
    if port % 2 or not 1024 <= port <= 65_534:
        raise ValueError(f"{expected}: RTP has an even port from 1024 to 65534 (RFC 3550 §11)")
    if not 1 <= hops <= 255:
        raise ValueError(f"{expected}: from 1 to 255 hops")
    return Multicast(spelled, str(host), port, hops)

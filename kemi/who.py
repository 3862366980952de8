"""Who sends this request: by the listener that it came in by, and its source address."""

from enum import Enum

from bellhop import sides
from bellhop.addresses import Address, Listener
from bellhop.callers import Caller, Kind
from bellhop.carriers import Carrier, Trunk
from bellhop.settings import Site
from bellhop.values import NUMBER
from kemi import names, sip
from kemi.sip import Way


class Door(Enum):
    """The kinds of listener."""

    DEVICES = "devices"
    TRUNKS = "trunks"
    INTERNAL = "internal"


class _Doors:
    """The kinds of the sockets of the site that this process routes by, as it has met them."""

    site: Site | None = None
    by_socket: dict[str, Door | None] = {}  # noqa: RUF012 - replaced with the site


def door(site: Site, way: Way) -> Door | None:
    """Return the kind of the socket that a message came in by; None for one of nobody's."""
    if _Doors.site is not site:
        _Doors.site, _Doors.by_socket = site, {}
    try:
        return _Doors.by_socket[way.socket]
    except KeyError:
        found = _Doors.by_socket[way.socket] = _door(site, way.here)
        return found


def _door(site: Site, here: Listener) -> Door | None:
    # WebSocket and TLS come in over TCP; Kamailio names them by their own protocol.
    if here.address == site.edge.internal:
        return Door.INTERNAL
    if here in site.edge.devices:
        return Door.DEVICES
    return Door.TRUNKS if here in site.edge.trunks else None


def peer(site: Site, source: Address) -> Caller | None:
    """Return the trunk or carrier that a source address is of, without its number."""
    match names.caller_at(site, source.host):
        case Trunk(name=name, may=may):
            return Caller(Kind.TRUNK, name, _number(), may)
        case Carrier(name=name):
            return Caller(Kind.CARRIER, name, _number())
        case None:
            return None


def _number() -> str:
    """Who calls behind a trunk: From's user, when it is a number; a PBX may be believed there."""
    user = (sip.text("$fU") or "").removeprefix("+")
    return user if NUMBER.fullmatch(user) else ""


def pbx(site: Site, source: Address) -> Caller | None:
    """Return the pbx, when a request on the internal listener comes from its address; its name is
    that of one of the site's Asterisks.
    """
    side = sides.at(site, source.host)
    return Caller(Kind.PBX, side) if side is not None else None


def is_peer(site: Site, way: Way) -> bool:
    """Whether a message came in at a peer's door from an address of that peer."""
    match door(site, way):
        case Door.TRUNKS:
            return names.caller_at(site, way.source.host) is not None
        case Door.INTERNAL:
            return sides.at(site, way.source.host) is not None
        case Door.DEVICES | None:
            return False

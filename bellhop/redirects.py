"""Following a redirect (a profile's `redirect = "follow"`): whose targets may be called.

A 3xx names places that its sender chose, and calls to them are on our bill; one that is dialled
blindly is toll fraud's door, and lets a stranger aim our INVITEs at any host. So a redirect opens
no way of its own, it chooses among ours:

- its number is routed anew, by the site's own plan, as a call of the same caller: he gets nowhere
  that he could not have dialled himself, and never to a device, a trunk or a zone;
- its host must be a gateway that the plan has for that number, reached by the protocol that it asks
  for, if any; a tel URI names none, so the plan's carriers are tried in their order. Any other host
  is not called, and is not resolved;
- no target twice (RFC 3261 §8.1.3.4), and each is an attempt as any other: it counts, under the
  same budget. What stands behind the redirecting carrier is tried after its targets.
"""

from dataclasses import replace

import msgspec

from bellhop import contacts
from bellhop.addresses import Address, ip, protocol_of
from bellhop.callers import Caller, Kind
from bellhop.calls import Call, Leg
from bellhop.carriers import NO_NUMBERING, Carrier
from bellhop.contacts import Contact, Place
from bellhop.dialling import ToCarriers, destination
from bellhop.gateways import Gateway, default_port
from bellhop.legs import Resolve, legs_of
from bellhop.numbering import Numbering
from bellhop.settings import Site

REFUSED = "redirect-refused"


def caller_of(site: Site, spelled: str) -> Caller | None:
    """Return the caller of a call from its spelling there; None when the site has him no more."""
    kind, _, rest = spelled.partition(":")
    name, _, number = rest.partition(":")
    if device := site.devices.get(spelled):
        return Caller(Kind.DEVICE, spelled, spelled, device.may)
    if kind == Kind.TRUNK.value and (trunk := site.trunks.get(name)):
        return Caller(Kind.TRUNK, name, number, trunk.may)
    return None


def way(site: Site, call: Call, contact: Contact) -> tuple[ToCarriers, Place] | None:
    """Return the plan's way to a target, and the place that it names; None: it is not called.

    A carrier that names the number that it was given means the one that was dialled: it has it in
    its own form (its prefix, its strip).
    """
    where = contacts.place(contact)
    caller = caller_of(site, call.caller)
    if where is None or caller is None:
        return None
    leg = call.leg
    same = not leg.redirected and _digits(where.number) == _digits(leg.user)
    found = destination(site, caller, call.dialled if same else where.number)
    return (found, where) if isinstance(found, ToCarriers) else None


def legs(
    where: ToCarriers, place: Place, resolve: Resolve, numbering: Numbering = NO_NUMBERING
) -> tuple[Leg, ...]:
    """Return the legs of the plan's way that lead to the place: to an address, or to a gateway that
    the site file has by that name.
    """
    host = ip(place.host)
    if place.host and host is None:
        carriers = (_by_name(carrier, place) for carrier in where.carriers)
        where = replace(where, carriers=tuple(c for c in carriers if c.gateways))
    planned, profile = legs_of(where, resolve, numbering)
    address = str(Address(host, place.port or default_port(place.protocol))) if host else ""
    return tuple(
        msgspec.structs.replace(leg, profile=leg.profile or profile)
        for leg in planned
        if leg.address
        and address in {"", leg.address.partition(";")[0]}
        and place.protocol in {"", protocol_of(leg.address)}
    )


def _by_name(carrier: Carrier, place: Place) -> Carrier:
    return replace(carrier, gateways=tuple(g for g in carrier.gateways if _is(g, place)))


def _is(gateway: Gateway, place: Place) -> bool:
    """Whether it is what a place names. Without a port that is one that has none either, or the
    protocol's own.
    """
    ports = {place.port} if place.port else {0, gateway.default_port}
    return gateway.host == place.host and gateway.port in ports


def followed(call: Call, targets: tuple[Leg, ...]) -> Call | None:
    """Return the call with these legs next, those left out that were tried; None when that leaves
    none. A target that was still to come is not tried again in its old place.
    """
    tried = {_target(call.legs[attempt.leg]) for attempt in call.attempts}
    most = max(0, call.attempts_allowed - len(call.attempts))
    new: dict[tuple[str, str], Leg] = {}
    for leg in targets:
        if _target(leg) not in tried:
            new.setdefault(_target(leg), msgspec.structs.replace(leg, redirected=True))
    chosen = tuple(new.values())[:most]
    if not chosen:
        return None
    here = call.current.leg + 1
    rest = tuple(leg for leg in call.legs[here:] if _target(leg) not in map(_target, chosen))
    return msgspec.structs.replace(call, legs=(*call.legs[:here], *chosen, *rest))


def _target(leg: Leg) -> tuple[str, str]:
    return leg.address, leg.user


def _digits(number: str) -> str:
    return number.removeprefix("+")

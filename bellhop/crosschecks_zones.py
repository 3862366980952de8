"""What is wrong between the zones of a site file and its other tables: members and callers that
nobody knows, zones within themselves, keys that lead nowhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bellhop import targets
from bellhop.routes import digits_of, route_for
from bellhop.tables import Mistake, unknown
from bellhop.zones import Zone, cycle


def mistakes(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield what is wrong of the zones. Of the numbers that they share with others, crosschecks."""
    zones = {number: zone for number, zone in parts["zones"].items() if zone}
    known = parts["devices"].keys() | parts["zones"].keys()
    for number, zone in zones.items():
        path = f"zones.{number}.members"
        for member in zone.members:
            if member.startswith(targets.OUTSIDE):
                yield from _outside(path, member, parts)
            elif not targets.is_multicast(member) and member not in known:
                what = f'no device or zone "{member}"{unknown(member, sorted(known))}'
                yield Mistake(path, what)
        if way := cycle(number, zones):
            yield Mistake(path, f"the zone contains itself: {' > '.join(way)}")
        for caller in zone.callers:
            yield from _caller(number, caller, parts)
        yield from _keys(zone, zones)
        if zone.emergency and zone.in_use != "take":
            what = f'an emergency zone takes its members: expected "take", got "{zone.in_use}"'
            yield Mistake(f"zones.{number}.in_use", what)


def _keys(zone: Zone, zones: Mapping[str, Zone]) -> Iterator[Mistake]:
    """Check what a leader's keys do, and a message that repeats."""
    path = f"zones.{zone.number}"
    if 0 < zone.longest < zone.max_length:
        yield Mistake(f"{path}.longest", "expected no less than max_length")
    if zone.repeat_every and not zone.emergency:
        yield Mistake(f"{path}.repeat_every", "expected in an emergency zone only")
    if not zone.emergency_zone:
        return
    path += ".emergency_zone"
    other = zones.get(zone.emergency_zone)
    if other is None or not other.emergency:
        known = sorted(number for number, one in zones.items() if one.emergency)
        what = f'no emergency zone "{zone.emergency_zone}"{unknown(zone.emergency_zone, known)}'
        yield Mistake(path, what)
    elif other.pin_file or other.speech != "live":
        what = f'"{other.number}" asks for a PIN or a recording: a key leads to a live page at once'
        yield Mistake(path, what)
    elif zone.emergency:
        yield Mistake(path, "an emergency zone becomes no other")


def _outside(path: str, member: str, parts: Mapping[str, Any]) -> Iterator[Mistake]:
    number = member.removeprefix(targets.OUTSIDE)
    for kind in ("devices", "zones"):
        if number in parts[kind]:  # a device that has another spelling would be rung twice
            yield Mistake(path, f'"{member}" is {kind}.{number}: expected "{number}"')
            return
    prefixes = {digits_of(route.prefix): route for route in parts["routes"] if route}
    numbering = parts["numbering"]
    written = {number, numbering.e164(number)} if numbering else {number}
    if all(route_for(one, prefixes) is None for one in written if one):
        yield Mistake(path, f'no route leads to "{member}"')


def _caller(zone: str, caller: str, parts: Mapping[str, Any]) -> Iterator[Mistake]:
    path = f"zones.{zone}.callers"
    if caller.startswith("trunk:"):
        name = caller.split(":")[1]
        trunk = parts["trunks"].get(name)
        if name not in parts["trunks"]:
            yield Mistake(path, f'no trunk "{name}"{unknown(name, list(parts["trunks"]))}')
        elif trunk and "zones" not in trunk.may:
            yield Mistake(path, f'trunks.{name}.may does not have "zones"')
    else:
        device = parts["devices"].get(caller)
        if caller not in parts["devices"]:
            yield Mistake(path, f'no device "{caller}"{unknown(caller, list(parts["devices"]))}')
        elif device and "zones" not in device.may:
            yield Mistake(path, f'devices.{caller}.may does not have "zones"')

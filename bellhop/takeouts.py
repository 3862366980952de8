"""Which devices are taken out of which zones, by whom and since when. Pure: changes return anew.

A device that is out of a zone is not paged through it: not by a page of that zone, and not by that
of a zone that has it only by way of that one. An emergency is for everybody, unless the site says
otherwise (`taken_out` of a zone).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from bellhop.zones import Zone, flattened


class TakeOut(msgspec.Struct, frozen=True, kw_only=True):
    """One device out of one zone, or out of all: then `zone` is "". since: Unix time."""

    device: str
    zone: str = ""
    by: str
    since: float

    def __str__(self) -> str:
        """Say it."""
        since = datetime.fromtimestamp(self.since, UTC)
        return f"taken out by {self.by} since {since:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class TakeOuts:
    """All of a site's."""

    all: tuple[TakeOut, ...] = ()

    def with_out(self, one: TakeOut) -> "TakeOuts":
        """Return them with one more; who is out already is out since then, by the first to say so.
        Out of all zones says more than out of one of them.
        """
        mine = [old for old in self.all if old.device == one.device]
        if any(old.zone in {"", one.zone} for old in mine):
            return self
        others = [old for old in self.all if old.device != one.device]
        return TakeOuts((*others, *(mine if one.zone else ()), one))

    def without(self, device: str, zone: str = "") -> "TakeOuts":
        """Return them once a device is back in a zone, or in all. Raises ValueError when it is to
        be back in one zone, and is out of all.
        """
        mine = [one for one in self.all if one.device == device]
        if zone and any(not one.zone for one in mine):
            raise ValueError(f"{device} is out of all zones: it is put back into all")
        left = [one for one in self.all if one.device != device or (zone and one.zone != zone)]
        return TakeOuts(tuple(left))

    def of(self, zone: Zone, zones: Mapping[str, Zone]) -> dict[str, TakeOut]:
        """Return whom a page of this zone leaves out, by device, each with its first take-out."""
        if not zone.leaves_out:
            return {}
        found: dict[str, TakeOut] = {}
        for device, mine in self._by_device().items():
            if device not in flattened(zone.number, zones):
                continue
            # The same zones without a way through those that it is out of.
            closed = {one.zone for one in mine}
            ways = {n: Zone(number=n, name="", members=()) if n in closed else z
                    for n, z in zones.items()}  # fmt: skip
            if "" in closed or device not in flattened(zone.number, ways):
                found[device] = mine[0]
        return found

    def _by_device(self) -> dict[str, list[TakeOut]]:
        found: dict[str, list[TakeOut]] = {}
        for one in self.all:
            found.setdefault(one.device, []).append(one)
        return found


_Stored = tuple[TakeOut, ...]


def encoded(those: TakeOuts) -> bytes:
    """Return them as the file that keeps them."""
    return msgspec.json.format(msgspec.json.encode(those.all)) + b"\n"


def decoded(data: bytes) -> TakeOuts:
    """Return what a file keeps. Raises ValueError."""
    return TakeOuts(msgspec.json.decode(data, type=_Stored))


def known(those: TakeOuts, devices: Iterable[str], zones: Iterable[str]) -> TakeOuts:
    """Return those of devices and zones that the site still has."""
    there, places = set(devices), {"", *zones}
    return TakeOuts(tuple(o for o in those.all if o.device in there and o.zone in places))

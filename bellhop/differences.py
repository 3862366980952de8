"""What differs between two site files, for who has just had one taken: which prefixes, devices and
zones came, went or changed, and by which keys. Of ten thousand the first are named, and the rest
are counted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import islice
from typing import Any

from bellhop.settings import Site

_NAMED = 8  # of each kind, by its name
# Tables in which the file names things; the others are one thing each.
_MANY = ("profiles", "carriers", "routes", "trunks", "dids", "devices", "zones", "schedules")


def differences(old: Site, new: Site, parts: Iterable[str]) -> tuple[str, ...]:
    """Return a line for each of these tables, all of which differ."""
    return tuple(f"{part}: {'; '.join(_told(old, new, part))}" for part in parts)


def _told(old: Site, new: Site, part: str) -> Iterator[str]:
    if part not in _MANY:
        yield ", ".join(_keys(getattr(old, part), getattr(new, part)))
        return
    before, after = _things(old, part), _things(new, part)
    came = [name for name in after if name not in before]
    went = [name for name in before if name not in after]
    others = [name for name in after if name in before and before[name] != after[name]]
    if came:
        yield f"{len(came)} new: {_listed(came, len(came))}"
    if went:
        yield f"{len(went)} gone: {_listed(went, len(went))}"
    if others:
        changed = (_changed(name, before[name], after[name]) for name in others)
        yield f"{len(others)} changed: {_listed(changed, len(others))}"
    if not came and not went and not others:
        yield "in another order"


def _things(site: Site, part: str) -> Mapping[str, Any]:
    match part:
        case "routes":
            return {f'"{digits}"': route for digits, route in site.by_prefix.items()}
        case "dids":
            return site.by_number
        case _:
            things: Mapping[str, Any] = getattr(site, part)
            return things


def _changed(name: str, old: Any, new: Any) -> str:
    keys = _keys(old, new)
    return f"{name} ({', '.join(keys)})" if keys else name


def _keys(old: Any, new: Any) -> list[str]:
    """Return the keys that differ, as the file spells them; none of a profile, which has the sum of
    what it extends.
    """
    if old is None or new is None:
        return ["the table"]
    return [
        one.metadata["name"] or one.name
        for one in fields(new)
        if one.metadata and getattr(old, one.name) != getattr(new, one.name)
    ]


def _listed(names: Iterable[str], count: int) -> str:
    """Return the first of so many, and how many more there are."""
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    return ", ".join(islice(names, _NAMED)) + more

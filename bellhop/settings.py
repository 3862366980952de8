"""site.toml to frozen models: the one source of truth, all of it valid or none of it used.

`load` raises `SiteError` with every mistake of the file, each with file, line and key:
`site.toml:41: carriers.north.ring_timeout: expected a duration like "20s", got "20"`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bellhop import crosschecks, syntax, values
from bellhop.carriers import Carrier, Did, Trunk
from bellhop.csvs import read_devices
from bellhop.devices import Device
from bellhop.edges import Edge
from bellhop.features import Features
from bellhop.lines import line_of, locate
from bellhop.numbering import Numbering
from bellhop.pagers import Pager, Pbx, Standby
from bellhop.peers import Peers, peers
from bellhop.profiles import BUILT_IN, Profile, Table, resolve
from bellhop.routes import Route, digits_of
from bellhop.schedules import Schedule
from bellhop.tables import Mistake, SiteError, key, read_table, strange
from bellhop.targets import OUTSIDE
from bellhop.values import shown
from bellhop.zones import Zone

SCHEMA = 1
__all__ = ["General", "Site", "SiteError", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """`[site]`: what belongs to no part alone. The files are relative to the site file; `state` is
    a folder from the root on, because Kamailio's own configuration names it too.
    """

    name: str = key(values.name)
    realm: str = key(values.realm)
    secret_file: str = key(values.text)
    state: str = key(values.folder, "/var/lib/bellhop")
    devices_file: str = key(values.text, "")


@dataclass(frozen=True, kw_only=True)  # no slots: what is looked up for each call is indexed once
class Site:
    """A whole site file; `path` is where it stood. `profiles` has those that are built in too."""

    path: Path
    site: General
    edge: Edge
    pbx: Pbx
    pager: Pager
    standby: Standby | None
    numbering: Numbering
    features: Features
    profiles: Mapping[str, Profile]
    carriers: Mapping[str, Carrier]
    routes: tuple[Route, ...]
    trunks: Mapping[str, Trunk]
    dids: tuple[Did, ...]
    devices: Mapping[str, Device]
    zones: Mapping[str, Zone]
    schedules: Mapping[str, Schedule]

    @cached_property
    def by_prefix(self) -> Mapping[str, Route]:
        """The routes by the digits of their prefixes."""
        return {digits_of(route.prefix): route for route in self.routes}

    @cached_property
    def by_number(self) -> Mapping[str, Did]:
        """The DIDs by their numbers."""
        return {did.number: did for did in self.dids}

    @cached_property
    def outside_members(self) -> frozenset[str]:
        """The numbers outside that zones have as members, as they are dialled."""
        return frozenset(
            member.removeprefix(OUTSIDE)
            for zone in self.zones.values()
            for member in zone.members
            if member.startswith(OUTSIDE)
        )

    @cached_property
    def peers(self) -> Peers:
        """The trunks and carriers by their addresses."""
        return peers(self.trunks.values(), self.carriers.values())

    @cached_property
    def proves_itself(self) -> bool:
        """Whether any carrier gets credentials from us."""
        return any(carrier.auth_user for carrier in self.carriers.values())

    @cached_property
    def by_target(self) -> Mapping[str, str]:
        """The DID that rings a number before all others: the first, where there are several."""
        return {did.to[0]: did.number for did in reversed(self.dids)}

    def file(self, relative: str) -> Path:
        """Return a path that the site file names, relative to the site file."""
        return self.path.parent / relative


def load(path: str | Path) -> Site:
    """Read and check a site file. Raises SiteError with all that is wrong with it."""
    path = Path(path)
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError((syntax.mistake(path.name, text, error),)) from None
    except ValueError as error:  # a number of more digits than Python reads
        raise SiteError((f"{path.name}: not TOML: {error}",)) from None
    except RecursionError:
        raise SiteError(
            (f"{path.name}: lists or tables in one another, too deep to read",)
        ) from None
    mistakes: list[Mistake] = []
    site = _site(path, raw, mistakes)
    if site is not None:
        return site
    places = locate(text)
    here = sorted(
        ((line_of(places, m.path), m) for m in mistakes if not m.place), key=lambda pair: pair[0]
    )
    said = [f"{path.name}:{line}: {m.path}: {m.what}" for line, m in here]
    rows = sorted((m for m in mistakes if m.place), key=lambda m: int(m.place.rpartition(":")[2]))
    said += [f"{m.place}: {m.path}: {m.what}" for m in rows]
    raise SiteError(tuple(map(values.printable, said)))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
    try:
        return data.decode("utf-8-sig")  # Windows editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"not UTF-8: byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise SiteError((f"{path.name}:{line}: {what}",)) from None


_TABLES = {
    "site": General,
    "edge": Edge,
    "pbx": Pbx,
    "pager": Pager,
    "standby": Standby,
    "numbering": Numbering,
    "features": Features,
    "profiles": Table,
    "carriers": Carrier,
    "routes": Route,
    "trunks": Trunk,
    "dids": Did,
    "devices": Device,
    "zones": Zone,
    "schedules": Schedule,
}


def _site(path: Path, raw: Mapping[str, Any], mistakes: list[Mistake]) -> Site | None:
    if raw.get("schema") != SCHEMA or type(raw["schema"]) is not int:
        got = shown(raw["schema"]) if "schema" in raw else "nothing"
        mistakes.append(Mistake("schema", f"expected {SCHEMA}, got {got}"))
    known = ["schema", *_TABLES]
    mistakes += [Mistake(n, strange(n, raw[n], known[1:])) for n in raw if n not in known]
    one = {n: _one(n, raw, mistakes) for n in ("site", "edge", "pbx", "pager")}
    one["standby"] = _one("standby", raw, mistakes) if "standby" in raw else None
    for optional in ("numbering", "features"):
        one[optional] = _one(optional, {optional: {}, **raw}, mistakes)
    named = {n: _named(n, raw, mistakes) for n in ("carriers", "trunks", "profiles", "schedules")}
    numbered = {n: _numbered(n, raw, mistakes) for n in ("devices", "zones")}
    listed = {n: _listed(n, raw, mistakes) for n in ("routes", "dids")}
    general = one["site"]
    places: dict[str, str] = {}
    if general is not None and general.devices_file:
        file = path.parent / general.devices_file
        for number, (place, device) in read_devices(file, numbered["devices"], mistakes).items():
            numbered["devices"][number] = device
            places[f"devices.{number}"] = place
    profiles, wrong = resolve(named["profiles"], BUILT_IN)
    mistakes += wrong
    parts = {**one, "site": general, **named, **numbered, **listed}
    mistakes += [
        replace(m, place=places.get(m.path.rpartition(".")[0], ""))
        for m in crosschecks.mistakes(parts)
    ]
    return None if mistakes else Site(path=path, **parts | {"profiles": profiles})


def _one(table: str, raw: Mapping[str, Any], mistakes: list[Mistake]) -> Any:
    if table not in raw:
        mistakes.append(Mistake(table, "the table is missing"))
        return None
    return read_table(_TABLES[table], raw[table], table, mistakes)


def _tables(
    table: str, raw: Mapping[str, Any], mistakes: list[Mistake], by: str
) -> Mapping[str, Any]:
    given = raw.get(table, {})
    if isinstance(given, Mapping):
        return given
    mistakes.append(Mistake(table, f"expected tables [{table}.{by.upper()}], got {shown(given)}"))
    return {}


def _named(table: str, raw: Mapping[str, Any], mistakes: list[Mistake]) -> dict[str, Any]:
    return _keyed(table, raw, mistakes, "name", values.name)


def _numbered(table: str, raw: Mapping[str, Any], mistakes: list[Mistake]) -> dict[str, Any]:
    return _keyed(table, raw, mistakes, "number", values.number)


def _keyed(
    table: str, raw: Mapping[str, Any], mistakes: list[Mistake], by: str, read: values.Reader[str]
) -> dict[str, Any]:
    """Read `[table.KEY]` tables. A broken one stays as None: others may name it."""
    found: dict[str, Any] = {}
    for given, content in _tables(table, raw, mistakes, by).items():
        try:
            read(given)
        except ValueError as error:
            mistakes.append(Mistake(f"{table}.{given}", str(error)))
        found[given] = read_table(
            _TABLES[table], content, f"{table}.{given}", mistakes, **{by: given}
        )
    return found


def _listed(table: str, raw: Mapping[str, Any], mistakes: list[Mistake]) -> tuple[Any, ...]:
    given = raw.get(table, [])
    if not isinstance(given, list):
        mistakes.append(Mistake(table, f"expected tables [[{table}]], got {shown(given)}"))
        return ()
    return tuple(
        read_table(_TABLES[table], content, f"{table}[{place}]", mistakes)
        for place, content in enumerate(given, 1)
    )

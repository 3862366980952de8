"""Profiles: what one kind of peer may change about the decision, as data.

`[profiles.NAME]` of a site file, and `data/profiles.toml` for those that are built in, say only
what they change; the rest comes from the profile that they extend. `carrier` is the policy itself.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from bellhop import listed, values
from bellhop.tables import Mistake, key, read_table, unknown

Verdict = Literal["stop", "advance"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a profile's list says of one code or cause, and on whose word."""

    verdict: Verdict
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile with all that it extends. The defaults are those of the profile `carrier`.

    codes: by `403` or `4xx`; a code's own entry beats its class's. What is here is decided by the
        code alone. By `486/34` a code beside a cause, before all others.
    causes: by `21` or `21@U`; an entry with the location beats one without. They are asked where a
        cause is: of a 4xx that no code decides, of a 5xx with refine_5xx, a 6xx without trust_6xx;
        with causes_first of any of them, before all codes.
    on_480: a 480 whose cause says nothing: `by-ringing` (an 18x came: stop), `advance` or `stop`.
    redirect: a 3xx is passed back to the caller, followed, or taken for a failure of this peer.
    refine_5xx: a cause that is definitely the user's (17, 19, 22, 28, 21 at the user) ends the
        search after a 5xx too.
    trust_6xx: a 6xx ends the search whatever the cause. Without it the cause decides first, for a
        peer whose gateway answers 603 to whatever it cannot translate.
    trust_reason: causes count. A carrier whose own trust_reason is false is never believed.
    advance_after_18x: without it a failure after an 18x ends the search, so no phone rings twice.
    origins: by the name of a setting, on whose word it stands; those of the defaults are left out.
    """

    name: str
    extends: str = ""
    source: str = ""
    codes: Mapping[str, Entry] = field(default_factory=dict)
    causes: Mapping[str, Entry] = field(default_factory=dict)
    causes_first: bool = False
    on_480: Literal["by-ringing", "advance", "stop"] = "by-ringing"
    redirect: Literal["relay", "follow", "fail"] = "relay"
    refine_5xx: bool = False
    trust_6xx: bool = True
    trust_reason: bool = True
    advance_after_18x: bool = True
    origins: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """By its name: what was decided under a profile is remembered (kemi/failure.py)."""
        return hash(self.name)

    def of_code(self, code: int) -> Entry | None:
        """Return what the lists say of a code, whatever the cause."""
        if code // 100 not in listed.CLASSES:
            return None
        return self.codes.get(str(code)) or self.codes.get(listed.CLASSES[code // 100])

    def of_both(self, code: int, cause: int, location: str | None) -> Entry | None:
        """Return what the lists of codes say of a code beside a cause."""
        keys = listed.both(code, cause, location)
        return next((self.codes[one] for one in keys if one in self.codes), None)

    def of_cause(self, cause: int, location: str | None) -> Entry | None:
        """Return what the lists say of a cause."""
        if not self.causes:
            return None
        return self.causes.get(f"{cause}@{location}") or self.causes.get(str(cause))

    def origin(self, setting: str) -> str:
        """Return on whose word a setting stands."""
        return self.origins.get(setting, f"profile {self.name}: {setting}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`[profiles.NAME]`: what one profile says itself. None: nothing, so its parent's counts."""

    name: str
    extends: str = key(values.name, "carrier")
    source: str = key(values.text, "")
    stop: tuple[str, ...] = key(values.list_of(listed.code), ())
    advance: tuple[str, ...] = key(values.list_of(listed.code), ())
    stop_causes: tuple[str, ...] = key(values.list_of(listed.cause), ())
    advance_causes: tuple[str, ...] = key(values.list_of(listed.cause), ())
    on_480: str | None = key(values.one_of("by-ringing", "advance", "stop"), None)
    redirect: str | None = key(values.one_of("relay", "follow", "fail"), None)
    causes_first: bool | None = key(values.flag, None)
    refine_5xx: bool | None = key(values.flag, None)
    trust_6xx: bool | None = key(values.flag, None)
    trust_reason: bool | None = key(values.flag, None)
    advance_after_18x: bool | None = key(values.flag, None)

    def extended(self, parent: Profile) -> Profile:
        """Return the whole profile: of the same code or cause, its own entry wins."""
        settings = {s: getattr(self, s) for s in SETTINGS if getattr(self, s) is not None}
        inherited = {setting: getattr(parent, setting) for setting in SETTINGS}
        return Profile(
            name=self.name,
            extends=parent.name,
            source=self.source,
            codes={**parent.codes, **self._entries("stop"), **self._entries("advance")},
            causes={
                **parent.causes,
                **self._entries("stop", "_causes"),
                **self._entries("advance", "_causes"),
            },
            origins={**parent.origins, **{setting: self._said(setting) for setting in settings}},
            **{**inherited, **settings},
        )

    def _entries(self, verdict: Verdict, kind: str = "") -> dict[str, Entry]:
        name = verdict + kind
        return {k: Entry(verdict, self._said(name)) for k in listed.spread(getattr(self, name))}

    def _said(self, what: str) -> str:
        return f"profile {self.name}: {what}" + (f" ({self.source})" if self.source else "")

    def contradictions(self) -> Iterator[Mistake]:
        """Yield the codes and causes that this profile says both of."""
        for stop, advance in (("stop", "advance"), ("stop_causes", "advance_causes")):
            stops = set(listed.spread(getattr(self, stop)))
            for both in dict.fromkeys(
                k for k in listed.spread(getattr(self, advance)) if k in stops
            ):
                yield Mistake(f"profiles.{self.name}.{advance}", f"{both} stands in `{stop}` too")


# What a profile says besides its lists: each a field of Profile by the same name.
SETTINGS = tuple(one.name for one in fields(Table) if one.default is None)


def spelled(value: object) -> str:
    """Return a setting's value as a site file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def settings(profile: Profile) -> set[str]:
    """Return a profile's settings as words of the policy (bellhop/policy.py): `on_480=stop`."""
    return {f"{name}={spelled(getattr(profile, name))}" for name in SETTINGS}


def _words() -> frozenset[str]:
    kinds = get_type_hints(Profile)
    choices = {name: get_args(kinds[name]) or (True, False) for name in SETTINGS}
    return frozenset(f"{name}={spelled(one)}" for name in SETTINGS for one in choices[name])


WORDS = _words()  # of all profiles that there may be


def resolve(
    tables: Mapping[str, Table | None], known: Mapping[str, Profile]
) -> tuple[Mapping[str, Profile], list[Mistake]]:
    """Return `known` and what the tables add to them, and all that is wrong between the tables.

    A table that could not be read stands as None; whoever extends it is left out without blame.
    """
    mistakes: list[Mistake] = []
    found = dict(known)
    for name, table in tables.items():
        if table is not None:
            mistakes += table.contradictions()
        if name in known:
            mistakes.append(Mistake(f"profiles.{name}", "a built-in profile has this name"))
            continue
        way: dict[str, Table] = {}
        at = name
        while at not in found and at not in way and (here := tables.get(at)) is not None:
            way[at] = here
            at = here.extends
        if at in found:
            for one, its in reversed(way.items()):
                found[one] = its.extended(found[its.extends])
        elif at == name and way:
            cycle = f"the profile extends itself: {' > '.join([*way, at])}"
            mistakes.append(Mistake(f"profiles.{name}.extends", cycle))
        elif at not in tables and len(way) == 1:
            what = f'no profile "{at}"{unknown(at, [*known, *tables])}'
            mistakes.append(Mistake(f"profiles.{name}.extends", what))
    return found, mistakes


def find(name: str, profiles: Mapping[str, Profile]) -> Profile:
    """Return the profile with this name; ValueError, which says which there are, if none has it."""
    if name in profiles:
        return profiles[name]
    raise ValueError(f"expected one of {', '.join(sorted(profiles))}, got {name!r}")


CARRIER = Profile(name="carrier", source='"What\'s your problem?" (2012)')


def _built_in() -> Mapping[str, Profile]:
    path = Path(__file__).with_name("data") / "profiles.toml"
    mistakes: list[Mistake] = []
    raw: Mapping[str, Any] = tomllib.loads(path.read_text("utf-8"))
    tables = {n: read_table(Table, t, n, mistakes, name=n) for n, t in raw.items()}
    found, wrong = resolve(tables, {CARRIER.name: CARRIER})
    if mistakes or wrong:
        raise ValueError(f"{path.name}: {[*mistakes, *wrong]}")
    return MappingProxyType(dict(found))


BUILT_IN = _built_in()
BROADWORKS_INBOUND = BUILT_IN["broadworks-inbound"]

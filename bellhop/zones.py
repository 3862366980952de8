"""Paging zones: who may page one, and whom it rings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bellhop import meant, targets, values
from bellhop.callers import Caller
from bellhop.devices import Device
from bellhop.numbering import Numbering
from bellhop.tables import key
from bellhop.targets import Target

_CALLER = re.compile(r"[0-9]{1,20}|trunk:[a-z][a-z0-9-]{0,30}(:[0-9]{1,20})?", re.ASCII)

_DISPLAY = re.compile(r"[A-Za-z0-9 ._-]{1,40}", re.ASCII)
_WAV = re.compile(
    r"(?:[A-Za-z0-9._-]{1,64}/){0,8}[A-Za-z0-9_-][A-Za-z0-9._-]{0,58}[.]wav", re.ASCII
)

EMERGENCY = 10  # above any priority
LATE = 5_000  # ms: a bell that comes later is not played


def _caller(value: object) -> str:
    if isinstance(value, str) and _CALLER.fullmatch(value):
        return value
    raise ValueError(
        'expected a device number, "trunk:NAME" or "trunk:NAME:NUMBER", got '
        + values.shown(value)
        + meant.quotes(value)
    )


def _chime(value: object) -> str:
    if isinstance(value, str) and (value in {"none", "beep"} or _WAV.fullmatch(value)):
        return value
    raise ValueError(
        'expected "none", "beep" or a file like "sounds/gong.wav", got ' + values.shown(value)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A number that pages a set of devices.

    members: devices and other zones, by number; multicast groups and outside numbers (targets.py).
        Who is named twice, here or by way of zones, is rung once.
    callers: who may page it: "1020", "trunk:reception" or "trunk:reception:2001". When none is
        named, every device and trunk that may call zones.
    quorum: per cent of the reachable members that must have joined before the leader's microphone
        opens; head_start: ms after which it opens anyway.
    mode: "one-way": members hear, and are not heard; "two-way": they are, when the caller has the
        right to a two-way page.
    speech: "live", or "recorded": the caller speaks first, and is played when he has hung up or
        pressed #, for one who stands beside a horn.
    ring_timeout: ms until a member must have answered; outside_timeout: an outside number.
    max_length: ms until the page ends itself; longest: how long its leader may make it by a key, 0
        when he may not. emergency_zone: the one that another key makes of it.
    repeat_every: ms between a message's end and its beginning anew, 0 when it is played once.
    pin_file: hashes of the PINs that page it (pins.py), a path relative to the site file; a caller
        who has said pin_tries wrong ones is refused for pin_lockout ms.
    chime: "none", "beep", or a WAV file of at most 2.5 s, relative to the site file; a page by
        Asterisk alone has none.
    volume: the gain in dB that members get for the page, those whose vapix is known.
    fallback: whether Asterisk pages the zone by itself while the pager cannot be asked.
    priority: a page of a higher one goes before; an emergency zone's before all (claims.py).
    in_use: what is done with members in a page of a lower priority, or in a call that this page
        goes before: "skip" them, "wait" for them `in_use_wait` ms, "take" them.
    taken_out: what is done with members that are taken out (takeouts.py): "skip" them, or "ring"
        them all the same, as an emergency zone does that says nothing.
    when_busy: what is done when members are in a page of the same or a higher priority: "busy",
        they are left out; "queue", the page waits for its turn, `queue_wait` ms.
    """

    number: str
    name: str = key(values.text)
    members: tuple[str, ...] = key(values.list_of(targets.member, least=1, repeats=True))
    callers: tuple[str, ...] = key(values.list_of(_caller), ())
    mode: str = key(values.one_of("one-way", "two-way"), "one-way")
    speech: str = key(values.one_of("live", "recorded"), "live")
    quorum: int = key(values.integer(1, 100), 100)
    head_start: int = key(values.duration(0, 60_000), 3_000)
    ring_timeout: int = key(values.duration(1_000, 60_000), 6_000)
    outside_timeout: int = key(values.duration(1_000, 120_000), 30_000)
    max_length: int = key(values.duration(1_000, 3_600_000), 300_000)
    longest: int = key(values.duration(1_000, 14_400_000), 0)
    emergency_zone: str = key(values.number, "")
    repeat_every: int = key(values.or_off(values.duration(1_000, 600_000)), 0)
    chime: str = key(_chime, "beep")
    volume: int | None = key(values.integer(-100, 30), None)
    pin_file: str = key(values.text, "")
    pin_tries: int = key(values.integer(1, 10), 3)
    pin_lockout: int = key(values.duration(10_000, 86_400_000), 300_000)
    fallback: bool = key(values.flag, True)
    priority: int = key(values.integer(1, 9), 5)
    emergency: bool = key(values.flag, False)
    in_use: str = key(values.one_of("skip", "wait", "take"), "take")
    in_use_wait: int = key(values.duration(500, 60_000), 3_000)
    taken_out: str = key(values.one_of("skip", "ring"), "")
    when_busy: str = key(values.one_of("busy", "queue"), "busy")
    queue_wait: int = key(values.duration(1_000, 600_000), 60_000)

    @property
    def display(self) -> str:
        """Return who calls its members, for their display: its name, where any device reads it."""
        return self.name if _DISPLAY.fullmatch(self.name) else "Page"

    @property
    def rank(self) -> int:
        """Return what decides between two pages: the higher goes before."""
        return EMERGENCY if self.emergency else self.priority

    @property
    def limit(self) -> int:
        """Return how long a page may last at most, by whatever key (ms)."""
        return max(self.max_length, self.longest)

    @property
    def leaves_out(self) -> bool:
        """Return whether its pages leave out who is taken out."""
        return self.taken_out == "skip" or not (self.taken_out or self.emergency)


def flattened(number: str, zones: Mapping[str, Zone]) -> Iterator[str]:
    """Members of the zone and the zones in it that are no zones, each once, in the order they are
    named.

    A zone that is met again on the way is not entered twice, so a cycle ends here too; the site
    file's check has refused it before.
    """
    seen: set[str] = set()
    waiting = [number]
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if one in zones:
            waiting[:0] = zones[one].members
        else:
            yield one


def members(
    zone: Zone,
    zones: Mapping[str, Zone],
    devices: Mapping[str, Device],
    caller: str | None,
    numbering: Numbering,
) -> tuple[Target, ...]:
    """Return whom a page of the zone rings: each once, the caller's own device left out."""
    numbers = (n for n in flattened(zone.number, zones) if n != caller)
    return targets.each_once((targets.target(n, devices) for n in numbers), numbering)


def cycle(number: str, zones: Mapping[str, Zone]) -> tuple[str, ...] | None:
    """Return the shortest way from the zone back to itself, or None. Each zone is entered once:
    zones that share zones have more ways through them than anybody can wait for.
    """
    came_from: dict[str, str] = {}
    waiting = [number]
    for one in waiting:
        for member in zones[one].members:
            if member == number:
                way = [one]
                while way[-1] != number:
                    way.append(came_from[way[-1]])
                return (*reversed(way), number)
            if member in zones and member not in came_from:
                came_from[member] = one
                waiting.append(member)
    return None


def hint(number: str) -> str:
    """Return the device of Asterisk's whose state says whether a zone is paged."""
    return f"Custom:bellhop-{number}"


def may_page(zone: Zone, caller: Caller) -> bool:
    """Whether this caller may page this zone."""
    if not zone.callers:
        return "zones" in caller.may
    return not caller.names.isdisjoint(zone.callers)


def promptly(zone: Zone) -> Zone:
    """Return the zone as a bell pages it: it waits for no turn, and for nobody in use for longer
    than a bell may come late.
    """
    return replace(zone, when_busy="busy", in_use_wait=min(zone.in_use_wait, LATE))


def for_caller(zone: Zone, caller: Caller) -> Zone:
    """Return the zone as this caller may page it: a microphone in it is opened for nobody who has
    no right to that.
    """
    if zone.mode == "two-way" and "two-way" not in caller.may:
        return replace(zone, mode="one-way")
    return zone

"""Bells: pages by the clock. Pure: which are due between two moments is asked, and told."""

import re
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from bellhop import meant, values
from bellhop.tables import key

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"(?P<h>[01][0-9]|2[0-3]):(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)
_LONGEST_TEXT = 500
_LONGEST_GAP = 10_800  # seconds by which clocks are set forward, and more
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _time(value: object) -> int:
    """Read a time of the day; return it in seconds."""
    if isinstance(value, str) and (found := _TIME.fullmatch(value)):
        return int(found["h"]) * 3600 + int(found["m"]) * 60 + int(found["s"] or 0)
    wanted = 'expected a time like "08:00" or "08:00:30"'
    raise ValueError(f"{wanted}, got {values.shown(value)}{meant.quotes(value)}")


def _timezone(value: object) -> str:
    # Whether there is one of that name, the pager's machine knows; the edge's need not.
    if isinstance(value, str) and _ZONE.fullmatch(value):
        return value
    raise ValueError(f'expected a time zone like "Europe/Berlin", got {values.shown(value)}')


def sayable(value: object) -> str:
    """Read a text to say: one line, printable, and no option of a program's. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got {values.shown(value)}")
    if not 1 <= len(value) <= _LONGEST_TEXT:
        raise ValueError(f"expected a text of 1 to {_LONGEST_TEXT} characters, got {len(value)}")
    if not value.isprintable():
        raise ValueError("expected a text without control characters")
    if not value.strip():
        raise ValueError("expected a text with something to say, got spaces alone")
    if value.lstrip().startswith("-"):
        raise ValueError(
            'expected a text that does not begin with "-": a program takes it otherwise'
        )
    return value


def _date(value: object) -> str:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    wanted = 'expected a date like "2026-12-24"'
    raise ValueError(f"{wanted}, got {values.shown(value)}{meant.quotes(value)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Times at which a zone is paged.

    file: a WAV file, relative to the site file; say: a text, instead. days: of the week; times: of
    the day, in timezone; not_on: dates on which it is silent.
    """

    name: str
    zone: str = key(values.number)
    file: str = key(values.text, "")
    say: str = key(sayable, "")
    days: tuple[str, ...] = key(values.list_of(values.one_of(*DAYS), least=1), DAYS)
    times: tuple[int, ...] = key(values.list_of(_time, least=1))
    timezone: str = key(_timezone, "UTC")
    not_on: tuple[str, ...] = key(values.list_of(_date), ())


@dataclass(frozen=True, slots=True, order=True)
class Bell:
    """One ring: when (Unix time), and whose."""

    at: float
    schedule: str


def time_zone(name: str) -> tzinfo | None:
    """Return a time zone by its name; None where this machine knows none of it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def due(schedule: Schedule, zone: tzinfo, after: float, until: float) -> Iterator[Bell]:
    """Yield the bells of a schedule later than `after` and not later than `until`, in order.

    A time that a day has twice (the clock is set back) rings the first time; one that a day has not
    (it is set forward) rings as long after midnight as it says, an hour later on the clock.
    """
    # One of yesterday's that yesterday did not have rings after midnight (Nuuk: 23:00 is 00:00).
    day = datetime.fromtimestamp(after - _LONGEST_GAP, zone).date()
    last = datetime.fromtimestamp(until, zone).date()
    while day <= last:
        if DAYS[day.weekday()] in schedule.days and day.isoformat() not in schedule.not_on:
            for seconds in sorted(schedule.times):
                local = datetime(day.year, day.month, day.day, tzinfo=zone)
                local = local.replace(
                    hour=seconds // 3600, minute=seconds // 60 % 60, second=seconds % 60
                )
                at = local.astimezone(UTC).timestamp()
                if after < at <= until:
                    yield Bell(at, schedule.name)
        day += timedelta(days=1)


def all_due(
    schedules: Iterable[tuple[Schedule, tzinfo]], after: float, until: float, most: int
) -> list[Bell]:
    """Return the bells of all schedules, in order: the last `most`, where there are more."""
    found = [bell for one, zone in schedules for bell in due(one, zone, after, until)]
    return sorted(found)[-most:]

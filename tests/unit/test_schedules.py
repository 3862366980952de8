"""Bells: at their time or not at all, once, and none forgotten."""

import itertools
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.schedules import DAYS, Schedule, due, time_zone
from bellhop.settings import SiteError, load

GOOD = (
    (Path(__file__).parent / "sites" / "good.toml")
    .read_text("utf-8")
    .replace("[pager]\n", '[pager]\nsay_command = ["/bin/says", "{file}", "{text}"]\n')
)


BERLIN = ZoneInfo("Europe/Berlin")


def at(text):
    return datetime.fromisoformat(text).timestamp()


def bell(*times, days=DAYS, not_on=()):
    return Schedule(name="b", zone="8000", say="x", times=times, days=days, not_on=not_on)


def rings(schedule, after, until, zone=BERLIN):
    return [
        datetime.fromtimestamp(b.at, UTC).isoformat()[:16]
        for b in due(schedule, zone, at(after), at(until))
    ]


def test_a_bell_rings_by_the_clock_on_the_wall():
    school = bell(8 * 3600, 13 * 3600 + 1800, days=DAYS[:5], not_on=("2026-07-02",))
    assert rings(school, "2026-07-01T00:00+02:00", "2026-07-06T23:00+02:00") == [
        "2026-07-01T06:00", "2026-07-01T11:30",  # the 2nd it is silent
        "2026-07-03T06:00", "2026-07-03T11:30",
        "2026-07-06T06:00", "2026-07-06T11:30",
    ]  # fmt: skip
    assert rings(school, "2026-12-01T00:00+01:00", "2026-12-01T09:00+01:00") == ["2026-12-01T07:00"]


def test_a_schedule_says_when_and_on_which_dates_it_is_silent(tmp_path):
    file = tmp_path / "site.toml"
    when = 'times = ["08:00", "23:59:59"]\ndays = ["mon"]\nnot_on = ["2026-12-24", "2028-02-29"]\n'
    file.write_text(f'{GOOD}\n[schedules.school]\nzone = "8000"\nsay = "x"\n{when}')
    school = load(file).schedules["school"]
    assert (school.times, school.days) == ((28_800, 86_399), ("mon",))
    assert school.not_on == ("2026-12-24", "2028-02-29")


@pytest.mark.parametrize("name", ["Nowhere/Lost", "Europe", "../Europe/Berlin", ""])
def test_what_is_no_time_zone_of_this_machine_is_none(name):
    """Europe is a folder of them, which some Pythons try to read."""
    assert time_zone(name) is None


def test_when_clocks_change_a_bell_rings_once():
    night = bell(9000)  # 02:30
    assert rings(night, "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00") == ["2026-03-29T01:30"]
    assert rings(night, "2026-10-24T12:00+02:00", "2026-10-25T12:00+01:00") == ["2026-10-25T00:30"]


def test_a_bell_of_an_hour_that_clocks_leave_out_before_midnight_rings_after_it():
    nuuk, night = ZoneInfo("America/Nuuk"), bell(84_600)  # 23:30; at 23:00 it is 00:00
    assert rings(night, "2024-03-31T01:20+00:00", "2024-03-31T01:40+00:00", nuuk) == [
        "2024-03-31T01:30"
    ]


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.lists(st.integers(0, 86_399), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 100_000), min_size=1, max_size=20),
)
def test_however_often_one_looks_each_bell_is_due_once(times, steps):
    begin = at("2026-10-23T17:00+02:00")
    schedule, moments = bell(*times), [begin]
    for step in steps:
        moments.append(moments[-1] + step)
    looked = [b for a, z in itertools.pairwise(moments) for b in due(schedule, BERLIN, a, z)]
    assert looked == list(due(schedule, BERLIN, begin, moments[-1]))


TABLE = '[schedules.noon]\nzone = "8000"\nsay = "noon"\ntimes = ["12:00"]\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"8000"', '"8009"', "no zone"), ('"12:00"', '"24:00"', "expected a time"),
        ('"12:00"', '"12:00\\n"', "expected a time"), ('say = "noon"\n', "", "one of file and say"),
        ('say = "noon"', 'say = "noon"\nfile = "x.wav"', "one of file and say"),
        ("times", 'timezone = "../etc/passwd"\ntimes', "expected a time zone"),
        ("times", 'not_on = ["2026-02-30"]\ntimes', "expected a date"),
        ("times", 'not_on = ["20261224"]\ntimes', "expected a date"), ('"12:00"', "", "at least one"),
        ("times", 'days = ["monday"]\ntimes', "expected one of"),
        ('"noon"', '"-f x"', "does not begin with"), ('"noon"', '"\\u2028"', "control characters"),
        ('"noon"', f'"{"a" * 501}"', "1 to 500"), ('"noon"', '"  "', "something to say"),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_is_told(tmp_path, old, new, told):
    file = tmp_path / "site.toml"
    file.write_text(GOOD + TABLE)
    assert load(file).schedules["noon"].times == (43_200,)
    file.write_text(GOOD + TABLE.replace('"12:00"', '"07:05", "23:59:30"'))
    assert load(file).schedules["noon"].times == (25_500, 86_370)
    file.write_text(GOOD + TABLE.replace('"noon"', f'"{"a" * 500}"'))
    assert len(load(file).schedules["noon"].say) == 500
    file.write_text(GOOD + TABLE.replace(old, new))
    with pytest.raises(SiteError, match=told):
        load(file)

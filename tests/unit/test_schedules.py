"""Bells: at their time or not at all, once, and none forgotten."""

import asyncio
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.schedules import DAYS, Schedule, due
from bellhop.settings import SiteError, load
from pager.bells import NAME, Bells
from pager.programs import NotMade

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


def test_when_clocks_change_a_bell_rings_once():
    night = bell(9000)  # 02:30
    assert rings(night, "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00") == ["2026-03-29T01:30"]
    assert rings(night, "2026-10-24T12:00+02:00", "2026-10-25T12:00+01:00") == ["2026-10-25T00:30"]


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
        ("times", 'days = ["monday"]\ntimes', "expected one of"),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_is_told(tmp_path, old, new, told):
    file = tmp_path / "site.toml"
    file.write_text(GOOD + TABLE)
    assert load(file).schedules["noon"].times == (43_200,)
    file.write_text(GOOD + TABLE.replace(old, new))
    with pytest.raises(SiteError, match=told):
        load(file)


class House:
    """Programs and announcements, and a clock that is set by hand."""

    def __init__(self, tmp_path, fails=None):
        file = tmp_path / "site.toml"
        file.write_text(GOOD + TABLE)
        site = load(file)
        self.site = replace(site, site=replace(site.site, state=str(tmp_path)))
        self.now = at("2026-07-01T11:59:58+00:00")
        self.fails = fails
        self.said, self.kept = [], []
        self.turn = None

    async def spoken(self, text):
        self.said.append(text)
        return Path("/sounds/page-1")

    async def speak(self, zone, who, sound):
        if self.fails:
            raise NotMade(self.fails)
        self.said.append((zone, who, str(sound)))
        return "1-a"

    def bells(self):
        return Bells(
            self.site, self, self, self.kept.append, clock=lambda: self.now, turn=self.turn
        )


class Second:
    """Stands in for pager.turn: a second pager, whose turn it is or not."""

    reports = False

    def __init__(self, turn):
        self.turn = turn

    def __call__(self):
        return self.turn


def looks(house, *moments):
    async def main():
        bells = house.bells()
        for house.now in moments:
            bells.look()
            await asyncio.gather(*bells._ringing)  # noqa: SLF001 - nothing else tells its end

    asyncio.run(main())


def test_a_bell_rings_at_its_time_and_once(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 0.5, noon + 0.1, noon + 0.6, noon - 30, noon + 1)
    assert house.said == ["noon", ("8000", "schedule:noon", "/sounds/page-1")]
    assert house.kept == []


def test_bells_of_a_changed_site_ring_and_those_of_before_do_not(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    later = replace(house.site.schedules["noon"], times=(43_210,), say="later")

    async def main():
        bells = house.bells()
        bells.adopt(replace(house.site, schedules={"noon": later}))
        for house.now in (noon + 0.1, noon + 10.1):
            bells.look()
            await asyncio.gather(*bells._ringing)  # noqa: SLF001 - nothing else tells its end

    asyncio.run(main())
    assert house.said == ["later", ("8000", "schedule:noon", "/sounds/page-1")]


def test_a_bell_that_nobody_looked_for_in_time_is_reported_and_not_rung(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 1, noon + 5.5)
    assert house.said == []
    [missed] = house.kept
    assert (missed.zone, missed.leader, missed.cause) == ("8000", "schedule:noon", 41)
    assert missed.started == "2026-07-01T12:00:00.000+00:00"
    assert missed.why.startswith("missed: nobody looked")


def test_bells_of_the_time_when_the_pager_was_down_are_reported(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    (tmp_path / NAME).write_text(f"{noon - 86_400 - 60}")
    house.now = noon + 3600
    looks(house, noon + 3601)
    assert [one.started[:13] for one in house.kept] == ["2026-06-30T12", "2026-07-01T12"]
    again = House(tmp_path)
    again.now = noon + 3700
    looks(again, noon + 3701)
    assert again.kept == []


@pytest.mark.parametrize("written", ["", "nonsense", "nan", "-1e300", "1e300", "inf"])
def test_whatever_stands_in_its_file_it_begins(tmp_path, written):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    (tmp_path / NAME).write_text(written)
    looks(house, noon - 1, noon + 0.1)
    assert ("8000", "schedule:noon", "/sounds/page-1") in house.said


def test_a_bell_for_which_there_is_no_page_is_reported(tmp_path):
    house, noon = House(tmp_path, fails="Originate: AMI is down"), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 1, noon + 0.1)
    [missed] = house.kept
    assert missed.why == "missed: Originate: AMI is down"


def test_a_sound_that_takes_too_long_is_reported_with_why(tmp_path, monkeypatch):
    monkeypatch.setattr("pager.bells._LATE", 0.05)
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    house.spoken = lambda _text: asyncio.sleep(60)
    looks(house, noon - 0.01, noon + 0.01)
    assert [one.why for one in house.kept] == ["missed: its sound was not there within 0.05 s"]


def test_a_bell_that_a_reload_takes_away_while_it_is_made_is_reported_all_the_same(tmp_path):
    house, noon = House(tmp_path, fails="AMI is down"), at("2026-07-01T12:00:00+00:00")

    async def main():
        bells = house.bells()
        house.now = noon + 0.1
        bells.look()
        bells.adopt(replace(house.site, schedules={}))
        await asyncio.gather(*bells._ringing)  # noqa: SLF001 - nothing else tells its end

    asyncio.run(main())
    assert [(one.zone, one.why) for one in house.kept] == [("8000", "missed: AMI is down")]


def test_a_file_that_is_not_there_is_reported(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    one = replace(house.site.schedules["noon"], say="", file="nowhere.wav")
    house.site = replace(house.site, schedules={"noon": one})
    looks(house, noon - 1, noon + 0.1)
    assert "nowhere.wav" in house.kept[0].why


def test_a_second_pager_rings_in_its_turn_alone_and_reports_nothing_missed(tmp_path):
    noon = at("2026-07-01T12:00:00+00:00")
    for turn in (False, True):
        (tmp_path / str(turn)).mkdir()
        house = House(tmp_path / str(turn))
        house.turn = Second(turn)
        looks(house, noon - 0.5, noon + 0.1)
        assert bool(house.said) is turn
        looks(house, noon + 3 * 86_400)
        assert house.kept == []

"""The pager's bells: rung in time or reported, once, whatever the clock and the pager do."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.settings import load
from pager.bells import NAME, Bells
from pager.programs import NotMade
from tests.unit.test_schedules import GOOD, TABLE, at


class House:
    """Programs and announcements, and a clock that is set by hand."""

    def __init__(self, tmp_path, fails=None):
        file = tmp_path / "site.toml"
        file.write_text(GOOD + TABLE)
        site = load(file)
        self.site = replace(site, site=replace(site.site, state=str(tmp_path)))
        self.now = at("2026-07-01T11:59:58+00:00")
        self.fails = fails
        self.said, self.kept, self.within = [], [], []
        self.turn = None

    async def spoken(self, text):
        self.said.append(text)
        return Path("/sounds/page-1")

    async def speak(self, zone, who, sound, within):
        self.within.append(within)
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
            await bells._ringing.finish(20)  # noqa: SLF001 - nothing else tells its end

    asyncio.run(main())


def test_a_bell_rings_at_its_time_and_once(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 0.5, noon + 0.1, noon + 0.6, noon - 30, noon + 1)
    assert house.said == ["noon", ("8000", "schedule:noon", "/sounds/page-1")]
    assert house.kept == []
    [within] = house.within
    assert within == pytest.approx(4.9)


def test_a_clock_that_was_a_day_ahead_takes_no_bell_away_when_it_is_set_right(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 60, noon + 86_400 - 60, noon - 1, noon + 0.1)
    assert house.said == ["noon", ("8000", "schedule:noon", "/sounds/page-1")]


def test_a_clock_that_began_in_1970_makes_no_bells_of_the_years_since(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    house.now = 60.0
    looks(house, 61.0, noon - 60)
    assert [one.started[:13] for one in house.kept] == [f"2026-06-{n}T12" for n in range(24, 31)]


def test_a_bell_that_waited_for_its_turn_is_not_late_for_its_sound_too(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")

    class Slow(Second):
        def __call__(self):
            house.now = noon + 6
            return True

    house.turn = Slow(turn=True)
    looks(house, noon - 1, noon + 0.1)
    assert house.said == []
    assert [one.started for one in house.kept] == ["2026-07-01T12:00:00.000+00:00"]


def test_bells_of_a_changed_site_ring_and_those_of_before_do_not(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    later = replace(house.site.schedules["noon"], times=(43_210,), say="later")

    async def main():
        bells = house.bells()
        bells.adopt(replace(house.site, schedules={"noon": later}))
        for house.now in (noon + 0.1, noon + 10.1):
            assert house.said == []
            bells.look()
            await bells._ringing.finish(20)  # noqa: SLF001 - nothing else tells its end

    asyncio.run(main())
    assert house.said == ["later", ("8000", "schedule:noon", "/sounds/page-1")]


def test_a_bell_that_nobody_looked_for_in_time_is_reported_and_not_rung(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 1, noon + 5.9)
    assert house.said == []
    [missed] = house.kept
    assert (missed.zone, missed.leader, missed.cause) == ("8000", "schedule:noon", 41)
    assert missed.started == "2026-07-01T12:00:00.000+00:00"
    assert missed.why == "missed: nobody looked at the clock until 6 s later"


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


def test_a_pager_that_is_restarted_when_a_bell_has_rung_does_not_ring_it_again(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    looks(house, noon - 0.5, noon)
    again = House(tmp_path)
    again.now = noon + 0.1
    looks(again, noon + 0.2)
    assert (len(house.said), again.said, again.kept) == (2, [], [])


def test_when_nothing_rings_it_is_noted_every_ten_seconds_that_nothing_did(tmp_path):
    house, noon, noted = House(tmp_path), at("2026-07-01T12:00:00+00:00"), []

    async def main():
        bells = house.bells()
        for house.now in (noon + 10, noon + 19.9, noon + 20, noon + 25):
            bells.look()
            noted.append(float((tmp_path / NAME).read_text()) - noon)

    asyncio.run(main())
    assert noted == [10, 10, 20, 20]


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


def test_a_bell_that_a_defect_silences_is_reported(tmp_path, caplog):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")

    async def broken(text):
        raise RuntimeError(text)

    house.spoken = broken
    looks(house, noon + 0.1)
    [one] = house.kept
    assert one.why == "missed: a defect of the pager's own: its log has it"
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize(("turn", "reported"), [(None, True), (True, True), (False, False)])
def test_a_bell_that_the_pagers_stop_cuts_off_is_reported_by_whose_it_was(tmp_path, turn, reported):
    house = House(tmp_path)
    house.now = at("2026-07-01T12:00:00+00:00") + 0.1
    (tmp_path / NAME).write_text(f"{house.now - 1}")
    house.turn = None if turn is None else Second(turn)

    async def main():
        begun = asyncio.Event()

        async def spoken(_text):
            begun.set()
            await asyncio.sleep(60)

        house.spoken = spoken
        running = asyncio.create_task(house.bells().run())
        await asyncio.wait({asyncio.create_task(begun.wait())}, timeout=5 if reported else 0.2)
        running.cancel()
        await asyncio.wait({running})
        return [one.why for one in house.kept]  # as long as there is somebody to keep it

    why = "missed: the pager was stopped before it rang"
    assert asyncio.run(main()) == [why] * reported


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
        await bells._ringing.finish(20)  # noqa: SLF001 - nothing else tells its end

    asyncio.run(main())
    assert [(one.zone, one.why) for one in house.kept] == [("8000", "missed: AMI is down")]


def test_a_file_that_is_not_there_is_reported(tmp_path):
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    one = replace(house.site.schedules["noon"], say="", file="nowhere.wav")
    house.site = replace(house.site, schedules={"noon": one})
    looks(house, noon - 1, noon + 0.1)
    assert "nowhere.wav" in house.kept[0].why


def test_a_file_that_cannot_be_read_to_its_end_is_reported_in_time(tmp_path, monkeypatch):
    """It may be on another machine; here it is a pipe that nobody writes to."""
    monkeypatch.setattr("pager.bells._LATE", 0.2)
    house, noon = House(tmp_path), at("2026-07-01T12:00:00+00:00")
    one = replace(house.site.schedules["noon"], say="", file=str(tmp_path / "pipe.wav"))
    house.site = replace(house.site, schedules={"noon": one})
    os.mkfifo(one.file)
    end = threading.Timer(1.0, lambda: os.close(os.open(one.file, os.O_WRONLY)))  # its reader waits
    end.daemon = True  # nor does it wait for ever for one who never came
    end.start()
    looks(house, noon - 0.01, noon + 0.01)
    end.join()
    assert [one.why for one in house.kept] == ["missed: its sound was not there within 0.2 s"]


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

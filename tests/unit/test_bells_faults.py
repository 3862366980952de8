"""Bells when something of the pager's own goes wrong: none is lost unsaid, and none said twice."""

import asyncio
import threading
from dataclasses import replace

from bellhop.schedules import all_due
from pager.announcements import CannotSay
from tests.unit.fake_asterisk import until
from tests.unit.test_bells import House, Second, looks
from tests.unit.test_schedules import at

NOON = at("2026-07-01T12:00:00+00:00")


def test_a_look_that_a_defect_ends_takes_no_bell_away(tmp_path, monkeypatch, caplog):
    house, defects = House(tmp_path), [RuntimeError("once")]
    house.now = NOON - 0.1

    def due(*given):
        if defects:
            raise defects.pop()
        return all_due(*given)

    async def main():
        running = asyncio.create_task(house.bells().run())
        await asyncio.sleep(0)
        house.now += 0.2
        await until(lambda: len(house.said) == 2)
        running.cancel()

    monkeypatch.setattr("pager.bells.all_due", due)
    monkeypatch.setattr("pager.bells._LOOK_EVERY", 0.01)
    asyncio.run(main())
    assert (len(house.said), defects) == (2, [])
    assert "RuntimeError: once" in caplog.text


def test_a_text_that_cannot_be_said_is_reported_with_why(tmp_path):
    house = House(tmp_path)

    async def mute(_text):
        raise CannotSay("no program says texts here")

    house.spoken = mute
    looks(house, NOON + 0.1)
    assert [one.why for one in house.kept] == ["missed: no program says texts here"]


def test_a_second_pager_that_is_stopped_while_it_asks_for_its_turn_reports_nothing(tmp_path):
    house, asked = House(tmp_path), threading.Event()
    house.now = NOON - 0.1

    class Asking(Second):
        def __call__(self):
            asked.set()
            threading.Event().wait(0.3)
            return True

    house.turn = Asking(turn=True)

    async def main():
        running = asyncio.create_task(house.bells().run())
        await asyncio.sleep(0)
        house.now += 0.2
        await until(asked.is_set)
        running.cancel()
        await asyncio.wait({running})
        return len(house.kept)

    assert asyncio.run(main()) == 0
    assert house.said == []


def test_a_folder_that_takes_nothing_silences_no_bell(tmp_path, caplog):
    house = House(tmp_path)
    (tmp_path / "bells.part").mkdir()
    looks(house, NOON + 0.1)
    assert house.said == ["noon", ("8000", "schedule:noon", "/sounds/page-1")]
    assert "bells=not-written" in caplog.text


def test_of_a_time_zone_that_this_machine_does_not_know_no_bell_rings_and_it_is_said(
    tmp_path, caplog
):
    house = House(tmp_path)
    noon = house.site.schedules["noon"]
    lost = replace(noon, name="lost", timezone="Nowhere/Lost")
    house.site = replace(house.site, schedules={"lost": lost, "noon": noon})
    looks(house, NOON + 0.1)
    assert house.said == ["noon", ("8000", "schedule:noon", "/sounds/page-1")]
    assert "schedule=lost bells=none timezone=Nowhere/Lost why=" in caplog.text

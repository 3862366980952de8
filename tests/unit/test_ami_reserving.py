"""The page engine against a fake AMI: pages that are reserved, and are not, or not yet, made."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from bellhop.pages import Unavailable
from bellhop.targets import Outside
from tests.unit.fake_asterisk import (
    BUSY,
    LEADER,
    SITE,
    ZONE,
    Asterisk,
    begin,
    opened,
    outcomes,
    request,
    run,
    until,
)


def test_a_leader_that_hangs_up_before_the_commit_rings_nobody():
    """And keeps nobody from a page that is asked for just after."""
    asterisk = Asterisk()

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        asterisk.say("Hangup", Uniqueid="1.1", Channel=LEADER, Cause="127")
        await asyncio.to_thread(engine.commit, made)
        async with asyncio.timeout(0.5):
            await until(lambda: len(kept) == 2)
        assert await asyncio.to_thread(engine.reserve, request(zone)) != BUSY

    run(asterisk, story)
    assert asterisk.sent == []


def test_a_dropped_page_rings_nobody_and_frees_its_members():
    asterisk = Asterisk()

    async def story(engine, _kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        await asyncio.to_thread(engine.drop, made)
        assert asterisk.sent == []
        assert await asyncio.to_thread(engine.reserve, request(zone)) != BUSY

    run(asterisk, story)


def test_a_page_that_nobody_committed_or_dropped_frees_its_members(monkeypatch):
    monkeypatch.setattr("ami.engine._RESERVED", 1.0)

    async def story(engine, _kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        assert await asyncio.to_thread(engine.reserve, request(zone)) == BUSY
        while await asyncio.to_thread(engine.reserve, request(zone)) == BUSY:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the test's time limit ends it
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.commit, made)

    run(Asterisk(), story)


def test_a_device_is_never_in_two_pages():
    asterisk = Asterisk()
    one = replace(ZONE, number="8002", members=("1008",))

    async def story(engine, kept, zone):
        await begin(engine, one, channel="PJSIP/another")
        await until(lambda: opened(asterisk))
        other = await begin(engine, zone)
        assert other is not None
        await until(lambda: len(asterisk.legs) == 3)
        assert await begin(engine, one) == replace(BUSY, why=BUSY.why.replace("8000", "8002"))
        asterisk.leader_leaves("PJSIP/another")
        asterisk.leader_leaves()
        await until(lambda: sum(r.ended is not None for r in kept) == 2)
        assert outcomes(kept[-1] if kept[-1].zone == "8000" else kept[-2])["1008"] == (
            "failed",
            17,
            486,
        )

    run(asterisk, story)
    rung = [f["Channel"] for f in asterisk.actions("Originate")]
    assert rung.count("PJSIP/1008@bellhop-member") == 1


def test_without_ami_no_page_is_begun():
    asterisk = Asterisk()
    asterisk.up = False

    async def story(engine, kept, zone):
        with pytest.raises(Unavailable):
            await begin(engine, zone)
        assert kept == []

    run(asterisk, story)


def test_ami_that_goes_down_before_the_commit_rings_nobody_later():
    asterisk = Asterisk()

    async def story(engine, _kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        asterisk.up = False
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.commit, made)
        asterisk.up = True
        await asyncio.sleep(0.05)

    run(asterisk, story)
    assert asterisk.sent == []


@pytest.mark.parametrize(
    ("mute", "why"), [(False, "the page engine is too slow"), (True, "AMI does not answer")]
)
def test_what_a_busy_loop_was_too_slow_for_is_not_done_later(mute, why):
    """The thread that hears Unavailable leaves the page to the dialplan: it must stay undone."""
    asterisk = Asterisk()
    asterisk.mute = mute

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        await asyncio.sleep(0.05)  # Asterisk gives its sign of life, unless it is mute
        free = [replace(SITE.devices["1008"], number="1099")]
        other = request(replace(zone, number="8001"), devices=free)
        said = []

        def ask(what, *arguments):
            try:
                what(*arguments, 0.05)
            except Unavailable as error:
                said.append(str(error))

        threads = [
            threading.Thread(target=ask, args=(engine.commit, made)),
            threading.Thread(target=ask, args=(engine.reserve, other)),
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is busy
        for thread in threads:
            await asyncio.to_thread(thread.join)
        await asyncio.sleep(0.05)
        assert sorted(said) == [why, "the page engine is too slow"]
        assert (asterisk.sent, kept, engine.in_pages()) == ([], [], {})

    run(asterisk, story)


@pytest.mark.parametrize("how", ["silent", "lost"])
def test_a_page_is_left_to_the_dialplan_when_asterisk_gives_no_sign_of_life(how):
    """A link that was cut is up for as long as it takes to miss an answer: nobody would be rung."""
    asterisk = Asterisk()
    asterisk.mute = how == "silent"

    async def story(engine, kept, zone):
        made = await asyncio.to_thread(engine.reserve, request(zone))
        if how == "lost":
            await asyncio.sleep(0.05)
            asterisk.up = False
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.commit, made, 0.1)
        await asyncio.sleep(0)
        assert (asterisk.sent, kept, engine.in_pages()) == ([], [], {})
        asterisk.mute, asterisk.up = False, True
        await begin(engine, zone)
        await until(lambda: opened(asterisk))

    run(asterisk, story)


def test_with_no_time_left_nothing_is_begun():
    asterisk = Asterisk()

    async def story(engine, _kept, zone):
        with pytest.raises(Unavailable):
            await asyncio.to_thread(engine.reserve, request(zone), -0.1)
        await asyncio.sleep(0.05)
        assert engine.in_pages() == {}

    run(asterisk, story)


def test_a_reservation_that_nobody_comes_for_frees_its_members_by_itself(monkeypatch):
    monkeypatch.setattr("ami.engine._RESERVED", 0.5)

    async def story(engine, _kept, zone):
        await asyncio.to_thread(engine.reserve, request(zone))
        assert set(engine.in_pages()) == {"1008", "1009", "1010"}
        await until(lambda: engine.in_pages() == {})

    run(Asterisk(), story)


PHONE = Outside("tel:442079460000", "442079460000")
HORN = SITE.devices["1008"]


@pytest.mark.parametrize(
    ("members", "rules", "seconds"),
    [
        ([HORN], {}, 1.2),
        ([HORN, PHONE], {"outside_timeout": 30_000}, 30.2),
        ([PHONE], {"outside_timeout": 1_000, "head_start": 0}, 1),
        ([HORN], {"in_use": "wait", "in_use_wait": 20_000}, 1.2),
    ],
)
def test_a_leader_waits_until_the_last_member_could_have_come(members, rules, seconds):
    """Then the dialplan takes the page for one that nobody makes, and makes its own."""

    async def story(engine, _kept, zone):
        asked = request(replace(zone, **rules), devices=members)
        assert (await asyncio.to_thread(engine.reserve, asked)).wait == int(seconds) + 3

    run(Asterisk(), story)


def test_whom_a_turn_finds_in_use_is_waited_for_after_it():
    rules = {"when_busy": "queue", "queue_wait": 10_000, "in_use": "wait", "in_use_wait": 20_000}

    async def story(engine, _kept, zone):
        await asyncio.to_thread(engine.reserve, request(zone))
        asked = request(replace(zone, number="8001", **rules))
        assert (await asyncio.to_thread(engine.reserve, asked)).wait == 10 + 20 + 1 + 3

    run(Asterisk(), story)

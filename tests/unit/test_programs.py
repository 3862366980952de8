"""Pages that programs ask for, and those of who was recorded: their words, and how many."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.callers import Caller, Kind
from bellhop.control import NAME
from pager.control import Control
from pager.programs import NotMade, Programs
from tests.unit.test_announcements import SITE
from tests.unit.test_control import Asterisk


def test_no_more_pages_are_asked_for_at_once_than_fit(monkeypatch):
    monkeypatch.setattr("pager.programs._MOST", 0)

    async def main():
        with pytest.raises(NotMade, match="too many"):
            await Programs(SITE, Asterisk()).ring("8000", "1021")

    asyncio.run(main())


def test_pages_are_asked_for_in_the_site_as_it_is_now():
    programs = Programs(SITE, Asterisk())
    programs.adopt(replace(SITE, zones={}))
    with pytest.raises(NotMade, match="no zone 8000"):
        asyncio.run(programs.ring("8000", "1021"))


def test_a_recording_has_a_word_that_is_good_once_and_not_for_ever(monkeypatch):
    programs, zone = Programs(SITE, Asterisk()), SITE.zones["8105"]
    caller = Caller(Kind.DEVICE, "1020", "1020", ("zones", "two-way"))
    word, _ = programs.later(caller, zone)
    played = replace(caller, may=("zones",))
    assert programs.take(word).caller == played
    assert programs.take(word) is None
    now = time.monotonic()
    clock = [now]
    monkeypatch.setattr("pager.programs.time.monotonic", lambda: clock[0])
    yet, late, old = (programs.later(caller, zone)[0] for _ in range(3))
    clock[0] = now + 330
    assert programs.take(yet).caller == played
    clock[0] = now + 330.1
    assert programs.take(late) is None
    new, _ = programs.later(caller, zone)
    assert set(programs._recording) == {new}, f"{old} is kept for ever"  # noqa: SLF001


def test_a_bell_that_asterisk_asks_for_too_late_is_not_made():
    asterisk, asked = Asterisk(made=None), []

    async def main():
        programs = Programs(SITE, asterisk)
        for within in (5, 0):
            page = asyncio.create_task(programs.speak("8000", "schedule:x", Path("/x"), within))
            while not programs._asked:  # noqa: ASYNC110, SLF001 - what is waited for has no event
                await asyncio.sleep(0)
            [word] = programs._asked  # noqa: SLF001
            asked.append(programs.take(word))
            page.cancel()
            await asyncio.wait({page})

    asyncio.run(main())
    assert asked[0].prompt
    assert asked[1] is None


def test_no_more_recordings_are_waited_for_than_fit(monkeypatch):
    monkeypatch.setattr("pager.programs._MOST_RECORDED", 2)
    programs, zone = Programs(SITE, Asterisk()), SITE.zones["8105"]
    caller = Caller(Kind.DEVICE, "1020", "1020", ("zones",))
    words = [programs.later(caller, zone)[0] for _ in range(3)]
    assert [programs.take(word) is not None for word in words] == [False, True, True]


def test_whoever_may_yet_be_played_has_a_file_of_his_own():
    """Also two who begin to speak in one second, and whoever spoke before the pager's restart."""
    programs, zone = Programs(SITE, Asterisk()), SITE.zones["8105"]
    caller = Caller(Kind.DEVICE, "1020", "1020", ("zones",))
    takes = [programs.later(caller, zone)[1] for _ in range(101)]
    assert len(set(takes)) == 101
    assert {programs.later(caller, zone)[1] for _ in range(300)} == set(range(128))


class Phone(Asterisk):
    """An Asterisk whose phone rings until it is hung up."""

    async def send(self, action, fields, patience):
        del patience
        self.sent.append((action, fields))
        if action == "Originate":
            await asyncio.sleep(60)
        return [{"Response": "Success"}]


@pytest.mark.parametrize("goes", ["who asked", "the pager"])
def test_a_phone_rings_no_more_when_whoever_asked_or_the_pager_has_gone(
    tmp_path, monkeypatch, goes
):
    monkeypatch.setattr("pager.control._LOOK_EVERY", 0.01)
    asterisk = Phone()

    async def main():
        programs = Programs(SITE, asterisk)
        control = Control(tmp_path / NAME, programs, None, zones=None, takeouts=None, stop=None)
        await control.open()
        answers, asking = await asyncio.open_unix_connection(tmp_path / NAME)
        asking.write(b'{"do": "page", "zone": "8000", "from": "1020"}\n')
        async with asyncio.timeout(5):
            while not asterisk.sent:  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert len(asterisk.sent) == 1
            if goes == "the pager":
                await control.close()
                assert await answers.read() == b'{"error": "the pager is being stopped"}\n'
                asking.close()
            else:
                asking.close()
                while len(asterisk.sent) < 2:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.01)
                await control.close()
        assert not programs._asked  # noqa: SLF001 - an answer in this moment pages nobody

    asyncio.run(main())
    (_, rung), (action, ended) = asterisk.sent
    assert (action, ended["Channel"]) == ("Hangup", rung["ChannelId"])

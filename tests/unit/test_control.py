"""The pager's socket: who may ask, what is asked, and what is done with a text."""

import asyncio
import base64
import json
import os
import socket
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ami import legs
from bellhop.callers import Caller, Kind
from bellhop.control import NAME, ControlError, ask
from bellhop.features import NotDone
from bellhop.pages import Refusal
from bellhop.settings import load
from pager.announcements import Announcements, CannotSay, checked
from pager.control import Control
from pager.programs import NotMade, Programs
from pager.takeouts import Keeper
from tests.unit.test_sounds import wav

SITE = load(Path(__file__).parents[2] / "config" / "site.toml")
SAYS = """
import sys, wave
with open(sys.argv[3], "w") as kept:
    kept.write(repr(sys.argv[1:3]))
with wave.open(sys.argv[1], "wb") as sound:
    sound.setparams((1, 2, 8000, 0, "NONE", ""))
    sound.writeframes(bytes(1600))
"""


def announcements(tmp_path, *command):
    pager = replace(SITE.pager, sounds=str(tmp_path / "sounds"), say_command=command)
    return Announcements(pager, tmp_path)


def speaking(tmp_path):
    says = tmp_path / "says.py"
    says.write_text(SAYS)
    return announcements(
        tmp_path, sys.executable, str(says), "{file}", "{text}", str(tmp_path / "said")
    )


@pytest.mark.parametrize(
    "text", ["", "x" * 501, "-w/etc/passwd", "  --stdin", "a\nb", "a\r\nAction: Hangup", "\x1b[2J", "a\0b", "\u2028"]
)  # fmt: skip
def test_what_may_not_be_said_is_refused(text):
    with pytest.raises(CannotSay, match="expected a text"):
        checked(text)


@pytest.mark.parametrize(
    "text", ["$(id)", "`id`; rm -rf /", "a' || b \" c", "{file}", "${SHELL(id)}", "\u00fc\u4e2d", "100 % | tee"]
)  # fmt: skip
def test_a_text_is_one_argument_of_the_command_whatever_is_in_it(tmp_path, text):
    path = asyncio.run(speaking(tmp_path).spoken(text))
    made, said = eval((tmp_path / "said").read_text())  # noqa: S307 - it is our own repr
    assert said == text
    assert not Path(made).exists()
    assert path.parent == tmp_path / "sounds"
    assert path.with_suffix(".wav").stat().st_size > 1600


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ((), "no pager.say_command"),
        (("/bin/false", "{file}", "{text}"), "ended with 1"),
        (("/nowhere/says", "{file}", "{text}"), "No such file"),
        (("/bin/true", "{file}", "{text}"), "say_command wrote nothing"),
        (("/usr/bin/touch", "{file}"), "say_command wrote nothing"),
        (("/bin/cp", "/etc/passwd", "{file}"), "what say_command wrote: expected a WAV file"),
    ],
)
def test_a_command_that_does_not_speak_is_told(tmp_path, command, why):
    with pytest.raises(CannotSay, match=why):
        asyncio.run(announcements(tmp_path, *command).spoken("hello"))


def test_a_command_that_never_ends_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("pager.announcements._PATIENCE", 0.2)
    script = 'sleep 60 & echo $! > "$2"; wait'
    begun = tmp_path / "begun"
    sleeps = announcements(tmp_path, "/bin/sh", "-c", script, "{file}", "{text}", str(begun))
    with pytest.raises(CannotSay, match="took more than"):
        asyncio.run(sleeps.spoken("hello"))
    state = Path(f"/proc/{begun.read_text().strip()}/status")  # what the script has begun, too
    end = time.monotonic() + 5
    while state.exists() and "\nState:\tZ" not in state.read_text():
        assert time.monotonic() < end, "it goes on"


def test_sounds_of_yesterday_are_removed(tmp_path):
    one = announcements(tmp_path)
    old = asyncio.run(one.kept(wav([1] * 80))).with_suffix(".wav")
    os.utime(old, (1, 1))
    new = asyncio.run(one.kept(wav([1] * 80))).with_suffix(".wav")
    assert [p.name for p in (tmp_path / "sounds").iterdir()] == [new.name]


class Asterisk:
    """A manager: keeps what is originated, and asks for the page as the dialplan would."""

    def __init__(self, made="1-a"):
        self.made = made
        self.sent, self.stopped = [], []

    async def send(self, action, fields, patience):
        del patience
        self.sent.append((action, fields))
        if self.made == "nobody":
            return [{"Response": "Failure", "Reason": "0"}]
        if self.made is not None:
            token = next(v for v in fields["Variable"] if v.startswith("BELLHOP_TOKEN="))
            program = self.programs.take(token.removeprefix("BELLHOP_TOKEN="))
            assert self.programs.take(token.removeprefix("BELLHOP_TOKEN=")) is None
            self.caller = program.caller
            program.tell(self.made)
        return [{"Response": "Success"}]


def asked(tmp_path, *questions, made="1-a", first=lambda: None, says=None):
    """Ask a control socket; return its answers, and Asterisk. first: done before it is served."""
    asterisk = Asterisk(made)

    async def zones():
        return [{"zone": "8000"}]

    def one(question):
        try:
            return ask(str(tmp_path), question, 5)
        except ControlError as error:
            return error

    def stop(zone, by):
        assert by.startswith("program:")
        asterisk.stopped.append(zone)
        raise NotDone(f"no page of {zone} runs")

    async def main():
        programs = asterisk.programs = Programs(SITE, asterisk)
        control = Control(
            tmp_path / NAME,
            programs,
            says or speaking(tmp_path),
            zones=zones,
            takeouts=Keeper(replace(SITE, site=replace(SITE.site, state=str(tmp_path)))),
            stop=stop,
        )
        await control.open()
        asterisk.mode = stat.S_IMODE((tmp_path / NAME).stat().st_mode)
        try:
            first()
            told = [await asyncio.to_thread(one, question) for question in questions]
            while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - what others have asked
                await asyncio.sleep(0.01)
            return told
        finally:
            await control.close()

    return asyncio.run(main()), asterisk


def goes(tmp_path, question, *, half=False):
    """Ask a control socket, and wait for no answer; half: go on listening."""
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asking.connect(str(tmp_path / NAME))
    asking.sendall(json.dumps({"zone": "8000", **question}).encode() + b"\n")
    if half:
        asking.shutdown(socket.SHUT_WR)
    else:
        asking.close()
    return asking


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    "what", [{"do": "page", "say": "x"}, {"do": "page", "from": "1020"}, {"do": "stop"}]
)
def test_nothing_is_done_for_who_has_gone(tmp_path, what, half):
    """A pager that stood still finds what was asked of it when it goes on: never spoken late."""
    with_all_said = []

    def stands_still():
        with_all_said.append(goes(tmp_path, what, half=half))

    _, asterisk = asked(tmp_path, {"do": "zones"}, first=stands_still)
    with_all_said[0].close()
    assert bool(asterisk.sent or asterisk.stopped) is half


def test_nothing_is_said_for_who_has_gone_while_it_was_made(tmp_path):
    """Whoever presses Ctrl-C has thought better of it."""
    says = announcements(
        tmp_path, "/bin/sh", "-c", f'cp "{tmp_path}/x.wav" "$0"', "{file}", "{text}"
    )
    (tmp_path / "x.wav").write_bytes(wav([1] * 80))

    async def spoken(text):
        asking[0].close()
        return await real(text)

    real, says.spoken, asking = says.spoken, spoken, []

    def listens():
        asking.append(goes(tmp_path, {"do": "page", "say": "x"}, half=True))

    _, asterisk = asked(tmp_path, {"do": "zones"}, {"do": "zones"}, first=listens, says=says)
    assert asterisk.sent == []


def test_a_phone_that_does_not_answer_is_told_by_its_number(tmp_path):
    (phone, text), _ = asked(
        tmp_path,
        {"do": "page", "zone": "8000", "from": "1020"},
        {"do": "page", "zone": "8000", "say": "x"},
        made="nobody",
    )
    assert str(phone) == "1020 did not answer: is it registered, and free?"
    assert str(text) == "Asterisk did not begin it"


def test_its_owner_and_group_may_ask_and_nobody_else(tmp_path):
    [zones], asterisk = asked(tmp_path, {"do": "zones"})
    assert zones == [{"zone": "8000"}]
    assert asterisk.mode == 0o660
    with pytest.raises(ControlError, match="does the pager run"):
        ask(str(tmp_path), {"do": "zones"})


def test_a_text_becomes_a_page_whose_leader_is_a_channel_of_ours(tmp_path):
    [made], asterisk = asked(tmp_path, {"do": "page", "zone": "8000", "say": "hello"})
    assert made == {"page": "1-a"}
    [(action, fields)] = asterisk.sent
    assert (action, fields["Channel"]) == ("Originate", "Local/s@bellhop-program/n")
    assert (fields["Context"], fields["Exten"]) == ("bellhop-announcer", "wait")
    assert any(v.startswith(f"BELLHOP_FILE={tmp_path}/sounds/page-") for v in fields["Variable"])
    assert (asterisk.caller.kind, asterisk.caller.name) == (Kind.PBX, f"program:{os.getuid()}")


def test_a_phone_that_is_rung_is_the_leader_with_its_own_rights(tmp_path):
    [made], asterisk = asked(tmp_path, {"do": "page", "zone": "8000", "from": "1021"})
    assert made == {"page": "1-a"}
    [(_, fields)] = asterisk.sent
    assert fields["Channel"] == "PJSIP/1021@bellhop-member"
    assert (fields["Context"], fields["Exten"]) == ("bellhop-program", "s")
    assert asterisk.caller.may == SITE.devices["1021"].may


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"do": "page", "zone": "9999", "say": "x"}, "no zone"),
        ({"do": "page", "zone": "8000\r\nAction: X", "say": "x"}, "no zone"),
        ({"do": "page", "zone": "8000", "from": "1020&PJSIP/1"}, "no device"),
        ({"do": "page", "zone": "8000", "from": "9999"}, "no device"),
        ({"do": "page", "zone": "8000", "sound": "!!"}, "base64"),
        (
            {"do": "page", "zone": "8000", "sound": base64.b64encode(b"x").decode()},
            "expected a WAV",
        ),
        ({"do": "page", "zone": 8000, "say": "x"}, "expected a question"),
        ({"do": "page", "zone": "8000"}, "expected a question"),
        ({"do": "halt"}, "expected a question"),
        ([], "expected a question"),
        (json.loads("7"), "expected a question"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_sent(tmp_path, question, why):
    [answer], asterisk = asked(tmp_path, question)
    assert why in str(answer)
    assert asterisk.sent == []


def test_a_page_that_is_refused_is_told_with_its_reason(tmp_path):
    refusal = Refusal(20, "nobody of zone 8000 is registered")
    [answer], _ = asked(tmp_path, {"do": "page", "zone": "8000", "say": "x"}, made=refusal)
    assert str(answer) == "nobody of zone 8000 is registered"


def test_an_asterisk_that_never_asks_is_not_waited_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr("pager.programs._PATIENCE", 0.1)
    [answer], asterisk = asked(tmp_path, {"do": "page", "zone": "8000", "say": "x"}, made=None)
    assert "did not ask" in str(answer)
    assert asterisk.programs._asked == {}  # noqa: SLF001 - a token that nobody took is good no more


def test_no_more_pages_are_asked_for_at_once_than_fit(monkeypatch):
    monkeypatch.setattr("pager.programs._MOST", 0)

    async def main():
        with pytest.raises(NotMade, match="too many"):
            await Programs(SITE, Asterisk()).ring("8000", "1021")

    asyncio.run(main())


def test_a_recording_has_a_word_that_is_good_once_and_not_for_ever(monkeypatch):
    programs, zone = Programs(SITE, Asterisk()), SITE.zones["8105"]
    caller = Caller(Kind.DEVICE, "1020", "1020", ("zones",))
    word, _ = programs.later(caller, zone)
    assert programs.take(word).caller == caller
    assert programs.take(word) is None
    late, _ = programs.later(caller, zone)
    now = time.monotonic()
    monkeypatch.setattr("pager.programs.time.monotonic", lambda: now + 331)
    assert programs.take(late) is None


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


def test_a_chime_is_made_what_asterisk_plays_or_is_the_beep(tmp_path):
    (tmp_path / "gong.wav").write_bytes(wav([7] * 16_000, 16_000))
    (tmp_path / "long.wav").write_bytes(wav([7] * 24_000))
    said = {"1": "gong.wav", "2": "long.wav", "3": "nowhere.wav", "4": "none", "5": "beep"}
    zones = {n: replace(SITE.zones["8000"], number=n, chime=chime) for n, chime in said.items()}
    site = replace(SITE, path=tmp_path / "site.toml", zones=zones)
    made = announcements(tmp_path).chimes(site).zones
    path = str(tmp_path / "sounds" / "chime-1")
    assert {n: zone.chime for n, zone in made.items()} == {
        "1": path, "2": "beep", "3": "beep", "4": "none", "5": "beep"
    }  # fmt: skip
    leg = legs.chime(made["1"], room="page-1", leg="page-1-chime")
    assert (leg["Channel"], leg["Variable"]) == (
        "Local/file@bellhop-chime/n", [f"BELLHOP_FILE={path}"]
    )  # fmt: skip
    assert "Variable" not in legs.chime(made["5"], room="page-1", leg="page-1-chime")


def test_a_device_is_taken_out_and_put_back_and_a_page_that_is_not_there_is_not_stopped(tmp_path):
    answers, _ = asked(
        tmp_path,
        {"do": "out", "device": "1008", "zone": "8000"},
        {"do": "out", "device": "1008&1009", "zone": ""},
        {"do": "in", "device": "1008", "zone": "8011"},
        {"do": "stop", "zone": "8000"},
    )
    assert answers[0] == {}
    assert [str(one) for one in answers[1:]] == [
        "no device 1008&1009", "1008 is no member of 8011", "no page of 8000 runs"
    ]  # fmt: skip
    assert '"8000"' in (tmp_path / "takeouts.json").read_text()

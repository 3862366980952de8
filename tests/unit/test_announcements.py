"""What is made of a text or of a file, before Asterisk plays it."""

import asyncio
import errno
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ami import legs
from bellhop.settings import load
from pager.announcements import Announcements, CannotSay
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
def test_what_may_not_be_said_is_refused(tmp_path, text):
    with pytest.raises(CannotSay, match="expected a text"):
        asyncio.run(speaking(tmp_path).spoken(text))


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


def test_a_sound_of_yesterday_that_another_has_removed_meanwhile_costs_no_announcement(tmp_path):
    """Bells of one second tidy up together; a name that leads nowhere is such a file."""
    one = announcements(tmp_path)
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "page-gone.wav").symlink_to("nowhere")
    assert asyncio.run(one.kept(wav([1] * 80))).with_suffix(".wav").exists()


def test_a_folder_that_cannot_be_made_is_told_by_its_name(tmp_path):
    (tmp_path / "sounds").write_text("")
    with pytest.raises(CannotSay, match=f"{tmp_path}/sounds: File exists"):
        asyncio.run(speaking(tmp_path).spoken("hello"))


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


def test_a_sound_that_fits_on_the_disk_in_part_only_leaves_nothing_there(tmp_path, monkeypatch):
    def part(path, data):
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", part)
    with pytest.raises(CannotSay, match="No space left on device"):
        asyncio.run(announcements(tmp_path).kept(wav([1] * 800)))
    assert list((tmp_path / "sounds").iterdir()) == []

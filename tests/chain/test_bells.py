"""Bells of a schedule, with a chime of the zone's own: rung at their time, or reported as missed."""

import io
import json
import struct
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from pager.bells import NAME
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, docker, until
from tests.chain.paging import answering, heard, outcomes, sent_to
from tests.chain.test_fallback import healthy

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE, HORN = "8011", "1009"
SAID = 0x35  # config/docker/pager/says.py
GONG, LEVEL = 0x2A, -5372  # u-law, and what it stands for
TEXT = "The shop closes soon."
LATE = 5.0  # s: what would come later is not played


@contextmanager
def scheduled(scene: Scene, times: list[float]) -> Iterator[None]:
    """The pager is started anew, with a schedule of these Unix times and a gong; it has looked at
    the clock last two minutes ago.
    """
    assert scene.stack is not None
    stack, path, before = scene.stack, scene.site.path, scene.site.path.read_text("utf-8")
    state = scene.site.site.state
    write(stack, f"{state}/gong.wav", gong())
    write(stack, f"{state}/{NAME}", f"{time.time() - 120:.3f}".encode())
    at = [datetime.fromtimestamp(one, UTC).strftime("%H:%M:%S") for one in times]
    bells = f'[schedules.closing]\nzone = "{ZONE}"\nsay = "{TEXT}"\ntimes = {at}\n'
    zone = f"[zones.{ZONE}]\n"
    # Beside site.toml nothing can be written here; a path may lead out of there.
    mine = before.replace(zone, f'{zone}chime = "../..{state}/gong.wav"\n')
    try:
        path.write_text(f"{mine}\n{bells}", "utf-8")  # in place: it is mounted
        again(stack)
        yield
    finally:
        path.write_text(before, "utf-8")
        stack.execute("pager", "rm", f"{state}/{NAME}", f"{state}/gong.wav")
        again(stack)


def again(stack: Stack) -> None:
    stack.restart("pager")
    healthy(stack, "pager")


def write(stack: Stack, path: str, data: bytes) -> None:
    docker("exec", "-i", stack.container("pager"), "sh", "-c", f"cat >{path}", given=data)


def gong() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(struct.pack("<h", LEVEL) * 8000)
    return made.getvalue()


def test_a_bell_rings_at_its_time_after_the_gong_and_a_missed_one_is_reported(scene: Scene):
    [horn] = answering(scene, HORN)
    now = int(time.time())
    missed, coming = now - 40, now + 18
    with scheduled(scene, [missed, coming]):
        assert time.time() < coming, "the pager took too long to start"
        scene.finish(horn)
        until("the bell's report", lambda: of(scene, missed)[-1]["ended"], 10)
        one, other = of(scene, missed)

    invite = scene.messages().where(method="INVITE", target=horn.who.socket).one()
    assert 0 <= invite.at - coming < LATE
    assert one["started"] == stamp(missed)
    assert one["why"].startswith("missed: nobody looked at the clock until ")
    assert (one["zone"], one["members"]) == (ZONE, [])
    assert outcomes(other) == {HORN: "played"}
    assert other["leader"] == "schedule:closing"
    assert heard(scene, HORN, GONG) == pytest.approx(1.0, abs=0.3)
    assert heard(scene, HORN, SAID) == pytest.approx(len(TEXT) / 10, abs=0.4)
    played = b"".join(packet.payload for packet in sent_to(scene, HORN))
    assert played.find(bytes([GONG]) * 100) < played.find(bytes([SAID]) * 100)


def of(scene: Scene, since: int) -> list[dict[str, Any]]:
    """Return the reports of the schedule's bells from a time on, in order."""
    assert scene.stack is not None
    verb = ("bellhop", "pages", "--by", "schedule:closing", "--json")
    try:
        found = json.loads(scene.stack.execute("pager", *verb))
    except RuntimeError:  # none yet
        return []
    return sorted((r for r in found if r["started"] >= stamp(since)), key=lambda r: r["started"])


def stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")

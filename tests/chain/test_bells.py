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
from tests.chain.pager import connected, told
from tests.chain.paging import heard, outcomes, registered, sent_to

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE, HORN = "8011", "1009"
SAID = 0x35  # config/docker/pager/says.py
GONG, LEVEL = 0x2A, -5372  # u-law, and what it stands for
TEXT = "The shop closes soon."
LATE = 5.0  # s: what would come later is not played


@contextmanager
def scheduled(scene: Scene, missed: int) -> Iterator[int]:
    """The pager is started anew, with a gong and a bell of a time that is over; it has looked at the
    clock last two minutes ago. Then it takes another one by a reload; yields when that will ring.
    """
    assert scene.stack is not None
    stack, path, good = scene.stack, scene.site.path, scene.site.path.read_text("utf-8")
    state = scene.site.site.state
    write(stack, f"{state}/gong.wav", gong())
    write(stack, f"{state}/{NAME}", f"{time.time() - 120:.3f}".encode())
    zone = f"[zones.{ZONE}]\n"
    # Beside site.toml nothing can be written here; a path may lead out of there.
    mine = good.replace(zone, f'{zone}chime = "../..{state}/gong.wav"\n')
    try:
        path.write_text(mine + bells(missed), "utf-8")  # in place: it is mounted
        again(scene)
        coming = int(time.time()) + 10
        told(scene, lambda _: mine + bells(missed, coming), "reload=taken")
        assert time.time() < coming, "the pager took too long to read it"
        yield coming
    finally:
        stack.execute("pager", "rm", f"{state}/gong.wav")
        told(scene, lambda _: good, "reload=taken")


def bells(*times: float) -> str:
    """Return a schedule of these Unix times."""
    at = [datetime.fromtimestamp(one, UTC).strftime("%H:%M:%S") for one in times]
    return f'\n[schedules.closing]\nzone = "{ZONE}"\nsay = "{TEXT}"\ntimes = {at}\n'


def again(scene: Scene) -> None:
    """Start the pager anew, and wait until it works."""
    assert scene.stack is not None
    since = time.time()
    scene.stack.restart("pager")
    connected(scene, since)


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
    [who] = registered(scene, HORN)
    missed = int(time.time()) - 40
    with scheduled(scene, missed) as coming:
        horn = scene.play(who, "speaker/answers")
        scene.finish(horn)
        until("the bell's report", lambda: of(scene, missed, coming)[-1]["ended"], 10)
        one, other = of(scene, missed, coming)

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


def of(scene: Scene, *times: int) -> list[dict[str, Any]]:
    """Return the reports of the schedule's bells of these times and the seconds after them, in order:
    where the test is run again, there are others.
    """
    assert scene.stack is not None
    verb = ("bellhop", "pages", "--by", "schedule:closing", "--json")
    try:
        found = json.loads(scene.stack.execute("pager", *verb))
    except RuntimeError:  # there is no file yet
        return []
    mine = (r for r in found for n in times if stamp(n) <= r["started"] < stamp(n + int(LATE)))
    return sorted(mine, key=lambda r: str(r["started"]))


def stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")

"""Pages that nobody dials: a text, a sound file, a phone that is rung; and how zones are."""

import json
import struct
import wave

import pytest

from tests.chain.calling import assert_all_settled
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until
from tests.chain.pager import standing_still
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    heard,
    outcomes,
    registered,
    report,
    reports,
    sentence,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, LEVEL = 0x2A, -5372  # u-law 0x2A, and what it stands for
SAID = 0x35  # the lab's speaking program has no other (config/docker/pager/says.py)


def bellhop(scene: Scene, *argv: str) -> str:
    assert scene.stack is not None
    return scene.stack.execute("pager", "bellhop", *argv, timeout=60)


def refused(scene: Scene, *argv: str) -> str:
    """Return why a command was refused."""
    with pytest.raises(RuntimeError) as error:
        bellhop(scene, *argv)
    return str(error.value).partition(": bellhop: ")[2]


def test_a_text_is_spoken_in_a_zone(scene: Scene):
    speakers = answering(scene, *SPEAKERS)
    made = json.loads(bellhop(scene, "page", ZONE, "--json", "--say", "the shop closes in 5 min"))
    scene.finish(*speakers)

    for number in SPEAKERS:
        assert heard(scene, number, SAID) == pytest.approx(2.4, abs=0.3)
    found = report(scene)
    assert (found["page"], found["leader"].partition(":")[0]) == (made["page"], "program")
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    assert_all_settled(scene.messages())


def test_a_sound_file_is_played_in_a_zone(scene: Scene):
    speakers = answering(scene, *SPEAKERS[:2])
    path = scene.directory / "file.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(44_100)
        sound.writeframes(struct.pack("<hh", LEVEL, LEVEL) * 88_200)
    assert scene.stack is not None
    pager = scene.stack.container("pager")
    docker("exec", "-i", pager, "sh", "-c", "cat >/tmp/file.wav", given=path.read_bytes())
    bellhop(scene, "page", ZONE, "--play", "/tmp/file.wav")  # noqa: S108 - the container's own
    scene.finish(*speakers)

    for number in SPEAKERS[:2]:
        assert heard(scene, number, VOICE) == pytest.approx(2, abs=0.3)


def test_a_file_that_asterisk_cannot_play_has_paged_nobody(scene: Scene):
    [who] = registered(scene, "1008")
    speaker = scene.play(who, "speaker/answers-late", pause=2500)
    bellhop(scene, "page", ZONE, "--say", "nobody hears this")
    assert scene.stack is not None
    scene.stack.execute("pager", "sh", "-c", f"rm {scene.site.pager.sounds}/page-*.wav")
    scene.finish(speaker)

    found = sentence(report(scene))["1008"]
    assert found == ("failed", None, None, "joined, but no audio came from the leader")


def test_a_phone_is_rung_and_speaks(scene: Scene):
    speakers = answering(scene, *SPEAKERS[:2])
    [phone] = scene.register("1021")
    talking = scene.play(
        phone, "speaker/answers-and-speaks-then-hangs-up", stream=scene.voice(VOICE), pause=3000
    )
    bellhop(scene, "page", ZONE, "--from", "1021")
    scene.finish(talking, *speakers)

    for number in SPEAKERS[:2]:
        assert heard(scene, number, VOICE) >= 0.3
    assert report(scene)["leader"] == "1021"


def test_a_phone_rings_no_more_once_whoever_had_it_rung_has_gone(scene: Scene):
    """Ctrl-C: it rang for its 25 s, and who answered it paged the zone."""
    registered(scene, "1008")
    [phone] = scene.register("1021")
    ringing = scene.play(phone, "speaker/rings-only")
    assert scene.stack is not None
    with pytest.raises(RuntimeError):
        scene.stack.execute(
            "pager", "timeout", "--signal=INT", "4", "bellhop", "page", ZONE, "--from", "1021"
        )
    scene.finish(ringing)

    messages = scene.messages()
    invite = messages.where(method="INVITE", target=phone.socket).one()
    cancel = messages.where(method="CANCEL", target=phone.socket).one()
    assert cancel.at - invite.at < 8
    assert reports(scene) == []
    assert_all_settled(messages)


TWISTED = ("-w/etc/passwd", "two\r\nAction: Hangup", "x" * 501, "")


def test_what_may_not_be_said_is_refused_and_nobody_hears_of_it(scene: Scene):
    [horn] = scene.register("1008")
    for text in TWISTED:
        assert "expected a text" in refused(scene, "page", ZONE, f"--say={text}")
    assert "no zone" in refused(scene, "page", "8000&PJSIP/1", "--say", "x")
    assert "no device" in refused(scene, "page", ZONE, "--from", "1020&1021")
    assert not scene.messages().where(method="INVITE", target=horn.socket)


def test_zones_tell_who_would_hear_a_page(scene: Scene):
    registered(scene, "1008")
    [zone] = json.loads(bellhop(scene, "zones", "8101", "--json"))
    states = {m["member"]: m["state"] for m in zone["members"]}
    assert states == {"multicast:239.1.2.3:5004": "unknown", "1008": "ready"}


def test_what_was_asked_of_a_pager_that_stands_still_is_never_spoken(scene: Scene):
    """Who asked was told that nothing came of it: it is not said when the pager goes on."""
    [horn] = scene.register("1008")
    assert scene.stack is not None
    with standing_still(scene):
        for asked in (["--say", "late"], ["--from", "1020"]):
            with pytest.raises(RuntimeError):
                scene.stack.execute("pager", "timeout", "5", "bellhop", "page", ZONE, *asked)
    bellhop(scene, "zones", ZONE)  # which it answers after all that it was asked before
    until("it to say so", lambda: scene.stack.log("pager", scene.began).count("who-asked") == 2)

    assert reports(scene) == []
    assert not scene.messages().where(method="INVITE", target=horn.socket)

"""A caller who speaks first and is played then; and what a leader presses while he speaks."""

import pytest

from tests.chain.calling import CALLER, dial
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until
from tests.chain.harness.talker import talker
from tests.chain.pager import ruled, standing_still
from tests.chain.paging import (
    answering,
    heard,
    newest,
    outcomes,
    registered,
    report,
    sent_to,
    sentence,
    speaking,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE, VOICE = "8105", 0x35
HORNS = ("1008", "1009")
AT_LAST = 3.0  # s, from the end of what he says to the member's INVITE


def test_who_is_recorded_is_played_when_he_has_hung_up(scene: Scene):
    speakers = answering(scene, *HORNS)
    scene.finish(dial(scene, ZONE, "caller/calls-and-talks", stream=scene.voice(VOICE), pause=2000))
    until("the recorded page", lambda: newest(scene), 15)
    scene.finish(*speakers)

    messages = scene.messages()
    [bye] = messages.where(method="BYE", source=scene.cast.device(CALLER).socket).once()
    for number in HORNS:
        invite = messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert invite.at > bye.at
        assert 0.5 <= heard(scene, number, VOICE) <= 2.3
    found = report(scene)
    assert found["leader"] == CALLER
    assert outcomes(found) == dict.fromkeys(HORNS, "played")


# Files that no byte can be written to, in the place of each that the pager may name.
SPOOL = "/var/spool/asterisk/bellhop"
FULL = f"mkdir -p {SPOOL}; for n in $(seq 0 127); do ln -sf /dev/full {SPOOL}/take-$n.wav; done"


def test_what_cannot_be_recorded_is_told_him_and_reported(scene: Scene):
    """He was hung up as if all were well, nobody heard him, and no report said so."""
    speakers = registered(scene, *HORNS)
    assert scene.stack is not None
    asterisk = scene.stack.container("pbx")
    docker("exec", asterisk, "sh", "-c", FULL)
    try:
        with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
            caller = dial(scene, ZONE, "caller/is-spoken-for")
            voice.said("hears")
            voice.say(VOICE, 3.0)
            scene.finish(caller)
    finally:
        docker("exec", asterisk, "rm", "-r", SPOOL)
    found = report(scene)
    assert found["why"].startswith("what was said could not be recorded: ")
    assert (found["leader"], found["cause"]) == (CALLER, 41)
    assert outcomes(found) == dict.fromkeys(HORNS, "refused")
    # The congestion tone: on for 250 ms, off for 250 ms.
    last = b"".join(packet.payload for packet in sent_to(scene, CALLER)[-100:])
    assert last.count(last[:1]) < len(last) * 0.9
    messages = scene.messages()
    assert not [who for who in speakers if messages.where(method="INVITE", target=who.socket)]


def test_who_is_recorded_for_as_long_as_a_page_may_last_is_played_to_the_end(scene: Scene):
    """Though 1009, which never answers, is waited for before he is played."""
    first, second = registered(scene, *HORNS)
    with ruled(scene, ZONE, {'speech = "recorded"': 'speech = "recorded"\nmax_length = "4s"'}):
        speaker, other = (
            scene.play(first, "speaker/answers"),
            scene.play(second, "speaker/rings-only"),
        )
        voice = scene.voice(VOICE)
        scene.finish(dial(scene, ZONE, "caller/calls-and-talks", stream=voice, pause=4300))
        scene.finish(speaker, other)

    assert 3.7 <= heard(scene, "1008", VOICE) <= 4.1
    found = report(scene)
    assert (found["times"], sentence(found)["1008"]) == (1, ("played", None, None, ""))


def test_a_recording_in_which_nothing_came_has_paged_nobody(scene: Scene):
    speakers = answering(scene, *HORNS)
    scene.finish(dial(scene, ZONE, pause=2500))
    until("the recorded page", lambda: newest(scene), 15)
    scene.finish(*speakers)

    found = sentence(report(scene))
    silent = ("failed", None, None, "joined, but no audio came from the leader")
    assert found == dict.fromkeys(HORNS, silent)


def test_who_is_recorded_is_played_though_the_pager_went_silent_while_he_spoke(scene: Scene):
    """It let him in; Asterisk plays him alone, as it pages alone."""
    speakers = answering(scene, *HORNS)
    caller = dial(scene, ZONE, "caller/calls-and-talks", stream=scene.voice(VOICE), pause=2500)
    until("his recording", lambda: "!Record!" in scene.pbx.command("core show channels concise"))
    with standing_still(scene):
        scene.finish(caller, *speakers)

    messages = scene.messages()
    [bye] = messages.where(method="BYE", source=caller.who.socket).once()
    for number in HORNS:
        invite = messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert 0 < invite.at - bye.at <= AT_LAST
        assert 0.5 <= heard(scene, number, VOICE) <= 2.8


def test_a_leader_ends_his_page_with_a_key(scene: Scene):
    speakers = answering(scene, *HORNS)
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        leader = dial(scene, "8000", "caller/is-spoken-for")
        voice.said("hears")
        speaking(scene, "8000")
        voice.say(VOICE, 0.5)
        voice.press("*0")
        scene.finish(leader, *speakers)

    messages = scene.messages()
    bye = messages.where(method="BYE", target=leader.who.socket).one()
    for speaker in speakers:
        assert abs(messages.where(method="BYE", target=speaker.who.socket).one().at - bye.at) < 3

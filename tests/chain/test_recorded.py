"""A caller who speaks first and is played then; and what a leader presses while he speaks."""

import pytest

from tests.chain.calling import CALLER, dial
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until
from tests.chain.harness.talker import talker
from tests.chain.pager import ruled, standing_still
from tests.chain.paging import (
    answering,
    heard,
    newest,
    outcomes,
    registered,
    report,
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

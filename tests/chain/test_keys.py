"""What a leader presses while he speaks, and a message that repeats until somebody stops it."""

import json

import pytest

from tests.chain.calling import CALLER, dial
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until
from tests.chain.harness.talker import talker
from tests.chain.pager import healthy
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    heard,
    newest,
    of_zone,
    outcomes,
    registered,
    reports,
    sentence,
    speaking,
)
from tests.chain.test_programs import SAID, bellhop

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ALARM, EVACUATION = "8018", "8019"
BEFORE, BETWEEN, AFTER = 0x35, 0x2A, 0x4B
LONGEST = 6  # s, of a page of 8018


def test_by_keys_a_leader_prolongs_his_page_and_makes_an_emergency_of_it(scene: Scene):
    """*2, then *99: the same speakers, moved with no new call, and one more that only it has."""
    speakers = answering(scene, *SPEAKERS, "1015")
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        leader = dial(scene, ZONE, "caller/is-spoken-for")
        voice.said("hears")
        speaking(scene, ZONE)
        voice.say(BEFORE, 0.5)
        voice.press("*2")
        voice.say(BEFORE, 2)  # while he hears that it was done, no key is taken
        voice.press("*99")
        speaking(scene, EVACUATION)
        voice.say(AFTER, 2)
        voice.press("*0")
        scene.finish(leader, *speakers)

    first, second = of_zone(scene, ZONE), of_zone(scene, EVACUATION)
    messages = scene.messages()
    for number in (*SPEAKERS, "1015"):
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
    assert [note.partition(" ")[2].partition(",")[0] for note in first["notes"][:1]] == ["s more"]
    assert first["notes"][1].startswith(f"became page {second['page']} at ")
    assert len(first["notes"]) == 2
    assert set(outcomes(first).values()) == {"pre-empted"}
    for _, _, _, why in sentence(first).values():
        assert why.startswith(f"taken by {EVACUATION} at ")
    assert outcomes(second) == dict.fromkeys((*SPEAKERS, "1015"), "played")
    for number in (*SPEAKERS, "1015"):
        assert heard(scene, number, AFTER) >= 0.5
        assert (heard(scene, number, BEFORE) > 0) is (number in SPEAKERS)


def test_a_key_makes_no_emergency_for_who_may_not_page_it_and_prolongs_no_page_beyond_its_limit(
    scene: Scene,
):
    """The page of 8100 has no emergency zone and may not be prolonged: it goes on as it was."""
    horns = ("1016", "1017", "1018")
    speakers = answering(scene, *horns)
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        leader = dial(scene, "8100", "caller/is-spoken-for")
        voice.said("hears")
        speaking(scene, "8100")
        voice.say(BEFORE, 0.5)
        for key in ("*99", "*2", "*0"):
            voice.press(key)
            voice.say(AFTER, 1.5)  # while he hears that nothing was done, no key is taken
        scene.finish(leader, *speakers)
    found = of_zone(scene, "8100")
    assert found["notes"] == []
    assert outcomes(found) == dict.fromkeys(horns, "played")
    assert [one["zone"] for one in reports(scene)] == ["8100"]


@pytest.mark.parametrize("how", ["code", "its time"])
def test_an_alarms_message_is_repeated_until_it_is_stopped_or_its_time_is_up(
    scene: Scene, how: str
):
    horns = ("1016", "1017")
    speakers = [
        scene.play(who, "speaker/answers", receive=30_000) for who in registered(scene, *horns)
    ]
    page = json.loads(bellhop(scene, "page", ALARM, "--json", "--say", "leave the house"))["page"]
    if how == "code":
        until("the page to begin", lambda: newest(scene), 15)
        scene.finish(dial(scene, "*808018", "caller/calls-until-it-ends"))
    scene.finish(*speakers)

    found = of_zone(scene, ALARM)
    assert found["page"] == page
    assert outcomes(found) == {**dict.fromkeys(horns, "played"), "1018": "failed"}
    messages = scene.messages()
    if how == "code":
        assert found["stopped_by"] == "1020"
        return
    lasted = [
        messages.where(method="BYE", target=one.who.socket).one().at
        - messages.where(method="INVITE", target=one.who.socket).one().at
        for one in speakers
    ]
    assert (found["stopped_by"], found["times"] >= 2) == ("", True)
    assert all(LONGEST - 1 < one < LONGEST + 3 for one in lasted)
    for number in horns:
        assert heard(scene, number, SAID) >= 2 * 1.3


def test_what_a_leader_says_between_two_keys_is_heard_by_nobody(scene: Scene):
    """*1, and again *1: it pauses his page, and he goes on. Each part is known by its content."""
    speakers = answering(scene, *SPEAKERS)
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        leader = dial(scene, ZONE, "caller/is-spoken-for")
        voice.said("hears")
        room = f"page-{speaking(scene, ZONE)['page']}"
        voice.say(BEFORE, 1)
        voice.press("*1")
        until("him to be muted", lambda: muted(scene, room), 10)
        voice.say(BETWEEN, 3)  # Asterisk tells him that he is muted, and takes no key meanwhile
        voice.press("*1")
        until("him to be heard", lambda: not muted(scene, room), 10)
        voice.say(AFTER, 2)
        voice.press("*0")
        scene.finish(leader, *speakers)

    for number in SPEAKERS:
        assert heard(scene, number, BEFORE) >= 0.5
        assert heard(scene, number, BETWEEN) < 0.05
        assert heard(scene, number, AFTER) >= 1.2  # a beep is all that he loses
    assert outcomes(of_zone(scene, ZONE)) == dict.fromkeys(SPEAKERS, "played")


def test_what_a_leaders_pbx_plays_while_he_holds_is_heard_by_nobody(scene: Scene):
    """Its music, as some do; each part is known by its content."""
    speakers = answering(scene, *SPEAKERS)
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        leader = dial(scene, ZONE, "caller/holds-and-is-spoken-for", pause=3000)
        voice.said("hears")
        room = f"page-{speaking(scene, ZONE)['page']}"
        voice.say(BEFORE, 1)
        until("him to be muted", lambda: muted(scene, room), 10)
        voice.say(BETWEEN, 1)
        until("him to be heard", lambda: not muted(scene, room), 10)
        voice.say(AFTER, 1)
        scene.finish(leader, *speakers)

    for number in SPEAKERS:
        assert heard(scene, number, BEFORE) >= 0.5
        assert heard(scene, number, BETWEEN) < 0.05
        assert heard(scene, number, AFTER) >= 0.5
    assert outcomes(of_zone(scene, ZONE)) == dict.fromkeys(SPEAKERS, "played")


def test_a_leader_who_holds_while_the_pager_is_killed_is_heard_again_by_the_next(scene: Scene):
    assert scene.stack is not None
    speakers = answering(scene, *SPEAKERS)
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        leader = dial(scene, ZONE, "caller/holds-and-is-spoken-for", pause=6000)
        voice.said("hears")
        room = f"page-{speaking(scene, ZONE)['page']}"
        voice.say(BEFORE, 1)
        until("him to be muted", lambda: muted(scene, room), 10)
        pager = scene.stack.container("pager")
        docker("kill", pager)
        docker("start", pager)
        until("him to be heard", lambda: not muted(scene, room), 10)
        voice.say(AFTER, 1)
        scene.finish(leader, *speakers)
    healthy(scene.stack, "pager")

    for number in SPEAKERS:
        assert heard(scene, number, BEFORE) >= 0.5
        assert heard(scene, number, AFTER) >= 0.5


def muted(scene: Scene, room: str) -> bool:
    """Whether the leader is muted in a room: its users are listed with their flags, m for that."""
    listed = scene.pbx.command(f"confbridge list {room}").splitlines()
    [leader] = [line for line in listed if line.startswith("PJSIP/bellhop-edge-")]
    return "m" in leader.split()[1]

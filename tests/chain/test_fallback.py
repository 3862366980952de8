"""The pager is gone, mute, slow or mad: Asterisk pages by itself, and nothing is spoken late."""

import json
import re
import time
from collections.abc import Callable

import pytest

from tests.chain.calling import CALLER, dial, final
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Messages
from tests.chain.harness.stack import docker, until
from tests.chain.harness.talker import talker
from tests.chain.pager import connected, healthy, impostor, paused, stopped
from tests.chain.paging import (
    DIALECT,
    SPEAKERS,
    ZONE,
    answering,
    heard,
    lit,
    newest,
    of_zone,
    outcomes,
    page,
    registered,
    report,
    sent_to,
    sentence,
    speaking,
)

pytestmark = [pytest.mark.timeout(180), pytest.mark.control]

VOICE, OTHER_VOICE = 0x35, 0x2A
TALK = 6000  # ms: the guard's 2 s, the wait for the members, and some seconds of voice
AT_LAST = 3.0  # s, from the caller's INVITE to the member's


def assert_paged_in_time(scene: Scene, messages: Messages, leader_socket: str) -> None:
    """Each speaker was rung once, in its own dialect, within the time, and heard the caller."""
    asked = messages.where(method="INVITE", source=leader_socket)[-1]
    for number in SPEAKERS:
        invite = messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert 0 < invite.at - asked.at <= AT_LAST
        for name, values in DIALECT[number].items():
            assert invite.all(name) == values
        # As the pager has it: who takes no anonymous call takes this one.
        assert invite.header("from").startswith(f'"Warehouse" <sip:{ZONE}@')
        assert heard(scene, number, VOICE) >= 0.5


MANNERS = ("refuses", "mute", "slow", "garbage", "nonsense", "halfway", "dies", "promises")
WAYS: dict[str, Callable[[Scene], object]] = {
    "stopped": stopped,
    "paused": paused,
    **{manner: lambda scene, manner=manner: impostor(scene, manner) for manner in MANNERS},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_zone_is_paged_without_its_pager(scene: Scene, way: str):
    speakers = answering(scene, *SPEAKERS)
    with WAYS[way](scene):
        leader = page(scene, VOICE, talk=TALK)
        scene.finish(leader, *speakers)
    # Back again, it rings nobody late, and nobody twice.
    until("Asterisk to be idle", lambda: not scene.pbx.channels())

    messages = scene.messages()
    assert final(messages, leader).code == 200
    assert_paged_in_time(scene, messages, leader.who.socket)


def test_who_may_not_page_may_not_without_the_pager_either(scene: Scene):
    speakers = registered(scene, *SPEAKERS)
    with stopped(scene):
        refused = scene.play(
            scene.cast.trunk("reception"), "pbx/calls-and-is-refused", number="2002", dialled="8001"
        )
        scene.finish(refused)

    messages = scene.messages()
    answer = final(messages, refused)
    assert (answer.code, answer.header("reason")) == (403, "Q.850;cause=21")
    for speaker in speakers:
        assert not messages.where(method="INVITE", target=speaker.socket)


@pytest.mark.parametrize(("zone", "number"), [(ZONE, "2007"), ("8001", "2001")])
def test_a_phone_behind_the_pbx_pages_without_the_pager(scene: Scene, zone: str, number: str):
    speakers = answering(scene, *SPEAKERS)
    with stopped(scene):
        phone = scene.play(
            scene.cast.trunk("reception"), "pbx/calls-and-talks",
            number=number, dialled=zone, stream=scene.voice(VOICE), pause=TALK,
        )  # fmt: skip
        scene.finish(phone, *speakers)

    for speaker in speakers:
        assert heard(scene, speaker.who.name, VOICE) >= 0.5


def test_a_leader_who_goes_early_without_the_pager_leaves_nobody_in_a_room(scene: Scene):
    devices = registered(scene, *SPEAKERS)
    speakers = [scene.play(who, "speaker/answers-late", pause=1500) for who in devices]
    with stopped(scene):
        leader = dial(scene, ZONE, pause=1000)
        scene.finish(leader, *speakers)
        until("Asterisk to be idle", lambda: not scene.pbx.channels(), 5)

    messages = scene.messages()
    gone = messages.where(method="BYE", source=leader.who.socket)[0]
    for who in devices:
        for bye in messages.where(method="BYE", target=who.socket):
            assert bye.at - gone.at <= 5


def test_a_page_goes_on_when_its_pager_dies_and_ends_with_its_leader(scene: Scene):
    assert scene.stack is not None
    speakers = answering(scene, *SPEAKERS)
    leader = page(scene, VOICE, talk=6000)
    open_room = re.compile(r"^PJSIP/bellhop-edge-[^\n]*!ConfBridge!", re.MULTILINE)
    until(
        "the open microphone",
        lambda: open_room.search(scene.pbx.command("core show channels concise")),
        5,
    )
    name = scene.stack.container("pager")
    docker("kill", name)
    killed = time.time()
    try:
        scene.finish(leader, *speakers)
        until("Asterisk to be idle", lambda: not scene.pbx.channels(), 5)
    finally:
        docker("start", name)
        healthy(scene.stack, "pager")

    messages = scene.messages()
    gone = messages.where(method="BYE", source=leader.who.socket)[0]
    for speaker in speakers:
        after = [p for p in sent_to(scene, speaker.who.name) if p.at > killed]
        assert sum(packet.payload.count(VOICE) for packet in after) / 8000 >= 0.5
        bye = messages.where(method="BYE", target=speaker.who.socket).one()
        assert bye.at - gone.at <= 3
    found = report(scene)
    assert {m["why"] for m in found["members"]} == {
        "not known: the pager was restarted during the page"
    }
    assert set(outcomes(found).values()) == {"failed"}


def test_a_leader_who_waits_for_members_is_let_in_when_the_pager_dies(scene: Scene):
    """Two are there, and the third rings: the head start goes on."""
    assert scene.stack is not None
    devices = registered(scene, *SPEAKERS)
    speakers = [scene.play(who, "speaker/answers") for who in devices[:2]]
    ringing = scene.play(devices[2], "speaker/rings-only")
    leader = page(scene, VOICE, talk=9000)
    until("the members", scene.pbx.rooms, 15)
    name = scene.stack.container("pager")
    docker("kill", name)
    try:
        scene.finish(leader, ringing, *speakers)
        until("Asterisk to be idle", lambda: not scene.pbx.channels(), 5)
    finally:
        docker("start", name)
        healthy(scene.stack, "pager")

    # Not when the zone's time is up, 12 s after it began: he had hung up by then.
    for speaker in speakers:
        assert heard(scene, speaker.who.name, VOICE) >= 2


def test_a_pager_that_was_started_anew_rings_nobody_who_is_in_a_page_of_before(scene: Scene):
    """It asks Asterisk who is where, and its next page leaves them alone."""
    assert scene.stack is not None
    speakers = answering(scene, *SPEAKERS)
    leader = page(scene, VOICE, talk=10_000)
    speaking(scene, ZONE)
    name = scene.stack.container("pager")
    docker("kill", name)
    docker("start", name)
    connected(scene, scene.began)
    second = scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-is-refused", number="2001", dialled=ZONE
    )
    scene.finish(second)
    assert lit(scene, ZONE), "phones see that it is paged"
    scene.finish(leader, *speakers)
    until("the zone to be shown as free", lambda: not lit(scene, ZONE))

    messages = scene.messages()
    assert final(messages, second).code == 486
    for number in SPEAKERS:
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()


def test_a_page_beside_one_that_asterisk_made_alone_rings_none_of_its_members(scene: Scene):
    """The pager is back while it still plays: its members are busy, and hear nothing of the other."""
    assert scene.stack is not None
    speakers = answering(scene, *SPEAKERS, "1015")
    with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
        with stopped(scene):
            leader = dial(scene, ZONE, "caller/is-spoken-for")
            voice.said("hears")
            until("the open room", scene.pbx.rooms, 10)
        connected(scene, scene.began)
        until("the zone to be shown as paged", lambda: lit(scene, ZONE))
        voice.say(VOICE, 1)
        second = scene.play(
            scene.cast.trunk("reception"), "pbx/calls-and-talks",
            number="2001", dialled="8001", stream=scene.voice(OTHER_VOICE), pause=2500,
        )  # fmt: skip
        scene.finish(second)
        voice.say(VOICE, 1)
        third = scene.play(
            scene.cast.trunk("reception"), "pbx/calls-and-is-refused", number="2001", dialled=ZONE
        )
        scene.finish(third)
        voice.press("*0")
        scene.finish(leader, *speakers)

    messages = scene.messages()
    told = messages.where(answers="INVITE", target=third.who.socket).once()
    assert [m.code for m in told if m.code >= 200] == [200, 486]
    for number in (*SPEAKERS, "1015"):
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
    found = sentence(of_zone(scene, "8001"))
    assert found["1015"][0] == "played"
    assert heard(scene, "1015", OTHER_VOICE) >= 0.3
    for number in SPEAKERS:
        assert found[number] == ("failed", 17, 486, "in another page")
        assert heard(scene, number, VOICE) >= 1
        assert heard(scene, number, OTHER_VOICE) < 0.05


def test_when_asterisk_dies_during_a_page_everything_comes_back(scene: Scene):
    assert scene.stack is not None
    stack = scene.stack
    first = answering(scene, *SPEAKERS)
    caller = scene.play(
        scene.cast.device(CALLER), "caller/calls-until-it-ends", dialled=ZONE, receive=20_000
    )
    until("the open room", scene.pbx.rooms, 15)
    name = stack.container("pbx")
    died = json.loads(docker("inspect", "--format={{json .State.StartedAt}}", name))
    docker("kill", name)
    docker("start", name)
    healthy(stack, "pbx")
    assert json.loads(docker("inspect", "--format={{json .State.StartedAt}}", name)) != died
    # Asterisk says BYE to nobody; the pager sees what it has lost, and has the edge do it.
    scene.finish(caller, *first)
    cut = report(scene)
    assert set(outcomes(cut).values()) == {"failed"}
    until(
        "the pager's reconnection",
        lambda: stack.log("pager", scene.began).rstrip().rpartition("ami=")[2].startswith("up"),
        40,
    )

    speakers = answering(scene, *SPEAKERS)
    scene.finish(page(scene, VOICE, talk=3500), *speakers)
    found = until(
        "the next page's report",
        lambda: [r for r in [newest(scene)] if r and r["page"] != cut["page"] and r["ended"]],
    )[0]
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    for number in SPEAKERS:
        assert heard(scene, number, VOICE) >= 0.5

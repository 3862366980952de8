"""AMI is cut while a page is made and while it is spoken: nobody is rung twice, and nothing is lost."""

import re

import pytest

from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until
from tests.chain.paging import SPEAKERS, heard, outcomes, page, registered, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
LATE = 1500  # ms that each member rings


def lost(scene: Scene) -> tuple[int, int]:
    """Return how often the pager has lost AMI, and got it, in this test."""
    assert scene.stack is not None
    said = scene.stack.log("pager", scene.began)
    return said.count("ami=lost"), said.count("ami=up")


def cut(scene: Scene) -> None:
    """Have Asterisk close the pager's AMI connection, and wait until there is another."""
    losses, ups = lost(scene)
    [session] = re.findall(
        r"^ +bellhop +\S+ +[0-9]+ +[0-9]+ +([0-9]+)",
        scene.pbx.command("manager show connected"),
        re.MULTILINE,
    )
    scene.pbx.command(f"manager kick session {session}")
    until("the pager to lose AMI, and get it", lambda: lost(scene) == (losses + 1, ups + 1))


def test_ami_is_cut_while_members_ring_and_while_they_hear(scene: Scene):
    devices = registered(scene, *SPEAKERS)
    speakers = [scene.play(who, "speaker/answers-late", pause=LATE) for who in devices]
    leader = page(scene, VOICE, talk=7000)
    until("the members' channels", lambda: len(scene.pbx.channels()) > len(SPEAKERS), 5)
    cut(scene)
    until("the open room", lambda: speaking(scene), 8)
    cut(scene)
    scene.finish(leader, *speakers)

    messages = scene.messages()
    for who in devices:
        assert messages.where(method="INVITE", target=who.socket).one()
        assert messages.where(method="BYE", target=who.socket).one()
        assert heard(scene, who.name, VOICE) >= 0.5
    found = report(scene)
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    for member in found["members"]:
        assert member["answered_ms"] >= LATE


def speaking(scene: Scene) -> bool:
    """Whether the leader is in the room."""
    said = scene.pbx.command("core show channels concise")
    return re.search(r"^PJSIP/bellhop-edge-[^\n]*!ConfBridge!", said, re.MULTILINE) is not None

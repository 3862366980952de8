"""AMI is cut while a page is made and while it is spoken: nobody is rung twice, and nothing is lost.
And it is silent, which nobody has noticed yet: Asterisk pages by itself, at once.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until
from tests.chain.paging import SPEAKERS, heard, outcomes, page, registered, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
LATE = 1500  # ms that each member rings
AT_LAST = 3.0  # s, from the caller's INVITE to the member's


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
    leader = page(scene, VOICE, talk=10_000)
    until("the members' channels", lambda: len(scene.pbx.channels()) > len(SPEAKERS), 15)
    cut(scene)
    until("the open room", lambda: speaking(scene), 15)
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


@contextmanager
def silent(scene: Scene) -> Iterator[None]:
    """What the pager says to AMI is lost on its way, and the connection stays."""
    assert scene.stack is not None
    rule = f"ipproto tcp dport {scene.site.pager.ami.port} blackhole"
    where = f"--network=container:{scene.stack.container('pager')}"
    lab = f"{scene.stack.project}-lab:latest"

    def ip(what: str) -> None:
        docker(
            "run", "--rm", where, "--cap-add=NET_ADMIN", "--user=0", "--entrypoint=sh", lab,
            "-c", f"ip rule {what} {rule}",
        )  # fmt: skip

    ip("add")
    try:
        yield
    finally:
        ip("del")


def test_a_zone_is_paged_at_once_while_ami_says_nothing(scene: Scene):
    """A connection that was cut is missed when it is asked for the next time, 10 s later at most."""
    devices = registered(scene, *SPEAKERS)
    speakers = [scene.play(who, "speaker/answers") for who in devices]
    with silent(scene):
        leader = page(scene, VOICE, talk=5000)
        scene.finish(leader, *speakers)
    until("Asterisk to be idle", lambda: not scene.pbx.channels())

    messages = scene.messages()
    asked = messages.where(method="INVITE", source=leader.who.socket)[-1]
    for who in devices:
        assert 0 < messages.where(method="INVITE", target=who.socket).one().at - asked.at <= AT_LAST
        assert heard(scene, who.name, VOICE) >= 0.5

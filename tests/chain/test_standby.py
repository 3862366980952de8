"""Two Asterisks: the second takes over, and the first takes pages again when it is well."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bellhop.sides import FIRST, STANDBY, sides
from tests.chain.calling import CALLER, final
from tests.chain.harness.another_edge import scene_at
from tests.chain.harness.cast import Cast
from tests.chain.harness.pair import Pair, pair
from tests.chain.harness.peer import Peer
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, docker, until
from tests.chain.paging import SPEAKERS, ZONE, heard, outcomes, page
from tests.chain.test_hints import states

pytestmark = [pytest.mark.timeout(180), pytest.mark.control]

VOICE = 0x35
LONGEST_DELAY = 3.0  # s, from the caller's INVITE to the last member's


@pytest.fixture(scope="module")
def two(stack: Stack, place: Lab, cast: Cast) -> Iterator[Pair]:
    with pair(stack, place, cast, "standby", last=130) as found:
        yield found


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, stack: Stack, place: Lab, cast: Cast, two: Pair
) -> Iterator[Scene]:
    with scene_at(stack, place, cast, two.site, request.node.name) as scene:
        yield scene


def reported(two: Pair, side: str) -> dict[str, Any] | None:
    """Return the newest page of the pager of a side; None while there is none that has ended."""
    try:
        text = docker("exec", two.pagers[side], "bellhop", "report", "--json")
    except RuntimeError as error:
        if "no page yet" in str(error):
            return None
        raise
    found: dict[str, Any] = json.loads(text)
    return found if found["ended"] else None


def trunk_pages(scene: Scene, byte: int, talk: int) -> Peer:
    """Have the PBX behind the trunk page the zone; its phone's key is not the one that does."""
    return scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-talks", number="2001", dialled=ZONE,
        stream=scene.voice(byte), pause=talk, receive=20_000,
    )  # fmt: skip


def plays(
    scene: Scene, two: Pair, side: str, byte: int = VOICE, leads: Callable[..., Peer] = page
) -> Peer:
    """Page the zone; all of it is played by this side, and reported by its pager."""
    before = reported(two, side)
    speakers = [scene.play(who, "speaker/answers") for who in scene.register(*SPEAKERS)]
    leader = leads(scene, byte, talk=2000)
    scene.finish(leader, *speakers)

    found = until(
        f"the report of {side}",
        lambda: (now := reported(two, side)) != before and now,
    )
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    return leader


def watching(scene: Scene, two: Pair, side: str) -> Peer:
    """Have a phone watch the zone; return once the Asterisk of this side knows of it."""
    asked = docker("exec", two.asterisks[side], "asterisk", "-rx", "core show hints")
    watcher = scene.play(scene.cast.device(CALLER), "caller/watches", dialled=ZONE, receive=40_000)
    until(
        "a watcher",
        lambda: docker("exec", two.asterisks[side], "asterisk", "-rx", "core show hints") != asked,
        10,
    )
    return watcher


def test_pages_go_to_the_first_alone_while_it_is_well(scene: Scene, two: Pair):
    leader = plays(scene, two, FIRST)

    messages = scene.messages()
    assert final(messages, leader).code == 200
    assert not messages.where(method="INVITE", target=str(sides(two.site)[STANDBY]))
    assert reported(two, STANDBY) is None


def test_when_the_first_is_killed_the_second_plays_at_once(scene: Scene, two: Pair, subtests):
    docker("kill", two.asterisks[FIRST])
    try:
        leaders = [plays(scene, two, STANDBY)]
        watcher = watching(scene, two, STANDBY)
        leaders.append(plays(scene, two, STANDBY, VOICE + 1, leads=trunk_pages))
        scene.finish(watcher)
    finally:
        docker("start", two.asterisks[FIRST])

    messages = scene.messages()
    assert states(messages, watcher) == ["terminated", "confirmed", "terminated", "terminated"]
    # However long a phone asks for: its key is told by the first again when that is back.
    asked = messages.where(method="SUBSCRIBE", target=str(sides(two.site)[STANDBY]))[0]
    assert asked.header("Expires") == "120"
    waited = []
    for place, leader in enumerate(leaders):
        asked = messages.where(method="INVITE", source=leader.who.socket)[-1]
        rung = [
            messages.where(method="INVITE", target=scene.cast.device(n).socket)[place].at
            for n in SPEAKERS
        ]
        waited.append(max(rung) - asked.at)
    # The first page waits for the dead one, the second knows.
    assert waited[0] <= LONGEST_DELAY
    assert waited[1] < waited[0]
    for number in SPEAKERS:
        with subtests.test(member=number):
            assert heard(scene, number, VOICE) >= 0.3
            assert heard(scene, number, VOICE + 1) >= 0.3


def test_the_first_takes_pages_again_when_it_is_well(scene: Scene, two: Pair):
    listed = ("kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl", "dispatcher.list")
    first = f"sip:{sides(two.site)[FIRST]}"

    def well() -> bool:
        lines = docker("exec", two.edge, *listed).splitlines()
        place = next(i for i, line in enumerate(lines) if first in line)
        return "AP" in "".join(lines[place : place + 2])

    def watched() -> bool:
        """Else its fallback plays the page, and its pager has nothing to report."""
        return "bellhop" in docker(
            "exec", two.asterisks[FIRST], "asterisk", "-rx", "manager show connected"
        )

    until("the edge to hold the first for well", well, 30)
    until("the first's pager at its AMI", watched, 60)
    plays(scene, two, FIRST)

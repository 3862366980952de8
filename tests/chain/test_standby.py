"""Two Asterisks: the second takes over, and the first takes pages again when it is well."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bellhop.sides import FIRST, STANDBY, sides
from tests.chain.calling import final
from tests.chain.harness.another_edge import scene_at
from tests.chain.harness.cast import Cast
from tests.chain.harness.pair import Pair, pair
from tests.chain.harness.peer import Peer
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, docker, until
from tests.chain.paging import SPEAKERS, heard, outcomes, page

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


def plays(scene: Scene, two: Pair, side: str, byte: int = VOICE) -> Peer:
    """Page the zone; all of it is played by this side, and reported by its pager."""
    before = reported(two, side)
    speakers = [scene.play(who, "speaker/answers") for who in scene.register(*SPEAKERS)]
    leader = page(scene, byte, talk=2000)
    scene.finish(leader, *speakers)

    found = until(
        f"the report of {side}",
        lambda: (now := reported(two, side)) != before and now,
    )
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    return leader


def test_pages_go_to_the_first_alone_while_it_is_well(scene: Scene, two: Pair):
    leader = plays(scene, two, FIRST)

    messages = scene.messages()
    assert final(messages, leader).code == 200
    assert not messages.where(method="INVITE", target=str(sides(two.site)[STANDBY]))
    assert reported(two, STANDBY) is None


def test_when_the_first_is_killed_the_second_plays_at_once(scene: Scene, two: Pair, subtests):
    docker("kill", two.asterisks[FIRST])
    try:
        leaders = [plays(scene, two, STANDBY, byte) for byte in (VOICE, VOICE + 1)]
    finally:
        docker("start", two.asterisks[FIRST])

    messages = scene.messages()
    waited = []
    for place, leader in enumerate(leaders):
        asked = messages.where(method="INVITE", source=leader.who.socket)[-1 - 2 * (1 - place)]
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

"""Pages at random of a house at random, on the wire: leaders speak, press keys, cancel and hang up;
speakers answer at once or late, are busy, fail, ring on, say nothing, or hang up in mid-page; each
as a seed has it. The model is asked many more (tests/unit/test_ami_random_stories.py).
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.chain.harness import places
from tests.chain.harness.peer import Who
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.harness.stack import Stack, until
from tests.chain.paging import registered, reports

pytestmark = [pytest.mark.timeout(240), pytest.mark.control]

SPEAKERS = ("1008", "1009", "1010", "1015", "1016", "1017", "1018")
CALLED = "1009"  # calls that are no pages go there, besides
# Each as often as it stands here.
DIALLED = (
    *("8000",) * 4, *("8010",) * 3, *("8011",) * 3, *("8012",) * 2,
    "8019", "8018", "8001", "8103", CALLED,
)  # fmt: skip
PAGES, RATE, SEED = 40, 1.2, 3
PROGRAM = ("wirepages.py", "wirecalls.py", "wirepeers.py")
UNSAID = 8  # packets on their way as somebody leaves
LOST = 0.05  # of what was sent: a lab without a CPU for a second loses what comes meanwhile


def test_pages_at_random_of_a_house_at_random_all_end_and_each_packet_is_in_a_report(
    scene: Scene, stack: Stack
):
    devices = registered(scene, *SPEAKERS)
    said = play(scene, devices)
    assert said["answered"] == PAGES
    scene.pbx.settled()
    scene.edge.settled(40)  # a silent one is given up on only then
    found = until("all pages to be reported", lambda: ended(scene), 15)
    zones = json.loads(stack.execute("pager", "bellhop", "zones", "--json"))
    states = {one["member"]: one["state"] for zone in zones for one in zone["members"]}
    assert {states[number] for number in SPEAKERS} == {"ready"}

    asked = Counter(zone for zone in said["took"] if zone != CALLED)
    reported = Counter(one["zone"] for one in found)
    assert asked <= reported, "a page without a report"
    sent: Counter[str] = Counter()
    for one in found:
        for member in one["members"]:
            assert not (member["outcome"] == "played" and not member["sent"]), one
            sent[member["device"]] += member["sent"] or 0
    for who in devices:
        assert_one_page_at_a_time(scene.messages(), who.socket)
        if who.name != CALLED:
            heard, told = said["heard"][who.name], sent[who.name]
            assert told * (1 - LOST) - UNSAID <= heard <= told + UNSAID, who.name
    outcomes = {member["outcome"] for one in found for member in one["members"]}
    assert outcomes >= {"played", "pre-empted", "refused", "failed"}, "a dull seed"


def play(scene: Scene, devices: list[Who]) -> dict[str, Any]:
    """Have the pages made; returns what was answered, taken and heard."""
    for name in PROGRAM:
        shutil.copy(Path(places.__file__).with_name(name), scene.directory)
    leader, (host, port) = scene.cast.trunk("reception"), devices[0].edge
    orders = {
        "seed": SEED, "calls": PAGES, "rate": RATE, "number": "2001", "dialled": DIALLED,
        "edge": ":".join(map(str, leader.edge)), "caller": leader.socket,
        "devices_edge": f"{host}:{port}", "speakers": {who.name: who.socket for who in devices},
    }  # fmt: skip
    program = scene.place.there(scene.directory / PROGRAM[0])
    said = places.run(scene.place, "python3", program, json.dumps(orders), timeout=150)
    found: dict[str, Any] = json.loads(said)
    return found


def ended(scene: Scene) -> list[dict[str, Any]] | None:
    """Return the reports of this test's pages when all are over."""
    found = reports(scene)
    return found if found and all(one["ended"] for one in found) else None


def assert_one_page_at_a_time(messages: Messages, socket: str) -> None:
    """A speaker is rung by Asterisk only when its call before has ended, and each of these ends."""
    rung = messages.where(method="INVITE", target=socket).once()
    pages = [m for m in rung if not m.call_id.startswith("random-")]
    assert all(any(ends(messages, one)) for one in pages), messages.ladder()
    for first, second in pairwise(pages):
        assert min(ends(messages, first)) < second.at, f"two:\n{messages.ladder()}"


def ends(messages: Messages, invite: Message) -> Iterator[float]:
    """Yield when a call was ended by each who did: its BYE, its CANCEL, its failure."""
    for m in messages.where(call_id=invite.call_id):
        failed = m.answers == "INVITE" and m.code >= 300
        if failed or m.method in {"BYE", "CANCEL"}:
            yield m.at

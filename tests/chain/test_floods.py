"""Floods beside honest traffic, and a whole site that registers at once after a power cut."""

import hashlib
import json
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.calling import dial
from tests.chain.harness.another_edge import another_edge, rows
from tests.chain.harness.peer import Peer
from tests.chain.harness.raw import raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

POWERCUT = (Path(__file__).parent / "harness" / "powercut.py").read_text("utf-8")
OUTSIDE = "441632960100"
HONEST = 0.99  # of the calls beside a flood
DEVICES = 2000
KAMCMD = ("kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl")
STORM = 30.0  # s: all of them are registered by then
HALF = 4.0  # s, for half of them: measured 0.5, and 7.5 where proving oneself would not help


def succeeded(peer: Peer) -> int:
    """Return how many of a SIPp's calls were as its scenario expects, from its statistics."""
    head, *_, last = peer.file("csv").read_text("utf-8").splitlines()
    return int(dict(zip(head.split(";"), last.split(";"), strict=False))["SuccessfulCall(C)"])


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS"])
def test_honest_calls_go_on_beside_a_flood(scene: Scene, place, method: str):
    """2,000 a second from a stranger, for 4 s; 20 calls a second from a phone."""
    rate, seconds, honest = 2000, 4.0, 60
    stranger = scene.cast.stranger(scene.cast.devices_door)
    flood = request(stranger, method, OUTSIDE, mark="flood-@n@")
    north = scene.play(scene.cast.carrier("north"), "carrier/answers", calls=honest)
    with raw(place, stranger, scene.directory) as attacker:
        attacker.begin_flood(flood, rate, seconds)
        phone = dial(scene, OUTSIDE, calls=honest, pause=50, options=("-r", "20"))
        assert phone.process.wait(timeout=45) in {0, 1}
        sent, answered = attacker.end_flood()
    assert succeeded(phone) >= HONEST * honest, phone.failure(phone.process.returncode)
    north.end()

    bound = scene.site.edge.unproved
    assert sent > rate * seconds / 2, "this machine makes no flood"
    assert answered <= bound * (1 + seconds), "the bound is for a second or two"
    denied = {
        slot["name"]: slot["value"]
        for entry in scene.edge.rpc("htable.dump", "bellhop_denied")
        for slot in entry["slot"]
    }
    assert denied[stranger.address[0]] > (sent - answered) / 2
    assert set(denied) == {stranger.address[0]}, "nobody else was denied"


@pytest.fixture(scope="module")
def large(stack, place, cast) -> Iterator[tuple[Scene, str, list[str]]]:
    """An edge with so many devices; yields the scene, its container, and its devices as powercut.py
    reads them.
    """
    realm = cast.site.site.realm
    people = [(f"5{n:04}", f"storm-{n}", f"secret-{n}") for n in range(DEVICES)]
    known = stack.execute("edge", "cat", "/etc/bellhop/secrets/devices.htdigest")
    digests = "".join(
        f"{user}:{realm}:{hashlib.md5(f'{user}:{realm}:{word}'.encode()).hexdigest()}\n"  # noqa: S324 - SIP's own
        for _, user, word in people
    )
    lines = [f"{number},speaker,,{user}" for number, user, _ in people]
    change = lambda text: text.replace(  # noqa: E731
        'secret_file = "secrets/devices.htdigest"',
        'secret_file = "storm/htdigest"\ndevices_file = "storm/devices.csv"',
    )
    files = {
        "storm/devices.csv": "\n".join(["number,kind,model,auth_user", *lines]) + "\n",
        "storm/htdigest": known + digests,
    }
    with another_edge(stack, place, cast, "storm", last="117", change=change, files=files) as (
        scene,
        name,
    ):
        yield scene, name, [" ".join(one) for one in people]


def registered(name: str) -> int:
    """Return how many contacts an edge has."""
    said = docker("exec", name, *KAMCMD, "stats.fetchn", "usrloc.location_contacts")
    [count] = re.findall(r"location_contacts: ([0-9]+)", said)
    return int(count)


@pytest.mark.parametrize("where", ["many addresses", "one address"])
def test_2000_devices_register_at_once_and_calls_are_answered_meanwhile(large, where: str):
    scene, name, people = large
    houses = [scene.cast.device(n).address[0] for n in ("1008", "1009", "1010", "1015")]
    houses += [scene.cast.stranger().address[0]]
    if where == "one address":
        houses = houses[-1:]
    lines = "".join(f"{one} {houses[n % len(houses)]}\n" for n, one in enumerate(people))
    host, port = scene.cast.devices_door
    argv = ["python3", "-uc", POWERCUT, host, str(port), "2"]
    calls = 30
    before = registered(name)
    north = scene.play(scene.cast.carrier("north"), "carrier/answers", calls=calls)
    with subprocess.Popen(
        scene.place.command(argv, stdin=True),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as storm:
        assert storm.stdin is not None
        assert storm.stdout is not None
        storm.stdin.write(lines)
        storm.stdin.close()
        phone = dial(scene, OUTSIDE, calls=calls, options=("-r", "6"))
        until("the storm", lambda: registered(name) > before + DEVICES / 20, 20)
        assert phone.process.poll() is None, "there are calls in the storm"
        came = json.load(storm.stdout)
    assert storm.returncode == 0
    scene.finish(phone, north)
    assert len(came["took"]) == DEVICES
    assert max(came["took"]) < STORM
    assert statistics.median(came["took"]) < HALF

    # A binding that was replaced is counted until the timer has written that down.
    until("all in the running edge", lambda: registered(name) == DEVICES, 25)
    query = "SELECT count(DISTINCT username) FROM location"
    until("all in the database", lambda: rows(name, "usrloc.db", query) == [[DEVICES]], 25)

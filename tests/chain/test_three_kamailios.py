"""The same files on Kamailio 5.6 (bookworm), 6.0 (trixie) and 6.1 (forky): registration, recursion,
and the ledger. Each runs beside the stack's own edge, on addresses of its own.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellhop.settings import Site, load
from tests.chain.calling import assert_all_settled, cause, dial, final, tried
from tests.chain.harness.capture import Capture
from tests.chain.harness.cast import Cast, device_listener
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
TO_NORTH = "441632960100"
# Image tag, what `kamailio -v` must say, and the last part of its addresses.
KAMAILIOS = [("bookworm", "5.6.", "111"), ("trixie", "6.0.", "112"), ("latest", "6.1.", "113")]

_CONTACTS = """
import sqlite3
base = sqlite3.connect("file:/var/lib/bellhop/usrloc.db?mode=ro", uri=True)
print([row[0] for row in base.execute("SELECT contact FROM location WHERE username = '1008'")])
"""
_ATTEMPTS = """
import json, sqlite3
base = sqlite3.connect("file:/var/lib/bellhop/calls.db?mode=ro", uri=True)
print(json.dumps(base.execute("SELECT leg, code, cause, verdict FROM attempts").fetchall()))
"""


@pytest.fixture(params=KAMAILIOS, ids=[version for _, version, _ in KAMAILIOS])
def smoke(
    request: pytest.FixtureRequest, stack: Stack | None, place: Lab, cast: Cast, site: Site
) -> Iterator[tuple[Scene, str]]:
    """One Kamailio with the stack's site, its addresses changed; yields the scene and container."""
    assert stack is not None
    tag, version, last = request.param
    said = docker("run", "--rm", "--entrypoint", "kamailio", f"bellhop-edge:{tag}", "-v")
    assert f"version: kamailio {version}" in said, f"bellhop-edge:{tag} has {said.splitlines()[0]}"
    directory = place.artifacts / f"kamailio-{version}{request.node.originalname}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    path = directory / "site.toml"
    path.write_text(_moved((ROOT / "build/site/site.toml").read_text("utf-8"), site, last), "utf-8")
    moved = load(path)
    name = f"bellhop-smoke-{tag}"
    _start(name, f"bellhop-edge:{tag}", path, moved, stack)
    try:
        until(f"Kamailio {version} to answer", lambda: _answers(name), 20)
        wire = Capture(stack, place, directory, (moved.edge.devices[0].address.host,))
        wire.start()
        scene = Scene(moved, Cast(moved, cast.secrets, device_listener(moved)), place, directory,
                      wire, stack)  # fmt: skip
        yield scene, name
        scene.end()
    finally:
        with contextlib.suppress(RuntimeError):  # it never came to be
            (directory / "kamailio.log").write_text(docker("logs", name), "utf-8")
            docker("rm", "-f", name)


def _moved(text: str, site: Site, last: str) -> str:
    for host in {one.address.host for one in site.edge.devices} | {site.edge.internal.host}:
        text = text.replace(f"{host}:", f"{host.rpartition('.')[0]}.{last}:")
    return text


def _start(name: str, image: str, path: Path, site: Site, stack: Stack) -> None:
    with contextlib.suppress(RuntimeError):  # one that an aborted run left
        docker("rm", "-f", name)
    project = stack.project
    mounts = json.loads(docker("inspect", "--format={{json .Mounts}}", stack.container("edge")))
    secrets = next(m["Name"] for m in mounts if m["Destination"] == "/etc/bellhop/secrets")
    docker(
        "create", "--name", name, "--user", "5060:5060", "--tmpfs", "/run:uid=5060,gid=5060",
        "--network", f"{project}_outside", "--ip", site.edge.devices[0].address.host,
        "-v", f"{path}:/etc/bellhop/site.toml:ro", "-v", f"{secrets}:/etc/bellhop/secrets:ro",
        image,
    )  # fmt: skip
    docker("network", "connect", "--ip", site.edge.internal.host, f"{project}_inside", name)
    docker("start", name)


def _answers(name: str) -> bool:
    try:
        docker("exec", name, "kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl", "core.uptime")
    except RuntimeError:  # not yet
        return False
    return True


def test_it_registers_a_device_whose_authentication_id_is_not_its_number(smoke):
    scene, name = smoke
    [device] = scene.register("1008")

    answers = scene.messages().where(answers="REGISTER", target=device.socket)
    assert [m.code for m in answers.once()] == [401, 200]
    stored = lambda: device.socket in docker("exec", name, "python3", "-c", _CONTACTS)  # noqa: E731
    until("the registration in the database", stored, 10)


def test_it_takes_a_call_past_a_failing_carrier_and_writes_down_why(smoke):
    scene, name = smoke
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-480", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert final(messages, caller).code == 200
    assert_all_settled(messages)
    written = lambda: json.loads(docker("exec", name, "python3", "-c", _ATTEMPTS))  # noqa: E731
    rows = until("two rows in the ledger", lambda: [r for r in written() if len(written()) > 1], 10)
    assert rows == [
        ["carrier:north", 480, 34, "advance"],
        ["carrier:south", 200, None, "answered"],
    ]


def test_it_stops_at_a_busy_callee(smoke):
    scene, _ = smoke
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-486", reason=cause(17))
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    assert final(messages, caller).code == 486
    assert_all_settled(messages)

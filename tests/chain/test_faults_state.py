"""The state folder fails: its disk is full, or somebody holds its databases locked. Devices register
and calls go on; what could not be written is counted meanwhile, and there when it can be again.
"""

import contextlib
import subprocess
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bellhop.settings import Site
from tests.chain.calling import dial
from tests.chain.faulty import TO_NORTH, Home, carriers, home_at
from tests.chain.harness.another_edge import edge_beside, logged, rows
from tests.chain.harness.stack import DOCKER, docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

STATE = "/var/lib/bellhop"
BASES = ("usrloc.db", "calls.db")
CALLS = 3
# Until the disk has no byte left; what is left of the last block would still take a row.
FILL = f"dd if=/dev/zero of={STATE}/fill bs=4k; dd if=/dev/zero of={STATE}/rest bs=1; true"
# Holds both until its input ends, and says when it does.
LOCK = f"""
import sqlite3, sys
held = [sqlite3.connect("{STATE}/" + name, timeout=20, isolation_level=None) for name in {BASES}]
for one in held:
    one.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
METRICS = (
    "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"
)


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    options = ("--tmpfs", f"{STATE}:uid=5060,gid=5060,size=2m")
    with edge_beside(
        stack, place, cast, "state-faults", last="126", change=carriers({}), options=options
    ) as found:
        yield found


@pytest.fixture
def home(edge, stack, place, cast, request) -> Iterator[Home]:
    with home_at(stack, place, cast, edge, request.node.name) as found:
        yield found


@contextlib.contextmanager
def full_disk(home: Home) -> Iterator[None]:
    docker("exec", home.name, "sh", "-c", FILL)
    try:
        yield
    finally:
        docker("exec", home.name, "rm", f"{STATE}/fill", f"{STATE}/rest")


@contextlib.contextmanager
def locked(home: Home) -> Iterator[None]:
    holder = subprocess.Popen(
        [*DOCKER, "exec", "-i", home.name, "python3", "-c", LOCK],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield


def metric(home: Home, name: str) -> float:
    """Return the sum of a metric's values."""
    url = f"http://{home.scene.site.edge.internal}/metrics"
    families = text_string_to_metric_families(
        docker("exec", home.name, "python3", "-c", METRICS, url)
    )
    found = (sample for family in families for sample in family.samples)
    return sum(one.value for one in found if one.name == f"kamailio_{name}")


@pytest.mark.parametrize("fault", [full_disk, locked], ids=lambda fault: fault.__name__)
def test_devices_register_and_calls_go_on_and_all_is_written_when_it_can_be(
    home: Home, fault: Callable[[Home], contextlib.AbstractContextManager[None]]
):
    scene, number = home.scene, {"full_disk": "1008", "locked": "1009"}[fault.__name__]
    calls = "SELECT count(*) FROM calls WHERE code = 200"
    there = f"SELECT contact FROM location WHERE username = '{number}'"  # noqa: S608 - ours
    with fault(home):
        [device] = scene.register(number)
        speaker = scene.play(device, "speaker/answers")
        scene.finish(dial(scene, number), speaker)
        north = scene.play(scene.cast.carrier("north"), "carrier/answers", calls=CALLS)
        scene.finish(dial(scene, TO_NORTH, calls=CALLS), north)
        records = 2 * (CALLS + 1)  # an attempt and an ending for each
        until(
            "its records to be counted as pending",
            lambda: metric(home, "bellhop_ledger_pending") >= records,
            15,
        )
        assert "ledger=down" in logged(home.name)
        assert device.socket in home.kamcmd("ul.lookup", "location", f"s:{number}")
    until("them to be written", lambda: metric(home, "bellhop_ledger_pending") == 0, 15)
    assert metric(home, "bellhop_ledger_lost_total") == 0
    until("the calls in the ledger", lambda: rows(home.name, "calls.db", calls)[0][0] >= CALLS, 10)
    until("the registration in its database", lambda: rows(home.name, "usrloc.db", there), 15)
    assert "ledger=back" in logged(home.name)
    home.takes_a_call()

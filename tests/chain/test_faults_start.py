"""What a power cut may leave: a database of registrations that is damaged stops no start."""

from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.calling import dial
from tests.chain.harness.another_edge import answers, edge_beside, logged, rows, scene_at
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

BASE = "/var/lib/bellhop/usrloc.db"
SPEAKER = "1008"


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    with edge_beside(stack, place, cast, "start-faults", last="129") as found:
        yield found


@pytest.fixture
def beside(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as found:
        yield found


# How it is left; a copy of what was there is at hand.
LEFT = {
    "empty": f"cp /dev/null {BASE}",
    "garbage": f"head -c 20000 /dev/urandom >{BASE}",
    "half": f"head -c 20000 /tmp/was >{BASE}",
}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_a_damaged_database_of_registrations_is_set_aside_and_devices_register(edge, beside, left):
    _, name = edge
    docker("exec", name, "sh", "-c", f"cp {BASE} /tmp/was; rm {BASE}*; {left}")
    docker("kill", name)
    docker("start", name)
    until("it to be there again", lambda: answers(name), 20)
    assert f"{BASE}.damaged" in docker("exec", name, "sh", "-c", f"ls {BASE}*").split()
    assert "set aside as usrloc.db.damaged" in logged(name)
    [device] = beside.register(SPEAKER)
    speaker = beside.play(device, "speaker/answers")
    beside.finish(dial(beside, SPEAKER), speaker)
    there = f"SELECT contact FROM location WHERE username = '{SPEAKER}'"  # noqa: S608 - ours
    until("the registration in its database", lambda: rows(name, "usrloc.db", there), 15)

"""A carrier that is down costs no call any time: breakers, what is set by hand, limits."""

import json
import time

import pytest

from tests.chain.calling import assert_all_settled, calls, dial, tried
from tests.chain.harness.another_edge import another_edge, rows
from tests.chain.harness.capture import Capture
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

NUMBER = "441632960100"  # north, south, west in this order
TO_WEST = "4930901820"  # west, south
KEYS = {
    "north": 'answer_timeout = "500ms"\nbreaker = 2\nbreaker_pause = "2s"\n',
    "west": 'answer_timeout = "500ms"\ncalls = 1\ncalls_per_second = 2\n',
}


def changed(text):
    for name, keys in KEYS.items():
        before, head, after = text.partition(f"[carriers.{name}]\n")
        text = before + head + keys + after.replace('answer_timeout = "2s"', "", 1)
    return text


class Home:
    """An edge of this module's own; a scene for each test."""

    def __init__(self, scene, name):
        self.scene, self.name = scene, name

    def cli(self, *command, code=0):
        said = docker("exec", self.name, "sh", "-c", 'bellhop "$@"; echo $?', "sh", *command)
        *lines, ended = said.splitlines()
        assert int(ended) == code, said
        return "\n".join(lines)

    def kamcmd(self, *command):
        return docker(
            "exec", self.name, "kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl", *command
        )

    def breaker(self, carrier):
        """Return the breaker of its gateway; None when it is as good as new."""
        gateway = self.scene.site.carriers[carrier].gateways[0]
        said = self.kamcmd("htable.get", "bellhop_health", f"gateway:{carrier}/{gateway}")
        if "value: " not in said:
            assert "Key name doesn't exist" in said
            return None
        return json.loads(said[said.index("value: ") + 7 :].splitlines()[0])

    def until_pause_is_over(self, carrier):
        """All clocks here are one machine's."""
        over = self.breaker(carrier)["until"]
        until("the pause to be over", lambda: time.monotonic_ns() // 1_000_000 > over, 15)

    def skipped(self, call_id):
        """Return leg and rule of the legs of a call that were out, once it is written down."""
        of_call = []

        def written():
            every = rows(self.name, "calls.db", "SELECT call_id, verdict, leg, rule FROM attempts")
            of_call[:] = [row[1:] for row in every if row[0] == call_id]
            return of_call

        until("the ledger", written, 5)
        return [row[1:] for row in of_call if row[0] == "skipped"]


@pytest.fixture(scope="module")
def edge(stack, place, cast):
    with another_edge(stack, place, cast, "health", last="121", change=changed) as (scene, name):
        yield scene, name


@pytest.fixture
def home(edge, stack, place, request):
    whole, name = edge
    directory = place.artifacts / request.node.name
    directory.mkdir(parents=True, exist_ok=True)
    wire = Capture(stack, place, directory, (whole.site.edge.devices[0].address.host,))
    wire.start()
    scene = Scene(whole.site, whole.cast, place, directory, wire, stack)
    found = Home(scene, name)
    yield found
    found.kamcmd("htable.flush", "bellhop_health")
    scene.end()


def test_a_silent_carrier_is_left_alone_tried_by_one_call_and_taken_back(home):
    scene = home.scene
    north, south = scene.cast.carrier("north"), scene.cast.carrier("south")
    silent = scene.play(north, "carrier/silent", calls=3, pause=20_000)
    answers = scene.play(south, "carrier/answers", calls=5)
    for _ in range(2):
        scene.finish(dial(scene, NUMBER))
    assert home.breaker("north")["opened"] == 1
    scene.finish(dial(scene, NUMBER))  # the third finds it open
    home.until_pause_is_over("north")
    scene.finish(dial(scene, NUMBER, calls=2, options=("-r", "10")))  # one of these tries it
    longer = home.breaker("north")
    assert (longer["opened"], longer["pause"]) == (2, 4_000)
    silent.end()
    scene.finish(answers)
    home.until_pause_is_over("north")
    back = scene.play(north, "carrier/answers")
    scene.finish(dial(scene, NUMBER), back)
    assert home.breaker("north") is None

    messages = scene.messages()
    each = calls(messages)
    assert [tried(one, scene) for one in each[:3]] == [["north", "south"]] * 2 + [["south"]]
    assert sorted(tried(one, scene) for one in each[3:5]) == [["north", "south"], ["south"]]
    assert tried(each[5], scene) == ["north"]
    third = each[2].where(method="INVITE")
    assert third[-1].at - third[0].at < 0.4  # a silent north cost each of the others 0.5 s
    assert home.skipped(third[0].call_id) == [["carrier:north", "breaker-open"]]
    assert_all_settled(messages)

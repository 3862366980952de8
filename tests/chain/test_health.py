"""A carrier that is down costs no call any time: breakers, what is set by hand, limits."""

import json
import time

import pytest

from tests.chain.calling import assert_all_settled, calls, dial, final, tried
from tests.chain.harness.another_edge import another_edge, rows
from tests.chain.harness.capture import Capture
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

NUMBER = "441632960100"  # north, south, west in this order
TO_WEST = "4930901820"  # west, south
PROBE = 5.5  # s, and a little: tm's fr_timer
KEYS = {
    "north": 'answer_timeout = "500ms"\nbreaker = 2\nbreaker_pause = "2s"\ncalls_per_second = 2\n',
    "west": 'answer_timeout = "500ms"\ncalls = 1\n',
}


def changed(text):
    text = text.replace("breaker = 0\n", "")
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

    def calls(self, carrier):
        """Return how many calls it has."""
        return int(self.kamcmd("dlg.profile_get_size", "bellhop", carrier))

    def probe(self, carrier):
        """Return what the probes have found of its gateway."""
        shown = json.loads(self.cli("carriers", "--json"))
        (found,) = [one for one in shown["carriers"] if one["carrier"] == carrier]
        return found["gateways"][0]["probe"]

    def stays_alive(self, carrier):
        """Return a question: whether it has been found alive for as long as a probe may be under way.
        One of before it was back is given up then, and it is held for dead until the next one.
        """
        since = time.monotonic()

        def stays():
            nonlocal since
            if self.probe(carrier) != "alive":
                since = time.monotonic()
            return time.monotonic() - since > PROBE

        return stays

    def until_pause_is_over(self, carrier):
        """All clocks here are one machine's."""
        over = self.breaker(carrier)["until"]
        until("the pause to be over", lambda: time.monotonic_ns() // 1_000_000 > over, 15)

    def skipped(self, call_id):
        """Return leg and rule of the legs of a call that were out, once it is written down."""

        def written():
            ended = rows(self.name, "calls.db", "SELECT call_id FROM calls WHERE code IS NOT NULL")
            return [call_id] in ended  # which is the last that is written of a call

        until("the ledger", written, 15)
        every = rows(self.name, "calls.db", "SELECT call_id, verdict, leg, rule FROM attempts")
        return [row[2:] for row in every if row[:2] == [call_id, "skipped"]]


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
    answers = scene.play(south, "carrier/answers", calls=20)
    # One right behind the other: the third finds it open.
    scene.finish(dial(scene, NUMBER, calls=3, options=("-r", "10", "-l", "1")))
    assert home.breaker("north")["opened"] == 1
    home.until_pause_is_over("north")
    scene.finish(dial(scene, NUMBER, calls=2, options=("-r", "10")))  # one of these tries it
    longer = home.breaker("north")
    assert (longer["opened"], longer["pause"]) == (2, 4_000)
    silent.end()
    answers.end()
    home.until_pause_is_over("north")
    back = scene.play(north, "carrier/answers")
    scene.finish(dial(scene, NUMBER), back)
    assert home.breaker("north") is None

    messages = scene.messages()
    each = calls(messages)
    assert [tried(one, scene) for one in each[:3]] == [["north", "south"]] * 2 + [["south"]]
    assert sorted(tried(one, scene) for one in each[3:5]) == [["north", "south"], ["south"]]
    assert tried(each[5], scene) == ["north"]
    first, _, third = (one.where(method="INVITE") for one in each[:3])
    assert third[-1].at - third[0].at < first[-1].at - first[0].at  # a silent north costs 0.5 s
    assert home.skipped(third[0].call_id) == [["carrier:north", "breaker-open"]]
    assert_all_settled(messages)


def test_a_503_is_obeyed_for_as_long_as_it_asks(home):
    scene = home.scene
    north, south = scene.cast.carrier("north"), scene.cast.carrier("south")
    away = scene.play(north, "carrier/rejects-503", reason="Retry-After: 4 (too many calls)")
    answers = scene.play(south, "carrier/answers", calls=2)
    both = dial(scene, NUMBER, calls=2, options=("-r", "2"))  # the second well within the 4 s
    scene.finish(both, away, answers)
    home.until_pause_is_over("north")
    back = scene.play(north, "carrier/answers")
    scene.finish(dial(scene, NUMBER), back)

    each = [tried(one, scene) for one in calls(scene.messages())]
    assert each == [["north", "south"], ["south"], ["north"]]


def test_when_every_carrier_is_out_the_caller_is_told_at_once(home):
    scene = home.scene
    for name in ("south", "west"):
        assert home.cli("carriers", "drain", name) == f"{name}: drain (was allow)"
    away = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason="Retry-After: 20")
    scene.finish(dial(scene, NUMBER, "caller/calls-and-is-refused"), away)
    caller = dial(scene, NUMBER, "caller/calls-and-is-refused")
    scene.finish(caller)

    second = calls(scene.messages())[1]
    assert tried(second, scene) == []
    told = final(second, caller)
    assert (told.code, told.all("reason")) == (503, ["Q.850;cause=41"])
    assert 10 <= int(told.header("retry-after")) <= 20
    assert told.at - second.where(method="INVITE")[-1].at < 1
    out = home.skipped(told.call_id)
    assert out == [
        ["carrier:north", "breaker-open"],
        ["carrier:south", "drained"],
        ["carrier:west", "drained"],
    ]


def test_a_carrier_is_drained_blocked_and_allowed_by_hand(home):
    scene = home.scene
    north, south = scene.cast.carrier("north"), scene.cast.carrier("south")
    talks = scene.play(north, "carrier/answers")
    caller = dial(scene, NUMBER, pause=7_000)
    until("a call at north", lambda: home.calls("north") == 1, 15)
    said = home.cli("carriers", "drain", "north")
    assert said == "north: drain (was allow); 1 of its calls go on"
    scene.finish(caller, talks)  # it talked to its end
    answers = scene.play(south, "carrier/answers", calls=2)
    scene.finish(dial(scene, NUMBER))
    assert home.cli("carriers", "block", "north") == "north: block (was drain)"
    scene.finish(dial(scene, NUMBER), answers)
    inbound = scene.play(
        north, "carrier/calls-in-and-is-refused", number="442079460000", dialled="442071838750"
    )
    scene.finish(inbound)
    shown = json.loads(home.cli("carriers", "--json"))
    assert shown["not_learned"] == []
    assert {one["carrier"]: one["hand"] for one in shown["carriers"]} == {
        "north": "block", "south": "allow", "west": "allow",
    }  # fmt: skip
    assert home.cli("carriers", "allow", "north") == "north: allow (was block)"
    back = scene.play(north, "carrier/answers")
    scene.finish(dial(scene, NUMBER), back)

    messages = scene.messages()
    outbound = [one for one in calls(messages) if tried(one, scene)]
    assert [tried(one, scene) for one in outbound] == [["north"], ["south"], ["south"], ["north"]]
    assert final(messages, inbound).code == 503


def test_no_more_calls_at_once_than_a_carrier_may_have(home):
    scene = home.scene
    west, south = scene.cast.carrier("west"), scene.cast.carrier("south")
    talks = scene.play(west, "carrier/answers")
    other = scene.play(south, "carrier/answers")
    both = dial(scene, TO_WEST, calls=2, pause=3_000, options=("-r", "5"))
    until("a call at west", lambda: home.calls("west") == 1, 15)
    scene.finish(both, talks, other)  # the BYE frees the place
    until("the place to be free", lambda: home.calls("west") == 0, 15)
    rings = scene.play(west, "carrier/rings-forever")
    scene.finish(dial(scene, TO_WEST, "caller/cancels-while-ringing"), rings)
    until("the place to be free", lambda: home.calls("west") == 0, 15)
    rejects = scene.play(west, "carrier/rejects-503")
    other = scene.play(south, "carrier/answers")
    caller = dial(scene, TO_WEST, pause=4_000)
    until("a call at south", lambda: home.calls("south") == 1, 15)
    assert home.calls("west") == 0  # the call goes on without it
    scene.finish(caller, rejects, other)

    each = [tried(one, scene) for one in calls(scene.messages())]
    assert each == [["west"], ["south"], ["west"], ["west", "south"]]


def test_no_more_calls_in_a_second_than_a_carrier_may_get(home):
    """Six within a tenth of one; a second may end among them, and then two more may go."""
    scene = home.scene
    north = scene.play(scene.cast.carrier("north"), "carrier/answers", calls=6)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=6)
    scene.finish(dial(scene, NUMBER, calls=6, options=("-r", "60")))
    north.end()
    south.end()

    each = calls(scene.messages())
    at_north = sum(tried(one, scene) == ["north"] for one in each)
    lasted = each[-1][0].at - each[0][0].at
    assert 2 <= at_north <= 2 * (2 + int(lasted))
    at_south = [one for one in each if tried(one, scene) == ["south"]]
    assert len(at_south) == 6 - at_north
    assert home.skipped(at_south[-1][0].call_id) == [["carrier:north", "rate-limit"]]


def probing(text):
    """Only north is probed: nobody answers for the others."""
    text = text.replace("breaker = 0\n", "")
    for name in ("south", "west"):
        text = text.replace(f"[carriers.{name}]\n", f"[carriers.{name}]\nprobe = false\n")
    return text.replace("attempts = 4", 'probe = "1s"\nattempts = 4')


def test_the_dispatcher_finds_a_dead_gateway_and_one_that_is_back(stack, place, cast):
    with another_edge(stack, place, cast, "probing", last="122", change=probing) as (scene, name):
        home = Home(scene, name)
        north, south = scene.cast.carrier("north"), scene.cast.carrier("south")
        until("north to be found dead", lambda: home.probe("north") == "dead", 20)
        answers = scene.play(south, "carrier/answers")
        scene.finish(dial(scene, NUMBER), answers)
        back = scene.play(north, "carrier/answers-calls-and-options", calls=1_000)
        until("north to be found alive, and no other word of it", home.stays_alive("north"), 25)
        scene.finish(dial(scene, NUMBER))
        back.end()

        messages = scene.messages()
        first, second = (tried(one, scene) for one in calls(messages))
        assert (first, second) == (["south"], ["north"])
        asked = messages.where(method="OPTIONS", target=north.socket)
        assert {one.source for one in asked} == {str(scene.site.edge.trunks[0].address)}
        assert not messages.where(method="OPTIONS", target=south.socket)

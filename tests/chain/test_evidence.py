"""What an operator can count and look up: the metrics and the ledger tell what was on the wire."""

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chain.calling import cause, dial, final, to, tried
from tests.chain.harness.scene import Scene

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

TO_NORTH = "441632960100"

ATTEMPTS = "kamailio_bellhop_attempts_total"
CONFLICTS = "kamailio_bellhop_conflicts_total"
CALLS = "kamailio_bellhop_calls_total"
DELAY = "kamailio_bellhop_post_dial_delay_seconds"


class Metrics(dict[tuple[str, tuple[str, ...]], float]):
    """Values by name and the values of the labels."""

    def __missing__(self, key: tuple[str, tuple[str, ...]]) -> float:
        return 0.0

    def since(self, before: "Metrics") -> dict[tuple[str, tuple[str, ...]], float]:
        """Return what has grown, and by how much."""
        return {key: value - before[key] for key, value in self.items() if value != before[key]}


def metrics(scene: Scene) -> Metrics:
    status, text = scene.edge.get("/metrics")
    assert status == 200
    return Metrics(
        ((sample.name, tuple(sample.labels.values())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )


def test_prometheus_reads_what_happened_to_the_calls(scene: Scene):
    before = metrics(scene)
    patience = scene.site.carriers["north"].answer_timeout
    north = scene.play(scene.cast.carrier("north"), "carrier/silent", pause=patience + 1000)
    south = scene.play(scene.cast.carrier("south"), "carrier/answers-late", pause=300)
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-486", reason=cause(63))
    scene.finish(dial(scene, TO_NORTH, "caller/calls-and-is-refused"), north)
    grown = metrics(scene).since(before)

    assert {key: n for key, n in grown.items() if not key[0].startswith(DELAY)} == {
        (ATTEMPTS, ("north", "none", "advance")): 1,
        (ATTEMPTS, ("south", "none", "answered")): 1,
        (ATTEMPTS, ("north", "63", "stop")): 1,
        (CONFLICTS, ("north", "486", "63")): 1,
        (CALLS, ("200",)): 1,
        (CALLS, ("486",)): 1,
    }
    # The caller heard something once, from south: after all of north's silence, and no later than
    # the capture says (it has the INVITE on its way in, and the 180 on its way out).
    messages = scene.messages()
    [*_, invite] = messages.where(method="INVITE", source=caller.who.socket).once()[:2]
    heard = next(iter(messages.where(answers="INVITE", target=caller.who.socket, code=180)))
    waited = grown[f"{DELAY}_sum", ("south",)]
    [silence] = to(messages, scene, "south")
    [began, *_] = to(messages, scene, "north")
    # Our clock counts whole milliseconds.
    assert silence.at - began.at - 0.01 <= waited <= heard.at - invite.at + 0.001
    assert grown[f"{DELAY}_count", ("south",)] == 1
    buckets = {
        key[1][1]: n
        for key, n in grown.items()
        if key[0] == f"{DELAY}_bucket" and key[1][0] == "south"
    }
    assert buckets["+Inf"] == 1
    assert all(n == 1 and float(le) >= waited for le, n in buckets.items())
    assert not [key for key in grown if key[0] == f"{DELAY}_count" and key[1] == ("north",)]


def test_every_number_of_the_page_is_one_that_prometheus_can_keep(scene: Scene):
    for (name, labels), value in metrics(scene).items():
        assert math.isfinite(value), (name, labels)


def test_the_metrics_are_for_the_sites_own_daemons(scene: Scene):
    assert scene.edge.get("/metrics", of="pager")[0] == 200
    assert scene.edge.get("/metrics", of="pbx") == (403, "not from here\n")
    assert scene.edge.get("/metric", of="pager")[0] == 404


def test_a_question_that_is_no_json_is_refused_and_not_left_waiting(scene: Scene):
    assert scene.edge.get("/RPC") == (400, "no JSON-RPC\n")


def test_the_ledger_has_what_the_caller_got(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/rejects-404", reason=cause(1))
    west = scene.play(scene.cast.carrier("west"), "carrier/rejects-503")
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north, south, west)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south", "west"]
    got = final(messages, caller)
    [ended] = scene.edge.endings(got.call_id)
    assert (ended["code"], ended["of"], ended["attempts"]) == (got.code, 2, 3)
    assert [f"Q.850;cause={ended['cause']}"] == got.all("reason")
    assert (ended["caller"], ended["dialled"], ended["leg"]) == ("1020", TO_NORTH, "")
    assert [row["gateway"] for row in scene.edge.attempts(got.call_id, 3)] == [
        peer.who.socket for peer in (north, south, west)
    ]


def test_the_ledger_has_a_call_that_goes_nowhere(scene: Scene):
    caller = dial(scene, "7777", "caller/calls-and-is-refused")
    scene.finish(caller)
    got = final(scene.messages(), caller)
    [ended] = scene.edge.endings(got.call_id)
    assert (ended["code"], ended["cause"], ended["why"]) == (404, 1, "unknown-number")
    assert (ended["caller"], ended["dialled"], ended["attempts"]) == ("1020", "7777", 0)


def test_what_works_beside_the_calls_gives_way_to_the_workers(scene: Scene):
    """By the kernel's word, of each of Kamailio's processes (proc(5): the 19th field is nice)."""
    assert scene.stack is not None
    found = {}
    for one in scene.edge.rpc("core.psx"):
        stat = scene.stack.execute("edge", "cat", f"/proc/{one['PID']}/stat")
        found[one["DSC"]] = int(stat.rpartition(")")[2].split()[16])
    beside = {name for name in found if name.startswith("RTIMER")}
    assert len(beside) >= 4
    assert {name for name, nice in found.items() if nice == 5} == beside
    assert {nice for name, nice in found.items() if name not in beside} == {0}

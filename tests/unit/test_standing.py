"""How a carrier stands: the edge's words and the ledger's counts, put together."""

from pathlib import Path

import msgspec
import pytest

from bellhop.health import Breaker
from bellhop.ledger import Tally
from bellhop.registrations import State
from bellhop.settings import load
from bellhop.standing import Edge, probes, registrations, standing, table

NORTH = load(Path(__file__).parent / "sites" / "good.toml").carriers["north"]
ADDRESS = "203.0.113.1:5060"
KEY = f"gateway:north/{ADDRESS}"
NOW = 1_000_000.0


def stored(**keys):
    return msgspec.json.encode(Breaker(**keys)).decode()


def tally(verdict, times, *, leg="carrier:north", rule="r", code=None, cause=None):
    return Tally(leg=leg, verdict=verdict, rule=rule, code=code, cause=cause, times=times)


def stands(edge=None, tallies=()):
    return standing(NORTH, edge or Edge(health={}, probes={}, calls={}), tallies, NOW)


def test_answered_calls_are_by_those_that_reached_it():
    found = stands(
        tallies=[
            tally("answered", 6, code=200),
            tally("advance", 3, code=503, cause=34),
            tally("stop", 1, code=486),
            tally("advance", 2),
            tally("advance", 9, rule="not-sent"),
            tally("skipped", 7, rule="breaker-open"),
            tally("answered", 100, leg="carrier:south", code=200),
        ]
    )
    assert (found.attempts, found.answered, found.ratio) == (12, 6, 0.5)
    assert found.causes == (("Q.850 34", 3), ("no reply", 2), ("SIP 486", 1))
    assert found.skipped == {"breaker-open": 7}


def test_an_answer_that_came_too_late_is_no_second_attempt():
    silent = tally("advance", 2)
    late = tally("late", 2, rule="late-answer", code=200)
    assert stands(tallies=[silent, late]) == stands(tallies=[silent])


def test_what_was_not_learned_is_not_made_up():
    found = standing(NORTH, Edge(), None, NOW)
    assert (found.hand, found.calls, found.attempts, found.ratio) == (None, None, None, None)
    (gateway,) = found.gateways
    assert (gateway.breaker, gateway.probe) == (None, None)


def test_who_has_no_call_has_none():
    assert stands(Edge(calls={"south": 2})).calls == 0
    assert stands(Edge(calls={"north": 2})).calls == 2


def test_registrations_are_one_record_several_or_none():
    record = {"l_uuid": "44", "flags": 20, "diff_expires": 9}
    over = record | {"l_uuid": "45", "diff_expires": 0}
    assert registrations(record) == {"44": State.REGISTERED}
    assert registrations([record, over]) == {"44": State.REGISTERED, "45": State.FAILED}
    assert registrations({}) == registrations([]) == {}


def test_without_an_attempt_there_is_no_ratio():
    assert stands().ratio is None


@pytest.mark.parametrize(
    ("kept", "state", "again"),
    [
        (None, "closed", None),
        (stored(faults=2), "closed", None),
        (stored(until=5, at=NOW - 10, pause=30_000, why="silence"), "open", NOW + 20),
        (stored(until=5, at=NOW - 30, pause=30_000, why="silence"), "half-open", NOW),
        ("open", None, None),
    ],
)
def test_a_breaker_is_told_by_the_clock_on_the_wall(kept, state, again):
    health = {} if kept is None else {KEY: kept}
    (gateway,) = stands(Edge(health=health, probes={}, calls={})).gateways
    assert (gateway.breaker, gateway.again) == (state, again)


@pytest.mark.parametrize(
    ("flags", "probe"),
    [("AP", "alive"), ("AX", "alive"), ("TP", "alive"), ("IP", "dead"), ("DX", "off")],
)
def test_a_probe_is_told_in_a_word(flags, probe):
    edge = Edge(health={}, probes={f"sip:{ADDRESS}": flags}, calls={})
    assert stands(edge).gateways[0].probe == probe


def test_a_gateway_that_is_not_in_the_dispatchers_list_is_not_probed():
    assert stands(Edge(health={}, probes={}, calls={})).gateways[0].probe == "off"


def test_a_name_is_shown_with_what_it_resolves_to(tmp_path):
    text = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
    file = tmp_path / "site.toml"
    file.write_text(text.replace(f'"{ADDRESS}"', '"sip.north.example"'))
    named = load(file).carriers["north"]
    names = {"sip.north.example": ("203.0.113.1:5070", "203.0.113.9:5060")}
    found = standing(named, Edge(health={}, probes={}, calls={}, names=names), (), NOW)
    assert [g.address for g in found.gateways] == ["203.0.113.1:5070", "203.0.113.9:5060"]
    assert {g.gateway for g in found.gateways} == {"sip.north.example"}
    alone = standing(named, Edge(health={}, probes={}, calls={}, names={}), (), NOW)
    assert [g.address for g in alone.gateways] == [""]


def test_a_dump_becomes_a_table():
    dump = [
        {"entry": 1, "size": 2, "slot": [{"name": "a", "value": "1", "type": "str"}, {"name": "b", "value": 2}]},
        {"entry": 3, "size": 0},
    ]  # fmt: skip
    assert table(dump) == {"a": "1", "b": "2"}
    assert table([]) == {}


def test_the_dispatchers_list_is_read_however_it_is_nested():
    dest = {"URI": "sip:a", "FLAGS": "AP", "PRIORITY": 0}
    other = {"URI": "sip:b", "FLAGS": "IP"}
    listed = {
        "NRSETS": 1,
        "RECORDS": [{"SET": {"ID": 1, "TARGETS": [{"DEST": dest}, {"DEST": other}]}}],
    }
    assert probes(listed) == {"sip:a": "AP", "sip:b": "IP"}
    assert probes({"NRSETS": 0, "RECORDS": []}) == {}

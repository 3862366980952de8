"""`bellhop carriers` against an edge that is a small HTTP server: what it asks, sets and tells."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellhop.commands.carriers import command
from bellhop.entries import Entry
from bellhop.ledger import Ledger
from tests.unit import fake_edge

GOOD = Path(__file__).with_name("sites") / "good.toml"
OPEN = '{"opened":1,"until":9,"why":"silence","at":4102444800,"pause":30000}'


class FakeEdge(fake_edge.Edge):
    """One table, and nobody's calls."""

    table: dict
    calls: dict
    registered = None  # what uac.reg_dump says

    def said(self, method, params):
        match method, params:
            case "htable.dump", ["bellhop_health"]:
                slot = [{"name": k, "value": v, "type": "str"} for k, v in self.table.items()]
                self.send({"result": [{"entry": 1, "size": len(slot), "slot": slot}]})
            case "htable.sets", ["bellhop_health", key, value]:
                self.table[key] = value
                self.send({"result": "Ok. Key set to new value."})
            case "htable.delete", ["bellhop_health", key] if key in self.table:
                del self.table[key]
                self.send({"result": "Ok. Key deleted."})
            case "dlg.profile_get_size", ["bellhop", carrier]:
                self.send({"result": self.calls.get(carrier, 0)})
            case "pv.shvGet", ["bellhop_names"]:
                self.send({"result": {"name": "bellhop_names", "value": ""}})
            case "uac.reg_dump", [] if self.registered is not None:
                self.send({"result": self.registered})
            case "dispatcher.list", []:
                self.send({"error": {"code": 500, "message": "No Destination Sets"}}, 500)
            case _:
                self.send({"error": {"code": 404, "message": "Method Not Found"}}, 404)


@pytest.fixture
def edge(tmp_path):
    """Serve, and return the class that answers, with the site file that names it."""

    class Edge(FakeEdge):
        table = {}  # noqa: RUF012 - one for each test
        calls = {}  # noqa: RUF012

    with fake_edge.serving(Edge) as port:
        Edge.site = tmp_path / "site.toml"
        text = GOOD.read_text("utf-8").replace("198.51.100.10:5080", f"127.0.0.1:{port}")
        Edge.site.write_text(text.replace("/var/lib/bellhop", str(tmp_path)))
        (tmp_path / "usrloc.db").touch()  # it is the edge's machine
        yield Edge


def run(edge, *arguments):
    return CliRunner().invoke(command, ["--site", str(edge.site), *arguments])


def test_every_carrier_is_told_with_its_gateways_and_calls(edge):
    edge.table |= {"hand:south": "drain", "gateway:north/203.0.113.1:5060": OPEN}
    edge.calls["north"] = 3
    done = run(edge)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    opened = "since 2100-01-01 00:00:00 UTC, until 00:00:30 UTC"
    assert [lines[0], lines[1], *lines[3:5]] == [  # how many seconds that are is in lines[2]
        "north: allow",
        f"  203.0.113.1:5060  breaker open [silence], {opened},",
        "  calls             3 now",
        "  answered          nothing was tried",
    ]
    assert "south: drain" in lines


def test_on_another_machine_what_became_of_calls_is_not_known(edge, tmp_path):
    (tmp_path / "usrloc.db").unlink()
    done = run(edge)
    assert done.exit_code == 1
    assert "  answered          not known" in done.output.splitlines()
    assert "it is on the edge's machine" in done.stderr


def registering(edge):
    """Have north be a carrier that we register at, and return the contact."""
    text = edge.site.read_text("utf-8")
    contact = text.partition("[[dids]]")[2].partition('number = "')[2].partition('"')[0]
    keys = 'auth_user = "a"\nsecret_file = "s"\nregister_user = "a"\n'
    keys += f'register_contact = "{contact}"\n'
    edge.site.write_text(text.replace("[carriers.north]\n", f"[carriers.north]\n{keys}"))
    return contact


@pytest.mark.parametrize(
    ("flags", "left", "said"), [(20, 9, "registered"), (18, 0, "trying"), (16, 0, "failed")]
)
def test_where_our_registration_is_stands_beside_its_carrier(edge, flags, left, said):
    record = {"l_uuid": registering(edge), "flags": flags, "diff_expires": left}
    edge.registered = [record]
    assert f"  registration      {said}" in run(edge).output.splitlines()
    told = {
        c["carrier"]: c["registration"] for c in json.loads(run(edge, "--json").output)["carriers"]
    }
    assert (told["north"], told["south"]) == (said, "")


def test_a_registration_that_nobody_tells_of_is_not_known(edge):
    registering(edge)
    done = run(edge, "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["carriers"][0]["registration"] is None
    assert said["not_learned"][0].startswith("where we are registered: ")


def test_programs_get_numbers(edge, tmp_path):
    ledger = Ledger.writing(tmp_path / "calls.db")
    whole = {
        "call": "c", "call_id": "i", "caller": "1020", "dialled": "44", "profile": "carrier",
        "leg": "carrier:north", "at": 4_102_444_800.0, "after_ms": 0, "ms": 5,
        "rang": False, "rule": "r", "why": "w",
    }  # fmt: skip
    ledger.add([Entry(**whole, attempt=1, code=503, cause=34, verdict="advance")])
    ledger.add([Entry(**whole, attempt=2, code=200, cause=None, verdict="answered")])
    ledger.close()
    done = run(edge, "--json")
    said = json.loads(done.output)
    north = said["carriers"][0]
    assert said["not_learned"] == []
    assert (north["carrier"], north["attempts"], north["answer_seizure_ratio"]) == ("north", 2, 0.5)
    assert north["causes"] == [["Q.850 34", 1]]


def test_a_dispatcher_whose_list_is_still_empty_has_found_nothing_yet(edge):
    text = edge.site.read_text("utf-8").replace("[edge]\n", '[edge]\nprobe = "10s"\n')
    edge.site.write_text(text)
    done = run(edge, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["not_learned"] == []
    assert {g["probe"] for one in said["carriers"] for g in one["gateways"]} == {None}


def test_what_could_not_be_learned_is_said_and_why(edge, tmp_path):
    (tmp_path / "calls.db").write_text("no database at all, but long enough to be read as one")
    nobody = edge.site.read_text("utf-8").replace("127.0.0.1:", "127.0.0.2:")
    edge.site.write_text(nobody)
    done = run(edge, "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    edge_said, ledger_said = said["not_learned"]
    assert "does not answer" in edge_said
    assert ledger_said.startswith("what became of calls: ")
    assert said["carriers"][0]["hand"] is None


@pytest.mark.parametrize("hand", ["drain", "block"])
def test_a_carrier_is_set_aside_and_taken_back(edge, hand):
    edge.calls["north"] = 2
    done = run(edge, hand, "north")
    assert done.output == f"north: {hand} (was allow); 2 of its calls go on\n"
    assert edge.table == {"hand:north": hand}
    edge.table |= {"gateway:north/203.0.113.1:5060": OPEN, "gateway:northern/x": OPEN}
    assert run(edge, "allow", "north").output == f"north: allow (was {hand})\n"
    assert edge.table == {"gateway:northern/x": OPEN}  # it is given a fresh start, and no other


def test_a_name_that_no_carrier_has_changes_nothing(edge):
    done = run(edge, "block", "nrth")
    assert done.exit_code == 1
    assert "no carrier 'nrth'; known: north" in done.output
    assert edge.table == {}


def test_an_edge_that_does_not_answer_is_told(edge):
    edge.site.write_text(edge.site.read_text("utf-8").replace("127.0.0.1:", "127.0.0.2:"))
    done = run(edge, "drain", "north")
    assert done.exit_code == 1
    assert "does not answer" in done.output


def test_a_span_that_is_none_is_refused(edge):
    done = run(edge, "--last", "a while")
    assert done.exit_code == 2
    assert 'expected a duration like "24h" or "7d", got "a while"' in done.output
    assert run(edge, "--last", "7d").exit_code == 0


def test_help_of_a_verb_needs_no_site():
    told = CliRunner().invoke(command, ["--site", "/nowhere/site.toml", "drain", "--help"])
    assert told.exit_code == 0
    assert "Give CARRIER no new calls" in told.output
    told = CliRunner().invoke(command, ["--site", "/nowhere/site.toml", "drain", "north"])
    assert told.exit_code == 1
    assert "/nowhere/site.toml: No such file" in told.output


def test_the_site_stands_before_the_verb_or_behind_it(edge):
    argv = ["drain", "north", "--site", str(edge.site)]
    assert CliRunner().invoke(command, argv).output.startswith("north: drain (was allow)")
    wrong = ["--site", "/nowhere/site.toml", *argv]
    assert CliRunner().invoke(command, wrong).exit_code == 0  # what stands nearer counts

"""`bellhop reload` against an edge that is a small HTTP server: what it asks, and what it tells."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellhop import rpc
from bellhop.addresses import Address
from bellhop.commands.reload import command
from bellhop.settings import load
from tests.unit import fake_edge

GOOD = Path(__file__).with_name("sites") / "good.toml"


class FakeEdge(fake_edge.Edge):
    """Kamailio's shared variables over JSON-RPC; `answer` says what a wish comes to."""

    variables: dict
    answer: dict

    def said(self, method, params):
        match method, params:
            case "pv.shvSet", [name, "int", value]:
                self.variables[name] = value
                said = {"wanted": value, **self.answer} if self.answer else {}
                self.variables["bellhop_said"] = json.dumps(said) if said else ""
                self.send({"result": "ok"})
            case "pv.shvGet", [name] if name in self.variables:
                self.send({"result": {"name": name, "value": self.variables[name]}})
            case _:
                self.send({"error": {"code": 404, "message": "Variable not found"}}, 404)


@pytest.fixture
def edge(tmp_path):
    """Serve, and return the class that answers, with the site file that names it."""

    class Edge(FakeEdge):
        variables = {"bellhop_wanted": 0, "bellhop_said": ""}  # noqa: RUF012 - one for each test
        answer = {"mistakes": [], "changed": ["routes"]}  # noqa: RUF012

    with fake_edge.serving(Edge) as port:
        Edge.site = tmp_path / "site.toml"
        internal = str(load(GOOD).edge.internal)
        Edge.site.write_text(GOOD.read_text().replace(internal, f"127.0.0.1:{port}"))
        yield Edge


def run(edge, *more):
    return CliRunner().invoke(command, ["--site", str(edge.site), *more])


def test_it_tells_which_tables_changed(edge):
    ran = run(edge)
    assert (ran.exit_code, ran.stdout) == (0, "reloaded: routes\n")


def test_what_of_each_table_changed_stands_below_and_in_the_json(edge):
    lines = ['routes: 1 gone: "4420"', "carriers: 1 changed: north (calls)"]
    edge.answer = {"changed": ["carriers", "routes"], "differences": lines}
    assert run(edge).stdout.splitlines() == [
        "reloaded: carriers, routes",
        *(f"  {n}" for n in lines),
    ]
    assert json.loads(run(edge, "--json").stdout)["differences"] == lines


def test_two_within_a_second_are_two_wishes(edge):
    run(edge)
    first = edge.variables["bellhop_wanted"]
    run(edge)
    assert edge.variables["bellhop_wanted"] > first


@pytest.mark.parametrize(
    "table", ["devices", "zones", "schedules", "features", "numbering", "standby"]
)
def test_it_says_when_others_have_the_old_site_yet(edge, table):
    edge.answer = {"mistakes": [], "changed": ["carriers", table]}
    assert "until they are reloaded too" in run(edge).stdout


def test_what_the_edge_refuses_is_told_and_is_an_exit_code(edge):
    edge.answer = {"mistakes": ["edge.trunks: only a restart of Kamailio changes it"]}
    ran = run(edge)
    assert ran.exit_code == 1
    assert ran.stderr.splitlines() == [
        "edge.trunks: only a restart of Kamailio changes it",
        "bellhop: reload: nothing was changed",
    ]


@pytest.mark.parametrize("wrong", ["here", "there"])
def test_of_a_wrong_file_it_says_that_kamailio_would_not_start_with_it(edge, wrong):
    if wrong == "here":
        edge.site.write_text("schema = 7\n")
    edge.answer = {"mistakes": ["secrets/devices.htdigest: No such file or directory"]}
    ran = run(edge)
    assert ran.exit_code == 1
    last = "Kamailio would not start with this file: mend it before the next start"
    assert ran.stderr.splitlines()[-1] == last


def test_a_wrong_file_is_not_even_asked_for(edge):
    edge.site.write_text("schema = 7\n")
    ran = run(edge, "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["mistakes"][0] == "site.toml:1: schema: expected 1, got 7"
    assert edge.variables["bellhop_wanted"] == 0


def test_an_edge_that_is_not_there_is_told(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(GOOD.read_text().replace(str(load(GOOD).edge.internal), "127.0.0.1:9"))
    ran = CliRunner().invoke(command, ["--site", str(site)])
    assert ran.exit_code == 1
    assert "the edge at 127.0.0.1:9 does not answer" in ran.stderr


def test_what_the_edge_does_not_know_is_told_apart_from_its_silence(edge):
    address = load(edge.site).edge.internal
    with pytest.raises(rpc.NotKnownError, match="Variable not found"):
        rpc.call(address, "pv.shvGet", "nothing")
    with pytest.raises(rpc.RpcError, match="does not answer"):
        rpc.call(Address("127.0.0.1", 9), "core.uptime")

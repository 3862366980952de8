"""`bellhop reload` against an edge that is a small HTTP server: what it asks, and what it tells."""

import http.server
import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellhop import rpc
from bellhop.commands.reload import command
from bellhop.settings import load
from bellhop.values import Address

GOOD = Path(__file__).with_name("sites") / "good.toml"


class FakeEdge(http.server.BaseHTTPRequestHandler):
    """Kamailio's shared variables over JSON-RPC; `answer` says what a wish comes to."""

    variables: dict
    answer: dict

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match asked["method"], asked.get("params", []):
            case "pv.shvSet", [name, "int", value]:
                self.variables[name] = value
                said = {"wanted": value, **self.answer} if self.answer else {}
                self.variables["bellhop_said"] = json.dumps(said) if said else ""
                self._send({"result": "ok"})
            case "pv.shvGet", [name] if name in self.variables:
                self._send({"result": {"name": name, "value": self.variables[name]}})
            case _:
                self._send({"error": {"code": 404, "message": "Variable not found"}}, 404)

    def _send(self, answer, status=200):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, **answer}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def edge(tmp_path):
    """Serve, and return the class that answers, with the site file that names it."""

    class Edge(FakeEdge):
        variables = {"bellhop_wanted": 0, "bellhop_said": ""}  # noqa: RUF012 - one for each test
        answer = {"mistakes": [], "changed": ["routes"]}  # noqa: RUF012

    server = http.server.HTTPServer(("127.0.0.1", 0), Edge)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Edge.site = tmp_path / "site.toml"
    internal = str(load(GOOD).edge.internal)
    port = server.server_port
    Edge.site.write_text(GOOD.read_text().replace(internal, f"127.0.0.1:{port}"))
    yield Edge
    server.shutdown()
    server.server_close()
    thread.join()


def run(edge, *more):
    return CliRunner().invoke(command, ["--site", str(edge.site), *more])


def test_it_tells_which_tables_changed(edge):
    ran = run(edge)
    assert (ran.exit_code, ran.stdout) == (0, "reloaded: routes\n")


def test_two_within_a_second_are_two_wishes(edge):
    run(edge)
    first = edge.variables["bellhop_wanted"]
    run(edge)
    assert edge.variables["bellhop_wanted"] > first


def test_it_says_when_others_have_the_old_site_yet(edge):
    edge.answer = {"mistakes": [], "changed": ["carriers", "devices"]}
    assert "restarted" in run(edge).stdout


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
    last = "Kamailio does not start with this file: mend it before it must"
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

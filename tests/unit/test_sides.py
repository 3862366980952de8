"""The Asterisk that stands by: what it and its pager are told of the site."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellhop.addresses import Address
from bellhop.commands.render import command
from bellhop.gateways import Gateway
from bellhop.names import Record, permitted
from bellhop.reload import needs_restart
from bellhop.render_kamailio import listen_cfg
from bellhop.rpc import RpcError
from bellhop.settings import SiteError, load
from bellhop.sides import FIRST, STANDBY, at, beside, sides
from pager.turn import Turn

GOOD = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
TABLE = """
[standby]
address = "198.51.100.21:5060"
media = "192.0.2.21"
agi = "198.51.100.31:4573"
ami = "198.51.100.21:5038"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(GOOD + TABLE)
    return path


def test_each_asterisk_is_known_by_its_address(file):
    site = load(file)
    assert list(sides(site)) == [FIRST, STANDBY]
    assert at(site, "198.51.100.20") == FIRST
    assert at(site, "198.51.100.21") == STANDBY
    assert at(site, "198.51.100.22") is None


@pytest.mark.parametrize("host", ["198.51.100.21", "198.51.100.31"])
def test_no_name_of_a_carriers_leads_to_the_second_or_its_pager(file, host):
    there = Record(host=host, port=5060, priority=0, weight=0)
    name = Gateway("sip.carrier.example", 0, named=True)
    assert permitted([there], name, load(file)) == ()
    assert permitted([there], name, replace(load(file), standby=None)) == (there,)


def test_beside_the_second_its_own_addresses_are_the_sites(file):
    site = load(file)
    assert beside(site, FIRST) is site
    mine = beside(site, STANDBY)
    assert mine.pbx.address == Address("198.51.100.21", 5060)
    assert mine.pbx.media == "192.0.2.21"
    assert (str(mine.pager.agi), str(mine.pager.ami)) == (
        "198.51.100.31:4573",
        "198.51.100.21:5038",
    )
    assert mine.pager.ami_user == site.pager.ami_user
    with pytest.raises(SiteError, match=r"there is no \[standby\]"):
        beside(replace(site, standby=None), STANDBY)


def test_the_second_ones_files_are_written_by_name(file, tmp_path):
    arguments = ["asterisk", str(file), "--standby", "--into", str(tmp_path / "there")]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    assert "bind = 198.51.100.21:5060" in (tmp_path / "there" / "pjsip.conf").read_text()
    assert "permit = 198.51.100.31" in (tmp_path / "there" / "manager.conf").read_text()
    extensions = (tmp_path / "there" / "extensions.conf").read_text()
    assert "BELLHOP_AGI = 198.51.100.31:4573" in extensions


def test_where_none_stands_by_nothing_is_written(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(GOOD)
    arguments = ["asterisk", str(path), "--standby", "--into", str(tmp_path / "there")]
    ended = CliRunner().invoke(command, arguments)
    assert ended.exit_code == 1
    assert "there is no [standby]" in ended.output
    assert not (tmp_path / "there").exists()


def test_the_edge_probes_both_where_one_stands_by(file, tmp_path):
    site = load(file)
    assert "#!define BELLHOP_PROBE 2\n" in listen_cfg(site)
    without = tmp_path / "without.toml"
    without.write_text(GOOD)
    assert "BELLHOP_PROBE" not in listen_cfg(load(without))
    assert needs_restart(load(without), site) == ("standby: the table",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('address = "198.51.100.21:5060"', "", "standby.address: is missing"),
        (
            'address = "198.51.100.21:5060"',
            'address = "198.51.100.20:5062"',
            "standby.address: 198.51.100.20 is an address of pbx too",
        ),
        (
            'address = "198.51.100.21:5060"',
            'address = "203.0.113.1:5060"',
            "carriers.north: 203.0.113.1 is an address of standby too",
        ),
        ("agi =", "agx =", 'standby.agx: no such key; did you mean "agi"?'),
    ],
)
def test_a_standby_that_cannot_be_is_told(file, old, new, said):
    assert TABLE.count(old) == 1
    file.write_text(GOOD + TABLE.replace(old, new))
    with pytest.raises(SiteError) as raised:
        load(file)
    assert any(said in line for line in raised.value.lines), raised.value.lines


def listing(flags):
    entry = {"DEST": {"URI": "sip:198.51.100.20:5060", "FLAGS": flags}}
    return {"NRSETS": 1, "RECORDS": [{"SET": {"ID": 20118, "TARGETS": [entry]}}]}


@pytest.mark.parametrize(("flags", "mine"), [("AP", False), ("IP", True), ("TP", False)])
def test_the_second_pager_rings_bells_only_while_the_first_asterisk_is_dead(
    file, monkeypatch, flags, mine
):
    asked = []

    def ask(edge, method):
        asked.append((edge, method))
        return json.loads(json.dumps(listing(flags)))

    monkeypatch.setattr("pager.turn.ask", ask)
    site = load(file)
    turn = Turn(site, STANDBY)
    assert turn() is mine
    assert not turn.reports
    assert asked == [(site.edge.internal, "dispatcher.list")]


def test_the_first_pager_rings_and_reports_without_asking(file, monkeypatch):
    monkeypatch.setattr("pager.turn.ask", None)
    turn = Turn(load(file))
    assert turn()
    assert turn.reports


def test_a_second_pager_that_cannot_ask_tries_and_reports(file, monkeypatch):
    def silent(_edge, _method):
        raise RpcError("no answer")

    monkeypatch.setattr("pager.turn._PATIENCE", 0)
    monkeypatch.setattr("pager.turn.ask", silent)
    assert Turn(load(file), STANDBY)()


@pytest.mark.parametrize(("flags", "mine"), [("AP", False), ("IP", True)])
def test_a_second_pager_whose_edge_has_just_begun_waits_until_it_knows(
    file, monkeypatch, flags, mine
):
    """At first it has no list: a bell was rung by both."""
    answers = [RpcError("No Destination Sets"), RpcError("No Destination Sets"), listing(flags)]

    def ask(_edge, _method):
        answer = answers.pop(0)
        if isinstance(answer, RpcError):
            raise answer
        return answer

    slept = []
    monkeypatch.setattr("pager.turn.time.sleep", slept.append)
    monkeypatch.setattr("pager.turn.ask", ask)
    assert Turn(load(file), STANDBY)() is mine
    assert not answers
    assert len(slept) == 2

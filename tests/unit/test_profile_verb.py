"""`bellhop explain --profile`: what is told of a profile, built in or a site's own."""

import json
from pathlib import Path

import pytest

from bellhop import cli

GOOD = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
MINE = """
[profiles.mine]
extends = "broadworks-inbound"
source = "a contract"
advance = [404, 603]
stop = ["4xx"]
stop_causes = ["1@U", 34]
advance_causes = [16, 102]
refine_5xx = true
"""


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(GOOD + MINE)
    return str(file)


@pytest.fixture
def told(capsys):
    def run(*arguments):
        code = cli.run(["explain", *arguments])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return run


def test_a_profile_alone_lists_its_settings_and_each_rule_with_its_source(told, site):
    said = json.loads(told("--profile", "mine", "--site", site, "--json"))
    assert (said["profile"], said["extends"], said["source"]) == (
        "mine", "broadworks-inbound", "a contract",
    )  # fmt: skip
    assert said["settings"]["refine_5xx"] == {
        "value": True, "source": "profile mine: refine_5xx (a contract)",
    }  # fmt: skip
    assert said["settings"]["on_480"] == {"value": "by-ringing", "source": "default"}
    rules = {(c["kind"], c["what"]): (c["says"], c["instead"]) for c in said["changes"]}
    assert rules == {
        ("setting", "refine_5xx"): ("true", "false"),
        ("code", "403"): ("stop", "by cause"),
        ("code", "404"): ("advance", "by cause"),
        ("code", "4xx"): ("stop", "by cause"),
        ("code", "603"): ("advance", "stop"),
        ("cause", "1@U"): ("stop", "stop"),
        ("cause", "16"): ("advance", "by code"),
        ("cause", "34"): ("stop", "advance"),
        ("cause", "102"): ("advance", "by ringing"),
    }
    sources = {c["what"]: c["source"] for c in said["changes"]}
    assert sources["403"].startswith("profile broadworks-inbound: stop (")
    assert sources["404"] == "profile mine: advance (a contract)"


def test_people_are_told_the_same_in_lines(told, site):
    out = " ".join(told("--profile", "mine", "--site", site).split())
    assert out.startswith("mine extends broadworks-inbound")
    assert "refine_5xx true [profile mine: refine_5xx (a contract)]" in out
    assert "603 advance (carrier: stop) [profile mine: advance (a contract)]" in out
    assert "cause 1@U stop (carrier too)" in out


def test_carrier_changes_nothing(told):
    assert json.loads(told("--profile", "carrier", "--json"))["changes"] == []
    assert "changes nothing" in told("--profile", "carrier")


def test_a_failure_is_explained_by_a_sites_own_profile(told, site):
    said = json.loads(
        told("503", "--reason", "Q.850;cause=34", "--profile", "mine", "--site", site, "--json")
    )
    assert (said["verdict"], said["rule"]) == ("stop", "profile-stop-cause")
    assert said["source"] == "profile mine: stop_causes (a contract)"
    assert said["carrier"] == {"verdict": "advance", "rule": "server-failure"}
    out = " ".join(told("503", "--site", site).split())
    assert "mine too says advance [server-failure]" in out or "mine decides the same" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "none"], "expected one of broadworks-inbound, carrier"),
        (["--profile", "mine", "--site", "nowhere.toml"], "nowhere.toml: No such file"),
        (["--profile", "carrier", "--rang"], "expected CODE"),
        (["--profile", "carrier", "--reason", "Q.850;cause=34"], "expected CODE"),
    ],
)
def test_what_cannot_be_told_is_said_in_one_line(capsys, arguments, words):
    assert cli.run(["explain", *arguments]) in {1, 2}
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_site_with_mistakes_explains_nothing(capsys, tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(GOOD + '[profiles.x]\nextends = "y"\n')
    assert cli.run(["explain", "404", "--site", str(file)]) == 1
    assert 'profiles.x.extends: no profile "y"' in capsys.readouterr().err


def test_of_a_profile_that_nobody_knows_it_is_said_how_a_sites_own_are_known(bellhop, site):
    code, _, err = bellhop("explain", "480", "--profile", "north")
    assert (code, err.rstrip().endswith("; a site's own are known with --site FILE")) == (2, True)
    code, _, err = bellhop("explain", "480", "--profile", "north", "--site", site)
    assert (code, "mine" in err, "--site FILE" in err) == (2, True, False)

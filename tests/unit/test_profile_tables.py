"""Profiles in a site file: what is no profile is told with its line, and who may name one."""

import pytest

from bellhop.cli import run
from bellhop.profiles import BUILT_IN
from bellhop.recursion import Failure, Verdict, decide
from bellhop.settings import load
from tests.unit.conftest import GOOD


@pytest.fixture
def told(told):
    """Return the mistakes of the good site with more at its end."""
    return lambda more: told(f"{GOOD}\n{more}\n")


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("stop = [302]", "stop: item 1: expected a code from 400 to 699"),
        ('stop = ["404"]', 'stop: item 1: expected a code from 400 to 699, "4xx", "5xx" or "6xx"'),
        ('stop = ["3xx"]', "stop: item 1: expected a code"),
        ("stop = [true]", "stop: item 1: expected a code"),
        ("stop = 404", "stop: expected a list, got 404"),
        ("stop = [404, 404]", "stop: 404 stands in the list twice"),
        ("stop = [404]\nadvance = [480, 404]", "advance: 404 stands in `stop` too"),
        ('stop = ["5xx"]\nadvance = ["5xx"]', "advance: 5xx stands in `stop` too"),
        ("stop_causes = [0]", "stop_causes: item 1: expected a cause from 1 to 127"),
        ("stop_causes = [true]", "stop_causes: item 1: expected a cause from 1 to 127"),
        ("stop_causes = [128]", "stop_causes: item 1: expected a cause from 1 to 127"),
        ("stop_causes = [17.0]", "stop_causes: item 1: expected a cause from 1 to 127"),
        ('stop_causes = ["21"]', "stop_causes: item 1: expected a cause from 1 to 127"),
        ('stop_causes = ["21@X"]', "stop_causes: item 1: expected a cause from 1 to 127"),
        ('stop_causes = ["21@u"]', "stop_causes: item 1: expected a cause from 1 to 127"),
        ('stop_causes = ["21@U,U"]', "stop_causes: item 1: expected a cause from 1 to 127"),
        ('stop_causes = ["0@U"]', "stop_causes: item 1: expected a cause from 1 to 127"),
        ('stop_causes = ["1@U"]\nadvance_causes = ["1@RPN,U"]',
         "advance_causes: 1@U stands in `stop_causes` too"),
        ('on_480 = "maybe"', 'on_480: expected one of "by-ringing", "advance", "stop", got "maybe"'),
        ('redirect = "go"', 'redirect: expected one of "relay", "follow", "fail"'),
        ("trust_6xx = 0", "trust_6xx: expected true or false, got 0"),
        ("stop_codes = [403]", 'stop_codes: no such key; did you mean "stop_causes"?'),
        ('extends = "carier"', 'extends: no profile "carier"; did you mean "carrier"?'),
        ('extends = "x"', "extends: the profile extends itself: x > x"),
    ],
)  # fmt: skip
def test_a_table_that_says_nothing_clear_is_told_with_its_line(told, table, complaint):
    line = GOOD.count("\n") + 2 + (complaint.startswith("advance") or 0) + 1
    [mistake] = told(f"[profiles.x]\n{table}")
    assert mistake.startswith(f"site.toml:{line}: profiles.x.{complaint}")


def test_a_chain_that_comes_back_is_told_to_those_in_it_alone(told):
    said = told(
        '[profiles.a]\nextends = "b"\n[profiles.b]\nextends = "c"\n[profiles.c]\nextends = "b"'
    )
    assert [line.split(": ", 1)[1] for line in said] == [
        "profiles.b.extends: the profile extends itself: b > c > b",
        "profiles.c.extends: the profile extends itself: c > b > c",
    ]


def test_who_extends_a_broken_profile_is_not_blamed(told):
    said = told('[profiles.a]\nextends = "b"\n[profiles.b]\nstop = [1]')
    assert len(said) == 1
    assert "profiles.b.stop" in said[0]


def test_a_profile_that_nobody_has_is_told_where_it_is_named_alone(told):
    [mistake] = told(
        '[profiles.a]\nextends = "b"\n[profiles.b]\nextends = "c"\n[profiles.c]\nextends = "d"'
    )
    assert ': profiles.c.extends: no profile "d";' in mistake


def test_a_built_in_profile_is_not_to_be_redefined(told):
    [mistake] = told("[profiles.carrier]\nstop = [404]")
    assert mistake.endswith("profiles.carrier: a built-in profile has this name")


def test_a_long_chain_of_profiles_is_no_traceback(told):
    chain = "".join(f'[profiles.p{n}]\nextends = "p{n + 1}"\n' for n in range(1500))
    assert told(chain + "[profiles.p1500]\nstop = [404]") == []


def test_a_carrier_a_route_and_a_did_may_name_a_sites_own_profile(tmp_path):
    file = tmp_path / "site.toml"
    text = GOOD.replace('profile = "carrier"', 'profile = "mine"')
    text += '\n[profiles.mine]\nstop = [404]\n[[routes]]\nprefix = "39"\ncarriers = ["north"]\n'
    file.write_text(text + 'profile = "mine"\n')
    site = load(file)
    assert decide(Failure(404), site.profiles["mine"]).verdict is Verdict.STOP
    assert site.routes[-1].profile == site.dids[1].profile == "mine"
    assert set(site.profiles) == {*BUILT_IN, "mine"}


@pytest.mark.parametrize("where", ["routes", "dids"])
def test_a_profile_that_nobody_has_is_told(told, where):
    table = {
        "routes": '[[routes]]\nprefix = "39"\ncarriers = ["north"]',
        "dids": '[[dids]]\nnumber = "39"\nto = ["1008"]',
    }[where]
    [mistake] = told(f'{table}\nprofile = "mine"\n[profiles.mein]\nstop = [404]')
    assert mistake.endswith('.profile: no profile "mine"; did you mean "mein"?')


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        ('stop_causes = [17]\nadvance = ["4xx", "5xx"]', "its codes decide before them"),
        ('advance_causes = ["21@LN"]\nstop = ["4xx"]\nadvance = ["6xx"]', "its codes decide"),
        ("stop_causes = [17]\ntrust_reason = false", "its trust_reason is false"),
        ('stop_causes = [17]\nadvance = ["4xx", "5xx"]\ncauses_first = true', ""),
        ('stop_causes = [17]\nadvance = ["4xx"]\nrefine_5xx = true', ""),
        ('stop_causes = [17]\nadvance = ["4xx"]\ntrust_6xx = false', ""),
        ("stop_causes = [17]\nadvance = [480]", ""),
        ('advance = ["4xx", "5xx"]', ""),
    ],
)
def test_causes_that_are_never_asked_are_noted(tmp_path, capsys, lists, why):
    file = tmp_path / "site.toml"
    file.write_text(f"{GOOD}\n[profiles.mine]\n{lists}\n")
    assert run(["check", str(file)]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "profiles." in line]
    assert len(said) == bool(why)
    assert all(f"are never asked: {why}" in line for line in said)

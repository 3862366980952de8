"""The guides: their examples are good where they say they go, and what a program gets has its line."""

import json
import re
import shlex
import textwrap
import tomllib
from collections import Counter
from dataclasses import fields
from pathlib import Path

import msgspec
import pytest

from bellhop import dialling, finals, redirects, sides
from bellhop.calls import Exhausted
from bellhop.commands.replay import _contract as replayed
from bellhop.health import Out
from bellhop.ledger import Ending, Entry
from bellhop.recursion import Failure
from bellhop.replay import Group, Replay
from bellhop.report import MemberReport, Report
from bellhop.settings import load
from bellhop.standing import GatewayStanding, Standing

ROOT = Path(__file__).parents[2]
SITE = (ROOT / "config" / "site.toml").read_text("utf-8")
_HEADING = re.compile(r"\s*(\[[^#]*\])\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(\w+)\s*=")


def examples(guide):
    """Return the pieces of a site file that a guide has, fenced or indented, in their order."""
    text = (ROOT / "docs" / guide).read_text("utf-8")
    fenced = r"^```toml\n((?:(?!```).*\n)*)"
    indented = r"^((?:    .*\n|\n(?=    ))*    \[.*\n(?:    .*\n|\n(?=    ))*)"
    found = re.findall(f"{fenced}|{indented}", text, re.MULTILINE)
    pieces = [one or textwrap.dedent(other) for one, other in found]
    return [one for one in pieces if "declined_message_types" not in one]  # Asterisk's own


def tables(text):
    """Return the headings of a site file, each with its lines."""
    found = [("", [])]
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            found.append((heading[1], []))
        else:
            found[-1][1].append(line)
    return found[1:]


def laid_over(site, piece):
    """Return a site's tables with a piece's keys instead of the same ones; routes all anew."""
    changed = {heading for heading, _ in tables(piece) if heading.startswith("[[")}
    found = [(heading, lines) for heading, lines in site if heading not in changed]
    for heading, lines in tables(piece):
        keys = {key[1] for line in lines if (key := _KEY.match(line))}
        there = [old for name, old in found if name == heading and not heading.startswith("[[")]
        for old in there:
            kept = [line for line in old if not (k := _KEY.match(line)) or k[1] not in keys]
            old[:] = [*kept, *lines]
        if not there:
            found.append((heading, lines))
    return found


@pytest.mark.parametrize(
    ("guide", "pieces"), [("asterisk", 1), ("kamailio", 1), ("paging", 11), ("recursion", 11)]
)
def test_what_a_guide_has_of_a_site_file_is_good_in_one(tmp_path, guide, pieces):
    site = tables(SITE)
    found = examples(f"{guide}.md")
    assert len(found) >= pieces
    for piece in found:
        assert tomllib.loads(piece)
        site = laid_over(site, piece)
        text = "\n".join("\n".join([heading, *lines]) for heading, lines in site)
        (tmp_path / "site.toml").write_text(f"schema = 1\n{text}\n")
        load(tmp_path / "site.toml")


def keys_of(guide, what):
    """Return the keys that a guide's table has of what a program gets."""
    text = (ROOT / "docs" / guide).read_text("utf-8")
    [rows] = re.findall(rf"^\| key \| of {what} \|\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    names = re.findall(r"^\| (.*?) \|", rows, re.MULTILINE)
    return {key for one in names for key in re.findall(r"`(\w+)`", one)}


_CALL = {"call", "call_id", "caller", "dialled"}


@pytest.mark.parametrize(
    ("what", "has"),
    [
        ("a call", {*_CALL, "began", "answered", "ending", "attempts"}),
        ("an ending", set(Ending.__struct_fields__) - _CALL),
        ("an attempt", set(Entry.__struct_fields__) - _CALL),
        ("a carrier", {one.name for one in fields(Standing)} | {"answer_seizure_ratio"}),
    ],
)
def test_each_key_of_what_a_program_gets_of_calls_has_its_line(what, has):
    assert keys_of("recursion.md", what) == has


def test_each_key_of_a_gateway_is_told():
    text = (ROOT / "docs" / "recursion.md").read_text("utf-8")
    [line] = re.findall(r"^\| `gateways` \|.*$", text, re.MULTILINE)
    assert {one.name for one in fields(GatewayStanding)} <= set(re.findall(r"`(\w+)`", line))


@pytest.mark.parametrize(("what", "struct"), [("a page", Report), ("a member", MemberReport)])
def test_each_key_of_a_report_has_its_line(what, struct: type[msgspec.Struct]):
    assert keys_of("paging.md", what) == set(struct.__struct_fields__)


def names_in(value, *, at="settings"):
    """Return all keys of a JSON value, but for those that a site names."""
    if isinstance(value, list):
        return set().union(*map(names_in, value))
    if not isinstance(value, dict):
        return set()
    below = [
        one for name in value for one in ([*value[name].values()] if name == at else [value[name]])
    ]
    return set(value) | names_in(below)


def told_to_programs():
    """Return what the section for programs has in backquotes."""
    text = (ROOT / "docs" / "recursion.md").read_text("utf-8")
    [section] = re.findall(r"^### For programs\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", section.partition("`bellhop explain")[2]))


@pytest.mark.parametrize(
    "asked",
    [
        "explain 404 --profile broadworks-inbound",  # where `carrier` decides otherwise
        "explain --profile broadworks-inbound",
        "reason Q.850;cause=34;text=x;location=U",
    ],
)
def test_each_key_of_what_is_said_of_a_decision_is_told(bellhop, asked):
    code, out, _ = bellhop(*asked.split(), "--json")
    assert code == 0
    assert names_in(json.loads(out)) <= told_to_programs()


def test_each_key_of_a_replay_is_told():
    group = Group(was=("advance", "no-reply"), would=("stop", "x"), source="y")
    came = Replay(conflicts={(486, 63): Counter(attempts=1, otherwise=0)})
    assert names_in(replayed("carrier", came, [group])) <= told_to_programs()


def test_a_decision_that_a_guide_shows_is_what_is_printed(bellhop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = (ROOT / "docs" / "recursion.md").read_text("utf-8")
    [(asked, shown)] = re.findall(
        r"^    \$ bellhop (explain .*)\n((?:    .*\n)+)", text, re.MULTILINE
    )
    assert bellhop(*shlex.split(asked)) == (0, textwrap.dedent(shown), "")


def first_column(of):
    """Return what the rows of one of the guide's tables are of."""
    text = (ROOT / "docs" / "recursion.md").read_text("utf-8")
    [rows] = re.findall(rf"^\| {of} \| what it says \|\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    names = re.findall(r"^\| (.*?) \|", rows, re.MULTILINE)
    return {name for one in names for name in re.findall(r"`([a-z-]+)`", one)}


def test_each_rule_that_the_policy_does_not_have_is_told():
    unsent = {finals.NOT_REGISTERED, finals.UNRESOLVED, finals.NOT_SENT}
    moved = {finals.FOLLOWED, redirects.REFUSED}
    decided = sides.decided(Failure(486), sides.FIRST)
    others = {decided.rule, "late-answer", *Out}
    assert first_column("rule") == unsent | moved | others


def test_each_end_of_a_call_that_is_no_rule_is_told():
    refused = (dialling.NOT_A_NUMBER, dialling.UNKNOWN, dialling.NOT_ALLOWED)
    phrases = {one.phrase.lower().replace(" ", "-") for one in refused}
    used_up = {one.value for one in Exhausted}
    assert first_column("ended") == {"answered", "cancelled", *used_up, *Out, *phrases}

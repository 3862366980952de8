"""`bellhop zones`: what the pager says of each member, and where it does not know."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from bellhop.settings import load
from pager.overview import Overview

SITE = load(Path(__file__).parents[2] / "config" / "site.toml")


def states(*, there=("1008", "1009"), in_call=(), in_page=None, out=None, reached=True):
    """Return the state of each member of zone 8000, and why."""
    overview = Overview(
        SITE,
        SimpleNamespace(in_pages=lambda: in_page or {}),
        lambda numbers: None if there is None else {n for n in numbers if n in there},
        SimpleNamespace(of=lambda numbers: {n: ["x"] for n in numbers if n in in_call}),
        SimpleNamespace(of=lambda _zone: out or {}),
        reaches=lambda: reached,
    )
    [zone] = [one for one in asyncio.run(overview()) if one["zone"] == "8000"]
    return {m["member"]: (m["state"], m["why"]) for m in zone["members"]}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({}, ("ready", "")),
        ({"there": ()}, ("absent", "not registered")),
        ({"there": None}, ("unknown", "the edge could not be asked")),
        ({"in_call": ("1008",)}, ("busy", "in a call")),
        ({"in_page": {"1008": "1-a"}}, ("busy", "in page 1-a")),
        ({"out": {"1008": "taken out"}}, ("taken-out", "taken out")),
        ({"reached": False}, ("unknown", "the pager does not reach Asterisk")),
        ({"reached": False, "there": ()}, ("absent", "not registered")),
    ],
)
def test_a_member_is_told_as_it_is(now, expected):
    assert states(**now)["1008"] == expected

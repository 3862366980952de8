"""`bellhop zones`: what the pager says of each member, and where it does not know."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bellhop.settings import load
from pager.overview import Overview

SITE = load(Path(__file__).parents[2] / "config" / "site.toml")


class Registered:
    """The edge's registrations; silent: who has not answered since a time that is told."""

    def __init__(self, there, silent):
        self.there, self.found, self.asked = there, silent, []

    def __call__(self, numbers):
        return None if self.there is None else {n for n in numbers if n in self.there}

    def silent(self, since):
        self.asked.append(time.time() - since)
        return self.found


def states(
    *, there=("1008", "1009"), in_call=(), in_page=None, out=None, reached=True, silent=None,
    every=30_000,
):  # fmt: skip
    """Return the state of each member of zone 8000, and why."""
    registered = Registered(there, silent or {})
    overview = Overview(
        replace(SITE, edge=replace(SITE.edge, probe_devices=every)),
        SimpleNamespace(in_pages=lambda: in_page or {}),
        registered,
        SimpleNamespace(of=lambda numbers: {n: ["x"] for n in numbers if n in in_call}),
        SimpleNamespace(of=lambda _zone: out or {}),
        reaches=lambda: reached,
    )
    found = asyncio.run(overview())
    assert [round(ago) for ago in registered.asked] == ([every * 3 // 1_000] if every else [])
    [zone] = [one for one in found if one["zone"] == "8000"]
    return {m["member"]: (m["state"], m["why"]) for m in zone["members"]}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({}, ("ready", "")),
        ({"there": ()}, ("absent", "not registered")),
        ({"there": None}, ("unknown", "the edge could not be asked")),
        ({"in_call": ("1008",)}, ("busy", "in a call")),
        (
            {"silent": {"1008": 1_795_000_000}},
            ("unknown", "registered, and silent since 2026-11-18 11:06:40 UTC"),
        ),
        ({"silent": {"1009": 1_795_000_000}}, ("ready", "")),
        ({"silent": {"1008": 1}, "in_call": ("1008",)}, ("busy", "in a call")),
        ({"every": 0}, ("ready", "")),
        ({"in_page": {"1008": "1-a"}}, ("busy", "in page 1-a")),
        ({"out": {"1008": "taken out"}}, ("taken-out", "taken out")),
        ({"reached": False}, ("unknown", "the pager does not reach Asterisk")),
        ({"reached": False, "there": ()}, ("absent", "not registered")),
    ],
)
def test_a_member_is_told_as_it_is(now, expected):
    assert states(**now)["1008"] == expected

"""`./run bench` works: every side starts, and carries its calls and pages; nothing is said of figures
that a few of them make.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.control, pytest.mark.usefixtures("stack")]


def bench(name):
    """Run a bench, quickly; return the figures that it prints alone, and what it told meanwhile."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", name, "--quick", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout), ended.stderr


def test_the_bench_measures_every_side_and_prints_its_six_figures_alone():
    found, told = bench("recursion")
    assert set(found) == {
        "cpu_ratio_native", "cpu_ratio_native_blind", "advance_p99_ms", "rss_mb_per_worker",
        "rss_growth_percent", "cost_ratio_10000_routes",
    }  # fmt: skip
    assert found.pop("rss_growth_percent") > -50
    assert all(value > 0 for value in found.values())
    for side in ("ours", "native", "native-blind", "native-bare", "drouting"):
        assert f" {side} " in told


def test_the_bench_of_pages_measures_every_side_and_loses_no_member():
    found, told = bench("paging")
    assert set(found) == {
        "joined_ratio_page", "first_audio_p95_ms", "preempt_50_ms", "agi_p99_ms",
        "multicast_cost_ratio", "lost_members",
    }  # fmt: skip
    assert found.pop("lost_members") == 0
    assert set(found["first_audio_p95_ms"]) == {"10", "multicast"}
    figures = [*found.pop("joined_ratio_page").values(), *found.pop("first_audio_p95_ms").values()]
    assert all(value > 0 for value in (*figures, *found.values()))
    for side in ("ours", "native", "bare"):
        assert f"10 members, {side}: " in told

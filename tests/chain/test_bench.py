"""`./run bench recursion` works: every side starts, and carries its calls; nothing is said of figures
that a few calls make.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.control, pytest.mark.usefixtures("stack")]


def test_the_bench_measures_every_side_and_prints_its_six_figures_alone():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", "recursion", "--quick", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert set(found) == {
        "cpu_ratio_native", "cpu_ratio_native_blind", "advance_p99_ms", "rss_mb_per_worker",
        "rss_growth_percent", "cost_ratio_10000_routes",
    }  # fmt: skip
    assert found.pop("rss_growth_percent") > -50
    assert all(value > 0 for value in found.values())
    for side in ("ours", "native", "native-blind", "native-bare", "drouting"):
        assert f" {side} " in ended.stderr

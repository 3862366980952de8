"""The result as a table for people, in Markdown: as it stands in the README."""

import os
import platform
import re
from pathlib import Path

from tests.bench.figures import Measured, growth, quantile, spread, summary
from tests.bench.load import messages
from tests.bench.recursion import Size
from tests.bench.sides import SIDES


def report(found: Measured, size: Size, seconds: float) -> str:
    """Return the tables and the machine that they were measured on."""
    return "\n".join(
        [
            *_sides(found),
            "",
            *_figures(found),
            "",
            _machine(size, seconds, sum(found.failed.values())),
        ]
    )


def _sides(found: Measured) -> list[str]:
    lines = [
        "| side | CPU µs a call | ours / this | failure to INVITE ms: p50 | p95 | p99 | calls/s on one CPU | idle, ms/s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for side in SIDES:
        cost = spread(found.cpu[side.name])
        ratio = found.ratio("ours", side.name)
        delays = found.advance[side.name]
        quantiles = " | ".join(f"{quantile(delays, q):.2f}" for q in (0.5, 0.95, 0.99))
        rate = found.saturation.get(side.name)
        carried = "" if rate is None else f"{rate:.0f}"
        lines.append(
            f"| {side.what} | {cost.median:.0f} ({cost.least:.0f}-{cost.most:.0f})"
            f" | {ratio.median:.2f} ({ratio.least:.2f}-{ratio.most:.2f}) | {quantiles} | {carried}"
            f" | {found.idle.get(side.name, 0.0):.2f} |"
        )
    return lines


def _figures(found: Measured) -> list[str]:
    first, last = found.memory[0], found.memory[-1]
    grew = growth([(passed, rss) for passed, rss, _ in found.memory])
    routes = summary(found)["cost_ratio_10000_routes"]
    return [
        (
            f"A worker: {last[1]:.1f} MB mapped and touched, {last[2]:.1f} MB its own share of that"
            f" (at first {first[1]:.1f} and {first[2]:.1f}); {grew:+.1f} % over the last 80 % of"
            f" {last[0]:,} messages."
        ),
        f"10,000 routes cost {routes:.2f} times what 10 routes do.",
    ]


def _machine(size: Size, seconds: float, failed: int) -> str:
    calls = f"{size.rounds} rounds of {size.calls} calls at {size.rate} a second"
    return (
        f"Medians with least and greatest of {calls}, sides interleaved; {machine(seconds)},"
        f" {messages(size.calls * size.rounds):,} messages a side, {failed or 'no'} failed calls."
    )


def machine(seconds: float) -> str:
    """Return what it was measured on, and how long that took."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    return (
        f"{os.cpu_count()} CPUs ({cpu[1] if cpu else platform.machine()}), load average"
        f" {os.getloadavg()[0]:.1f} at the end, {seconds:.0f} s"
    )

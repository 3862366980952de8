"""The result as a picture: what a call costs each side, round by round, and how soon it goes on."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from tests.bench.figures import Measured, quantile, spread
from tests.bench.sides import SIDES

_OURS, _THEIRS = "#b3261e", "#4a5a6a"


def draw(found: Measured, path: Path) -> None:
    """Write the picture, in the format that the path's suffix names."""
    # Text stays text, and the same figures make the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bellhop", "font.size": 9})
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    cost, delay = figure.subplots(1, 2, width_ratios=(1.25, 1))
    for place, side in enumerate(reversed(SIDES)):
        colour = _THEIRS if side.cfg else _OURS
        values = found.cpu[side.name]
        cost.barh(place, spread(values).median, color=colour, alpha=0.35, height=0.6)
        cost.plot(values, [place] * len(values), "o", color=colour, markersize=3.5)
    cost.set_yticks(range(len(SIDES)), [side.what for side in reversed(SIDES)])
    cost.set_xlabel("CPU of a call, µs (a dot a round, bar: median)")
    cost.set_xlim(left=0)
    for name, colour in (("ours", _OURS), ("native", _THEIRS)):
        shares = [n / 200 for n in range(200)]
        what = next(side.what for side in SIDES if side.name == name)
        delays = [quantile(found.advance[name], share) for share in shares]
        delay.plot(delays, [100 * share for share in shares], color=colour, label=what)
    delay.set_xscale("log")
    delay.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    delay.xaxis.set_major_formatter("{x:g}")
    delay.xaxis.set_minor_locator(NullLocator())
    delay.set_xlabel("from a failure to the next INVITE, ms")
    delay.set_ylim(0, 118)
    delay.set_ylabel("% of calls within that")
    delay.legend(frameon=False, loc="upper left", fontsize=8)
    for axes in (cost, delay):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.25)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)

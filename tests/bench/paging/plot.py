"""The result as a picture: how soon members join and hear, by their number; and what AGI costs."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.bench.figures import quantile, spread
from tests.bench.paging.figures import Measured, cost
from tests.bench.paging.site import NATIVE, OURS

_COLOURS = {OURS: "#b3261e", NATIVE: "#4a5a6a"}


def draw(found: Measured, path: Path) -> None:
    """Write the picture, in the format that the path's suffix names."""
    # Text stays text, and the same figures make the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bellhop", "font.size": 9})
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    soon, work = figure.subplots(1, 2)
    sizes = found.sizes()
    for side, colour in _COLOURS.items():
        joined = [spread(found.joined(side.name, members)).median for members in sizes]
        heard = [quantile(found.heard(side.name, members), 0.95) for members in sizes]
        soon.plot(sizes, joined, "o-", color=colour, label=f"{side.what}: last member joined")
        soon.plot(sizes, heard, "o:", color=colour, label=f"{side.what}: first audio, p95")
        for members in sizes:
            times = found.joined(side.name, members)
            soon.plot([members] * len(times), times, ".", color=colour, alpha=0.4)
        used = [
            spread([cost(p, side.name) for p in found.pages[side.name, n]]).median for n in sizes
        ]
        work.plot(sizes, used, "o-", color=colour, label=side.what)
    soon.set_ylabel("ms from dialled")
    work.set_ylabel("s of CPU a page")
    for axes in (soon, work):
        axes.set_xlabel("members")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, loc="upper left", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)

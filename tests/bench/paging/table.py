"""The result as tables for people, in Markdown: as they stand in docs/bench.md."""

from tests.bench.figures import quantile, ratios, spread
from tests.bench.paging.figures import Measured, cost
from tests.bench.table import machine

_SIDES = {"ours": "Bellhop", "native": "Page()"}


def report(found: Measured, seconds: float) -> str:
    """Return the tables and the machine that they were measured on."""
    rounds = ", ".join(
        f"{len(found.pages['ours', members])} of {members} members" for members in found.sizes()
    )
    return "\n".join(
        [
            *_pages(found),
            "",
            *_others(found),
            "",
            (
                f"Rounds: {rounds}; sides in turn, medians over rounds with the least and the greatest, audio"
                f" over all members of all rounds. {machine(seconds)}."
            ),
        ]
    )


def _pages(found: Measured) -> list[str]:
    lines = [
        "| members | who | last joined, ms | ours / Page() | first audio ms: p50 | p95 | max | CPU ms: Asterisk | edge | pager | all, ours / Page() | AMI kB | lost |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for members in found.sizes():
        for side, name in _SIDES.items():
            pages = found.pages[side, members]
            joined = spread(found.joined(side, members))
            heard = found.heard(side, members)
            audio = " | ".join(f"{quantile(heard, q):.0f}" for q in (0.5, 0.95, 1.0))
            parts = {
                part: spread([1000 * page.cpu[part] for page in pages]).median
                for part in ("pbx", "edge", "pager")
            }
            cpu = " | ".join(f"{used:.0f}" for used in parts.values())
            ami = spread([page.seen.ami / 1000 for page in pages]).median
            joined_ratio = cpu_ratio = ""
            if side == "ours":
                theirs = found.pages["native", members]
                ratio = spread(
                    ratios(found.joined("ours", members), found.joined("native", members))
                )
                joined_ratio = f"{ratio.median:.2f} ({ratio.least:.2f}-{ratio.most:.2f})"
                costs = ratios([cost(p) for p in pages], [cost(p, "native") for p in theirs])
                cpu_ratio = f"{spread(costs).median:.2f}"
            lines.append(
                f"| {members} | {name} | {joined.median:.0f} ({joined.least:.0f}-{joined.most:.0f})"
                f" | {joined_ratio} | {audio} | {cpu} | {cpu_ratio} | {ami:.0f}"
                f" | {sum(page.lost(members) for page in pages)} |"
            )
    return lines


def _others(found: Measured) -> list[str]:
    lines = ["| | p50 | p95 | p99 | max |", "|---|---|---|---|---|"]
    rows = {
        "an emergency takes its members, ms from dialled": [t.from_dialled for t in found.taken],
        "the same, ms from the pager's word that it may": [t.from_told for t in found.taken],
        "a request to our AGI server, ms": found.agi["daemon"],
        "the same to a program that is started each time, ms": found.agi["process"],
    }
    for count, pages in sorted(found.yard.items()):
        rows[f"CPU of a page to a multicast group of {count} horns, ms"] = [
            1000 * cost(page) for page in pages
        ]
    for what, values in rows.items():
        quantiles = " | ".join(f"{quantile(values, q):.2f}" for q in (0.5, 0.95, 0.99, 1.0))
        lines.append(f"| {what} | {quantiles} |")
    return lines

"""The result as tables for people, in Markdown: as they stand in docs/bench.md."""

from tests.bench.figures import quantile, ratios, spread
from tests.bench.paging.figures import Measured, cost
from tests.bench.paging.site import SIDES
from tests.bench.table import machine


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
        "| members | who | last joined, ms | ours / this | first audio ms: p50 | p95 | max | CPU ms: Asterisk | edge | pager | all, ours / this | AMI kB | lost |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for members in found.sizes():
        for side in SIDES:
            pages, ours = found.pages[side.name, members], found.pages["ours", members]
            joined = spread(found.joined(side.name, members))
            ratio = spread(found.ratios(side.name, members))
            heard = found.heard(side.name, members)
            audio = " | ".join(f"{quantile(heard, q):.0f}" for q in (0.5, 0.95, 1.0))
            cpu = " | ".join(
                f"{spread([1000 * page.cpu[part] for page in pages]).median:.0f}"
                for part in ("pbx", "edge", "pager")
            )
            costs = ratios([cost(p) for p in ours], [cost(p, side.name) for p in pages])
            lines.append(
                f"| {members} | {side.what}"
                f" | {joined.median:.0f} ({joined.least:.0f}-{joined.most:.0f})"
                f" | {ratio.median:.2f} ({ratio.least:.2f}-{ratio.most:.2f})"
                f" | {audio} | {cpu} | {spread(costs).median:.2f}"
                f" | {spread([page.seen.ami / 1000 for page in pages]).median:.0f}"
                f" | {sum(page.lost(members) for page in pages)} |"
            )
    return lines


def _others(found: Measured) -> list[str]:
    lines = ["| | p50 | p95 | p99 | max |", "|---|---|---|---|---|"]
    rows = {
        "an emergency takes its members, ms from dialled": [t.from_dialled for t in found.taken],
        "the same, ms from the pager's word that it may": [t.from_told for t in found.taken],
        "a request to our AGI server, ms": found.agi["daemon"],
        "of that, what our server takes, ms": found.handled["daemon"],
        "a request to a server that only says so, ms": found.agi["floor"],
        "of that, what that server takes, ms": found.handled["floor"],
        "the same to a program that is started each time, ms": found.agi["process"],
        "a request for which ours asks the edge who is registered, ms": found.agi["edge"],
        "of that, what our server and the edge take, ms": found.handled["edge"],
    }
    for count, pages in sorted(found.yard.items()):
        rows[f"CPU of a page to a multicast group of {count} horns, ms"] = [
            1000 * cost(page) for page in pages
        ]
    for what, values in rows.items():
        quantiles = " | ".join(f"{quantile(values, q):.2f}" for q in (0.5, 0.95, 0.99, 1.0))
        lines.append(f"| {what} | {quantiles} |")
    return lines

"""What the measurements of pages come to, and the figures of the JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bench.figures import quantile, ratios, spread
from tests.bench.paging.seen import Seen


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds by number of members; members that an emergency takes, and how
    often; AGI requests of each kind; horns of a group, and pages of it; idle seconds; whether
    pages go before that are not measured.
    """

    rounds: Mapping[int, int]
    taken: int = 50
    takes: int = 5
    requests: int = 500
    horns: tuple[int, int] = (1, 100)
    yards: int = 5
    idle: float = 4.0
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the seconds of CPU that each part has used for it, besides what it uses idle."""

    seen: Seen
    cpu: Mapping[str, float]

    @property
    def last_joined(self) -> float:
        """Return ms from dialled to the last member joined."""
        return self.seen.joined[-1]

    def lost(self, members: int) -> int:
        """Return how many of its members did not join, or heard nothing."""
        return members - min(len(self.seen.joined), len(self.seen.heard))

    def said(self, members: int) -> str:
        """Return a line of it."""
        heard = list(self.seen.heard.values())
        cpu = ", ".join(f"{part} {used * 1000:.0f}" for part, used in self.cpu.items())
        return (
            f"last joined {self.last_joined:.0f} ms,"
            f" first audio p95 {quantile(heard, 0.95):.0f} ms, CPU ms: {cpu},"
            f" AMI {self.seen.ami} bytes, {self.lost(members)} lost"
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """An emergency that took members: ms from dialled, and from the pager's word that there will be a
    page, until the last of them was in its room; how many never were.
    """

    from_dialled: float
    from_told: float
    lost: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run found. pages: by side and number of members; yard: pages of a multicast group, by
    its number of horns; agi: ms of each request, by kind; handled: those of them that the server took,
    by kind; deaf: horns of a group that heard nothing.
    """

    pages: dict[tuple[str, int], list[Page]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    yard: dict[int, list[Page]] = field(default_factory=dict)
    agi: dict[str, list[float]] = field(default_factory=dict)
    handled: dict[str, list[float]] = field(default_factory=dict)
    deaf: list[int] = field(default_factory=list)

    def sizes(self) -> list[int]:
        """Return the numbers of members, in order."""
        return sorted({members for _, members in self.pages})

    def joined(self, side: str, members: int) -> list[float]:
        """Return ms from dialled to the last member joined, by round."""
        return [page.last_joined for page in self.pages[side, members]]

    def ratios(self, side: str, members: int) -> list[float]:
        """Return, round by round, ours over what it took another side to have the last member."""
        return ratios(self.joined("ours", members), self.joined(side, members))

    def heard(self, side: str, members: int) -> list[float]:
        """Return ms from dialled to the first audio at each member, of all rounds."""
        return [ms for page in self.pages[side, members] for ms in page.seen.heard.values()]

    def lost(self, side: str = "ours") -> int:
        """Return how many members were lost, of all pages; emergencies and groups are ours."""
        pages = sum(
            page.lost(members)
            for (whose, members), some in self.pages.items()
            if whose == side
            for page in some
        )
        return pages + (sum(t.lost for t in self.taken) + sum(self.deaf) if side == "ours" else 0)

    def yard_ratio(self) -> float:
        """Return the CPU of a page to the most horns, over that of one to the fewest."""
        few, many = min(self.yard), max(self.yard)
        return spread([cost(p) for p in self.yard[many]]).median / (
            spread([cost(p) for p in self.yard[few]]).median
        )


def cost(page: Page, side: str = "ours") -> float:
    """Return the CPU seconds of a page: Page() is charged with no pager, which only listens to it."""
    return sum(used for part, used in page.cpu.items() if side == "ours" or part != "pager")


def summary(found: Measured) -> dict[str, object]:
    """Return the figures that `--json` prints."""
    return {
        "joined_ratio_page": {
            str(n): round(spread(found.ratios("native", n)).median, 3) for n in found.sizes()
        },
        "first_audio_p95_ms": {
            **{str(n): round(quantile(found.heard("ours", n), 0.95), 1) for n in found.sizes()},
            "multicast": round(
                quantile(
                    [ms for p in found.yard[max(found.yard)] for ms in p.seen.heard.values()], 0.95
                ),
                1,
            ),
        },
        "preempt_50_ms": round(spread([t.from_dialled for t in found.taken]).median, 1),
        "agi_p99_ms": round(quantile(found.handled["daemon"], 0.99), 2),
        "multicast_cost_ratio": round(found.yard_ratio(), 3),
        "lost_members": found.lost(),
    }

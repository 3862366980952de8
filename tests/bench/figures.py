"""What measurements come to: medians, spreads, quantiles, growth; and the six figures of the JSON."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

# The first part of a soak is not looked at: until then pools and caches fill.
WARM_UP = 0.2


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the least and the greatest of what was measured."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread; ValueError when nothing was measured."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours / theirs round by round: what troubled the machine in a round troubled both."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that this share of them does not exceed (the nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def growth(samples: Sequence[tuple[int, float]]) -> float:
    """Return by how many per cent a worker's memory grew after the warm-up.

    samples: messages that had passed, and the memory then; in order.
    """
    whole = samples[-1][0]
    after = [memory for messages, memory in samples if messages >= WARM_UP * whole]
    if len(after) < 2:
        raise ValueError("too few samples after the warm-up")
    return 100 * (after[-1] / after[0] - 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the bench found.

    cpu: µs a call by side, one value a round. advance: ms from a failure to the next INVITE, by side.
    saturation: calls a second that one CPU carries, by side.
    memory: messages that had passed, and then MB a worker: all that it has mapped and touched, and
    its own share of it. idle: ms of CPU a second when nobody calls, which is not in `cpu`. failed: calls that did not go as they should, by side.
    """

    cpu: dict[str, list[float]] = field(default_factory=dict)
    advance: dict[str, list[float]] = field(default_factory=dict)
    saturation: dict[str, float] = field(default_factory=dict)
    memory: list[tuple[int, float, float]] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)

    def ratio(self, side: str, to: str) -> Spread:
        """Return how many times the CPU of one side another takes."""
        return spread(ratios(self.cpu[side], self.cpu[to]))


def summary(found: Measured) -> dict[str, float]:
    """Return the six figures that `--json` prints."""
    rss = [(messages, rss) for messages, rss, _ in found.memory]
    return {
        "cpu_ratio_native": round(found.ratio("ours", "native").median, 3),
        "cpu_ratio_native_blind": round(found.ratio("ours", "native-blind").median, 3),
        "advance_p99_ms": round(quantile(found.advance["ours"], 0.99), 3),
        "rss_mb_per_worker": round(rss[-1][1], 2),
        "rss_growth_percent": round(growth(rss), 2),
        "cost_ratio_10000_routes": round(found.ratio("ours-10000", "ours").median, 3),
    }

"""`./run bench recursion`: what a call with a failed attempt costs at Bellhop's edge, and at native
Kamailios that do the same; in one run, round by round, so that what troubles the machine troubles
all of them.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import meter
from tests.bench.figures import Measured
from tests.bench.load import Load, Loaded, messages
from tests.bench.sides import ANSWERS, DOOR, FAILS, SIDES, Running, running
from tests.bench.telling import tell
from tests.bench.wire import Tap, advances, datagrams
from tests.chain.harness.places import Lab
from tests.chain.harness.stack import Stack, docker, until

MAY_FAIL = 0.25  # of a load's calls
SATURATED = ("ours", "native", "native-blind", "drouting")
_CTL = "unix:/run/kamailio/kamailio_ctl"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: idle seconds, rounds of calls at a rate for each side, calls at saturation, and the
    blocks of calls of the memory's soak.
    """

    rounds: int = 5
    calls: int = 450
    rate: int = 150
    idle: float = 6.0
    saturated: int = 2_000
    blocks: int = 20
    block: int = 350
    soak_rate: int = 150


DEFAULT = Size()
SOAK = Size(block=3_400, soak_rate=250)  # a million messages, in some five minutes
QUICK = Size(
    rounds=1, calls=20, rate=100, idle=1.0, saturated=40, blocks=5, block=10
)  # does it work at all?


def measure(size: Size) -> Measured:
    """Run the whole bench. Raises RuntimeError, TimeoutError or NotThereError with what went wrong."""
    stack = Stack()
    lab = Lab(stack)
    lab.clear()
    folder = lab.artifacts / "bench"
    folder.mkdir(exist_ok=True)
    found = Measured(cpu={s.name: [] for s in SIDES}, advance={}, saturation={}, failed={}, idle={})
    with running(stack, SIDES, folder) as up:
        prefix = up[0].host.rpartition(".")[0]
        tap = Tap(stack, lab, folder / "advance.pcap",
                  f"udp and (src host {prefix}.{FAILS} or dst host {prefix}.{ANSWERS})",
                  f"{prefix}.{FAILS}")  # fmt: skip
        with Load(lab, folder, prefix) as load:
            with capture(tap, up, found):
                _rounds(load, up, size, found)
            _saturation(load, up, size, found)
            _soak(load, up[0], size, found)
    return found


@contextmanager
def capture(tap: Tap, up: list[Running], found: Measured) -> Iterator[None]:
    """Have the wire tell how long each side took from a failure to the next INVITE."""
    tap.start()
    try:
        yield
        prefix = up[0].host.rpartition(".")[0]
        seen = datagrams(tap.stop())
        by_host = advances(seen, f"{prefix}.{FAILS}", f"{prefix}.{ANSWERS}")
    finally:
        tap.end()
    found.advance.update({one.side.name: by_host[one.host] for one in up})


def _rounds(load: Load, up: list[Running], size: Size, found: Measured) -> None:
    """A round is one load at each side, beginning with another side each time. A side's account is
    closed when the next one's load is over: what a transaction costs when it is freed, 5 s after
    its end, is in it; what it uses when nobody calls is not.
    """
    tell("· warming up")
    for one in up:
        load.play(one, max(10, size.calls // 5), size.rate)
    _quiet(up)
    _idle(up, size, found)
    for number in range(size.rounds):
        turn = number % len(up)
        order = [*up[turn:], *up[:turn]]
        accounts: dict[str, Account] = {}
        for one, last in zip(order, [None, *order], strict=False):
            accounts[one.side.name] = Account(one)
            _nearly_all_good(one, load.play(one, size.calls, size.rate), found)
            if last is not None:
                accounts[last.side.name].close()
        _quiet(up)
        accounts[order[-1].side.name].close()
        for name, account in accounts.items():
            own = account.cpu - found.idle[name] / 1000 * account.seconds
            found.cpu[name].append(own / size.calls * 1e6)
        line = ", ".join(f"{name} {values[-1]:.0f}" for name, values in found.cpu.items())
        tell(f"· round {number + 1} of {size.rounds}, µs CPU a call: {line}")


class Account:
    """What a side's Kamailio uses from now until it is closed: seconds of CPU, seconds of time."""

    def __init__(self, one: Running) -> None:
        self._container = one.container
        self._began = time.monotonic()
        self.cpu = meter.cpu(one.container)
        self.seconds = 0.0

    def close(self) -> None:
        """Close it."""
        self.cpu = meter.cpu(self._container) - self.cpu
        self.seconds = time.monotonic() - self._began


def _idle(up: list[Running], size: Size, found: Measured) -> None:
    """Measure what each side uses when nobody calls: a call's price is what is used besides."""
    accounts = [Account(one) for one in up]
    # The measurement itself, not a wait for something.
    time.sleep(size.idle)
    for one, account in zip(up, accounts, strict=True):
        account.close()
        found.idle[one.side.name] = account.cpu / account.seconds * 1000
    line = ", ".join(f"{name} {used:.2f}" for name, used in found.idle.items())
    tell(f"· idle, ms CPU a second: {line}")


def _quiet(up: list[Running]) -> None:
    """Wait until no side has a transaction left."""

    def none_left() -> bool:
        said = (docker("exec", one.container, "kamcmd", "-s", _CTL, "tm.stats") for one in up)
        return all("current: 0" in text for text in said)

    until("the transactions to end", none_left, 40)


def _nearly_all_good(one: Running, came: Loaded, found: Measured) -> None:
    """Count what went wrong; a machine that is too busy loses calls, and measures nothing."""
    found.failed[one.side.name] = found.failed.get(one.side.name, 0) + came.failed
    if came.failed > MAY_FAIL * (came.calls + came.failed):
        raise RuntimeError(
            f"{one.side.name}: {came.failed} of {came.calls + came.failed} calls did not go as they"
            " should: is this machine too busy for the bench?"
        )


def _saturation(load: Load, up: list[Running], size: Size, found: Measured) -> None:
    """How many calls a second one CPU carries: the edge has the first, SIPp the others. By the CPU
    time that the calls took: one datagram that is lost has the caller wait for seconds at its end.
    """
    count = os.cpu_count() or 1
    if count < 2:
        tell("· saturation left out: this machine has one CPU")
        return
    others = f"1-{count - 1}"
    for one in (one for one in up if one.side.name in SATURATED):
        docker("update", "--cpuset-cpus", "0", one.container)
        try:
            before = meter.cpu(one.container)
            came = load.play(one, size.saturated, 5_000, at_once=200, pin=others)
            used = meter.cpu(one.container) - before
            found.saturation[one.side.name] = (came.calls + came.failed) / used
        finally:
            docker("update", "--cpuset-cpus", f"0-{count - 1}", one.container)
        tell(
            f"· saturation: {one.side.name} {found.saturation[one.side.name]:.0f} calls/s on one CPU"
            f" ({came.calls} in {came.seconds:.1f} s)"
        )


def _soak(load: Load, ours: Running, size: Size, found: Measured) -> None:
    """Watch the workers' memory while many messages pass."""
    tell(f"· memory over {messages(size.blocks * size.block):,} messages")
    pids = meter.workers(ours.container, DOOR)
    for number in range(size.blocks + 1):
        if number:
            _nearly_all_good(ours, load.play(ours, size.block, size.soak_rate), found)
        held = meter.memory(ours.container, pids)
        found.memory.append((messages(number * size.block), held.rss, held.pss))
        tell(f"  {found.memory[-1][0]:,} messages: {held.rss:.1f} MB a worker")


def run(size: Size) -> tuple[Measured, float]:
    """Run the bench; returns what was measured, and how long that took (s)."""
    begin = time.monotonic()
    return measure(size), time.monotonic() - begin

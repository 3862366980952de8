"""`./run bench paging`: our page beside Asterisk's own Page(), of the same members, in one run."""

import time
from dataclasses import replace

from tests.bench.paging import agi, priority, yard
from tests.bench.paging.cast import Cast
from tests.bench.paging.figures import Measured, Size
from tests.bench.paging.house import House, running
from tests.bench.paging.run import Run
from tests.bench.paging.seen import wanted
from tests.bench.paging.site import OURS, PBX, SIDES
from tests.bench.telling import tell
from tests.bench.wire import Tap
from tests.chain.harness.places import Lab
from tests.chain.harness.stack import Stack

QUICK = Size({10: 1}, taken=10, takes=1, requests=20, horns=(1, 5), yards=1, idle=1.0, warm=False)
DEFAULT = Size({10: 9, 50: 7, 100: 5, 200: 5, 500: 5}, takes=9)


def run(size: Size) -> tuple[Measured, float]:
    """Run the bench; returns what was measured, and how long that took (s). Raises RuntimeError,
    TimeoutError or NotThereError with what went wrong.
    """
    begin = time.monotonic()
    stack = Stack()
    lab = Lab(stack)
    lab.clear()
    folder = lab.artifacts / "bench" / "paging"
    sizes = tuple(size.rounds)
    found = Measured()
    with running(stack, folder, sizes, size.taken) as house:
        tell("· the speakers register")
        mark = f"{house.prefix}.{PBX}"
        tap = Tap(stack, lab, folder / "page.pcap", wanted(house.prefix), mark)
        try:
            with Cast(lab, house, max(*sizes, size.taken + 1)) as cast:
                one = Run(house, cast, tap, dict.fromkeys(house.cpu(), 0.0))
                for side in SIDES if size.warm else ():
                    one.page(side.number(min(size.rounds)), 1000)
                one = replace(one, idle=_idle(house, size.idle))
                _pages(one, size, found)
                priority.measure(one, size, found)
                yard.measure(one, lab, size, found)
                agi.measure(one, size, found)
        finally:
            tap.end()
    return found, time.monotonic() - begin


def _idle(house: House, seconds: float) -> dict[str, float]:
    """Return the seconds of CPU that each part uses in a second in which nobody pages."""
    before, began = house.cpu(), time.monotonic()
    # The measurement itself, not a wait for something.
    time.sleep(seconds)
    used, passed = house.cpu(), time.monotonic() - began
    return {part: (used[part] - before[part]) / passed for part in used}


def _pages(one: Run, size: Size, found: Measured) -> None:
    """A round is a page of each side, which begins with another one each time."""
    for members, rounds in size.rounds.items():
        for number in range(rounds):
            turn = number % len(SIDES)
            for side in (*SIDES[turn:], *SIDES[:turn]):
                came = one.page(side.number(members), talk(members))
                if (side is OURS) is not came.seen.room.startswith("page-"):
                    raise RuntimeError(f"{side.name}: that was a page in {came.seen.room!r}")
                found.pages.setdefault((side.name, members), []).append(came)
                tell(f"· {members} members, {side.name}: {came.said(members)}")


def talk(members: int) -> int:
    """Return how long a leader speaks (ms): long enough for as many to join."""
    return 2500 + 20 * members

"""An emergency takes the members of a page that goes on: how long until it has the last one."""

import re

from tests.bench.paging.figures import Measured, Size, Taken
from tests.bench.paging.run import Run
from tests.bench.paging.seen import Seen
from tests.bench.paging.site import EMERGENCY, LOWER
from tests.bench.telling import tell
from tests.chain.harness.stack import until


def measure(one: Run, size: Size, found: Measured) -> None:
    """Measure it some times."""
    for _ in range(size.takes):
        lower = one.cast.leads(LOWER, 6000, "lower", port=5062)
        until("all members of the lower page", lambda: _parties(one) == size.taken + 2, 20)
        one.tap.start(longest=0)
        one.cast.leads(EMERGENCY, 1500).wait()
        lower.wait()
        one.settle()
        taken = came(one.seen(), size.taken)
        found.taken.append(taken)
        tell(
            f"· {size.taken} members taken: {taken.from_dialled:.0f} ms from dialled,"
            f" {taken.from_told:.0f} ms from accepted"
        )


def _parties(one: Run) -> int:
    """Return how many are in the fullest room."""
    text = one.house.asterisk("confbridge list")
    return max((int(n) for n in re.findall(r"^page-\S+ +([0-9]+)", text, re.MULTILINE)), default=0)


def came(seen: Seen, members: int) -> Taken:
    """Return how long it took. Raises ValueError when the pager was not asked, or took nobody."""
    if seen.told is None or not seen.joined:
        raise ValueError("the emergency took nobody")
    before = (seen.told - seen.dialled) * 1000
    return Taken(seen.joined[-1], seen.joined[-1] - before, members - len(seen.joined))

"""What a page to a multicast group costs when few, and when many horns listen."""

from tests.bench.paging.figures import Measured, Size, cost
from tests.bench.paging.horns import horns
from tests.bench.paging.run import Run
from tests.bench.paging.site import GROUP, SPEAKERS, YARD
from tests.bench.telling import tell
from tests.chain.harness.places import Lab


def measure(one: Run, lab: Lab, size: Size, found: Measured) -> None:
    """Page the group with few and with many horns in it, in turn."""
    here = f"{one.house.prefix}.{SPEAKERS}"
    for number in range(size.yards):
        for count in size.horns if number % 2 == 0 else size.horns[::-1]:
            with horns(lab, GROUP, here, count) as listening:
                came = one.page(YARD, 3000)
            found.yard.setdefault(count, []).append(came)
            deaf = count - sum(packets > 0 for packets in listening.packets)
            found.deaf.append(deaf)
            tell(
                f"· multicast, {count} horns: {cost(came) * 1000:.0f} ms CPU, {deaf} heard nothing"
            )

"""What asking the pager costs a call: our AGI server beside a program that is started each time."""

from tests.bench.paging.figures import Measured, Size
from tests.bench.paging.run import Run
from tests.bench.paging.seen import events
from tests.bench.paging.site import PBX
from tests.bench.telling import tell
from tests.bench.wire import datagrams
from tests.chain.harness.stack import until

# Who may not page the zone, which the pager knows by itself; nobody of the zone is there, for which it
# asks the edge; the same words as the first by a program that is started each time.
KINDS = ("daemon", "edge", "process")


def measure(one: Run, size: Size, found: Measured) -> None:
    """Have Asterisk ask both, one request after the other, and take its own clock's word."""
    for kind in KINDS:
        one.tap.start(longest=0)
        one.house.asterisk(
            f"channel originate Local/{size.requests}@bench-{kind}/n application Wait 300"
        )
        until("the requests", lambda told=f"BENCH_DONE={kind}\n": told in _globals(one), 120)
        one.settle()
        pbx = f"{one.house.prefix}.{PBX}"
        segments = [
            d for d in datagrams(one.tap.stop())
            if d.sequence is not None and d.source == pbx and d.ports[0] == 5038
        ]  # fmt: skip
        took = [
            (int(event["Ended"]) - int(event["Began"])) / 1000
            for event in events(segments)
            if event.get("UserEvent") == "BenchAgi" and event.get("Result") == "refused"
        ]
        if len(took) != size.requests:
            raise RuntimeError(f"{kind}: {len(took)} of {size.requests} requests were answered")
        found.agi[kind] = took
        tell(f"· AGI, {kind}: {sorted(took)[len(took) // 2]:.2f} ms a request (median)")


def _globals(one: Run) -> str:
    return one.house.asterisk("dialplan show globals")

"""What asking the pager costs a call: our AGI server beside one that answers at once, and beside a
program that is started each time.
"""

import contextlib
import subprocess
from collections.abc import Iterator

from tests.bench.paging.figures import Measured, Size
from tests.bench.paging.run import Run
from tests.bench.paging.seen import events, handled
from tests.bench.paging.site import AGI_PORT, FLOOR_AGI, FLOOR_PORT, PAGER, PBX
from tests.bench.telling import tell
from tests.bench.wire import datagrams
from tests.chain.harness.stack import until

# Who may not page the zone, which the pager knows by itself; the same words by a server that does no
# more than say them; nobody of the zone is there, for which the pager asks the edge; the same words as
# the first by a program that is started each time.
KINDS = ("daemon", "floor", "edge", "process")
# Where a server answers; the program answers by a pipe, and all that it takes is its own.
_PORTS = {"daemon": AGI_PORT, "edge": AGI_PORT, "floor": FLOOR_PORT}
# What else the machine does troubles all kinds. The first request of a turn finds everybody asleep: of
# 500 there may be fewer than five of these, or p99 would be theirs.
_TURNS = 2


def measure(one: Run, size: Size, found: Measured) -> None:
    """Have Asterisk ask each in turn, one request after the other, and take its own clock's word."""
    with _floor(one):
        for turn in range(_TURNS):
            for kind in (*KINDS[turn % len(KINDS) :], *KINDS[: turn % len(KINDS)]):
                whole, handler = _asked(one, kind, size.requests // _TURNS)
                found.agi.setdefault(kind, []).extend(whole)
                found.handled.setdefault(kind, []).extend(handler)
    for kind in KINDS:
        took = sorted(found.agi[kind])
        tell(f"· AGI, {kind}: {took[len(took) // 2]:.2f} ms a request (median)")


def _asked(one: Run, kind: str, requests: int) -> tuple[list[float], list[float]]:
    """Return the ms that each request took by Asterisk's clock, and what of them the server took."""
    one.tap.start(longest=0)
    one.house.asterisk("dialplan set global BENCH_DONE nothing")
    one.house.asterisk(f"channel originate Local/{requests}@bench-{kind}/n application Wait 300")
    try:
        until("the requests", lambda: f"BENCH_DONE={kind}\n" in _globals(one), 120)
    except TimeoutError:
        if kind in _PORTS:
            raise
        # Seen once in some thousands: a program that Asterisk had started never ended, if it ever began.
        one.house.asterisk("channel request hangup all")
        tell(f"· AGI, {kind}: a program never ended; the requests before it are taken")
    one.settle()
    pbx, pager = f"{one.house.prefix}.{PBX}", f"{one.house.prefix}.{PAGER}"
    segments = [d for d in datagrams(one.tap.stop()) if d.sequence is not None]
    manager = [d for d in segments if d.source == pbx and d.ports[0] == 5038]
    took = [
        (int(event["Ended"]) - int(event["Began"])) / 1000
        for event in events(manager)
        if event.get("UserEvent") == "BenchAgi" and event.get("Result") == "refused"
    ]
    if kind not in _PORTS:
        return took, took
    handler = handled(segments, pager, _PORTS[kind])
    if not len(took) == len(handler) == requests:
        raise RuntimeError(
            f"{kind}: {len(took)} of {requests} requests were answered, {len(handler)} seen on the wire"
        )
    return took, handler


@contextlib.contextmanager
def _floor(one: Run) -> Iterator[None]:
    """Have a server that answers at once, beside the pager."""
    argv = ["docker", "exec", "-i", one.house.name("pager"), "python3", "-c", FLOOR_AGI]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
        assert serving.stdin is not None
        assert serving.stdout is not None
        try:
            if serving.stdout.readline() != b"listening\n":
                raise RuntimeError("the server that answers at once did not start")
            yield
        finally:
            serving.stdin.close()


def _globals(one: Run) -> str:
    return one.house.asterisk("dialplan show globals")

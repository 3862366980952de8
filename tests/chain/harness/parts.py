"""What the pager and Asterisk hold: descriptors, threads, bridges, hints that are lit and who watches
them. After a page it is what it was.

Not counted are threads that are kept in stock for whatever comes: Asterisk's taskprocessors and
their workers, its thread for our own question, and the executor's of asyncio.
"""

import re
from collections import Counter
from collections.abc import Iterator

from tests.chain.harness.stack import Stack, until

_PAGER = """
ls /proc/1/fd | wc -l
cat /proc/1/task/*/comm
"""
_PBX = """
ls /proc/1/fd | wc -l
asterisk -rx 'core show threads' | sed 's/^/thread /'
asterisk -rx 'bridge show all' | tail -n +2 | sed 's/^/bridge /'
asterisk -rx 'core show hints'
"""
_THREAD = re.compile(r"^thread 0x[0-9a-f]+ [0-9]+ (\S+) +started at", re.MULTILINE)
_HINT = re.compile(r"^ *(\S+)@bellhop-in .*State:(\S+) .*Watchers +([0-9]+)", re.MULTILINE)
_IN_STOCK = frozenset(
    {
        "netconsole",
        "autoservice_run",
        "default_tps_processing_function",
        "worker_start",
        "worker_active",
        "taskpool_sync",
    }
)
# What was seen at rest, before any test of this run: the most of each.
_at_rest: Counter[str] = Counter()


class Parts:
    """What the two hold; made before a test, asked after it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        for name, count in self._held().items():
            _at_rest[name] = max(_at_rest[name], count)

    def left(self, seconds: float = 15.0) -> Iterator[str]:
        """Yield what there is more of than before, and still is after so long."""
        more: Counter[str] = Counter()

        def gone() -> bool:
            nonlocal more
            more = self._held() - _at_rest
            return not more

        try:
            until("the parts to be as they were", gone, seconds)
        except TimeoutError:
            for name, count in sorted(more.items()):
                yield f"{name}: {_at_rest[name] + count}, and {_at_rest[name]} before"

    def _held(self) -> Counter[str]:
        pager = self._stack.execute("pager", "sh", "-c", _PAGER).split("\n")
        pbx = self._stack.execute("pbx", "sh", "-c", _PBX)
        found = Counter(
            f"a thread of the pager's named {name!r}"
            for name in pager[1:]
            if name and not name.startswith("asyncio_")
        )
        found += Counter(
            f"a thread of Asterisk's in {name}()"
            for name in _THREAD.findall(pbx)
            if name not in _IN_STOCK
        )
        found["descriptors of the pager's"] = int(pager[0])
        found["descriptors of Asterisk's"] = int(pbx.partition("\n")[0])
        found["bridges"] = pbx.count("\nbridge ")
        for zone, state, watchers in _HINT.findall(pbx):
            found[f"hints of {zone} that are {state}"] += state != "Idle"
            found[f"watchers of {zone}"] += int(watchers)
        return found

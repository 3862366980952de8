"""The ledger's one writer: it takes what the workers queued and puts it into the database, in a
process of its own, which handles no SIP.

While the database is away, calls go on. The writer keeps what it can, and leaves the rest in the
queue, which the workers find full: they count what they can't put there (kemi/ledger.py).
"""

import time
from collections.abc import Callable

import msgspec

from bellhop.databases import Down
from bellhop.entries import LATE, Ending, Entry, decode
from bellhop.ledger import Ledger
from kemi import ksr_queue, metrics, sip

MOST_PENDING = 50_000
_AT_ONCE = 2_000  # in one transaction
_IN_A_ROW = 10_000  # items taken from the queue in one run
_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)  # seconds until the database is asked again
_SAY_AGAIN = 60.0


class Writer:
    """Opens the ledger in the process that writes it, and again when it was away."""

    def __init__(
        self, opened: Callable[[], Ledger], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._ledger: Ledger | None = None
        self._pending: list[Entry | Ending] = []
        self._shown = 0
        self._failures = 0
        self._not_before = 0.0
        self._said = 0.0

    def flush(self) -> None:
        """Write the queue down; a timer calls it every second."""
        self._take()
        if self._pending and self._clock() >= self._not_before:
            try:
                self._write()
            except Down as error:
                self._down(str(error))
        if self._shown != len(self._pending):
            self._shown = len(self._pending)
            metrics.pending(self._shown)

    def _take(self) -> None:
        for _ in range(_IN_A_ROW):
            item = ksr_queue.take() if len(self._pending) < MOST_PENDING else None
            if item is None:
                return
            self._pending += map(_come, decode(item))

    def _write(self) -> None:
        if self._ledger is None:
            self._ledger = self._opened()
        while self._pending:
            refused = self._ledger.add(self._pending[:_AT_ONCE])
            del self._pending[:_AT_ONCE]
            for _ in range(refused):
                metrics.lost("database")
            if refused:
                sip.error(f"ledger=refused records={refused}")
        if self._failures:
            self._failures = 0
            sip.note("ledger=back")

    def _down(self, why: str) -> None:
        self.close()
        now = self._clock()
        self._not_before = now + _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        if not self._failures or now - self._said >= _SAY_AGAIN:
            self._said = now
            words = " ".join(why.encode("ascii", "backslashreplace").decode().split())
            sip.error(f"ledger=down pending={len(self._pending)} error={words}")
        self._failures += 1

    def close(self) -> None:
        """Close the database, if it was opened."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def _come(one: Entry | Ending) -> Entry | Ending:
    """Return what came from the queue. An answer that was late was put there as it had been marked,
    so its time is now.
    """
    if not isinstance(one, Entry) or one.verdict != LATE:
        return one
    now = time.time()
    late = msgspec.structs.replace(one, at=now, ms=one.ms + round((now - one.at) * 1000))
    sip.note(late.line())
    return late

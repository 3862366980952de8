"""The ledger: every attempt, its decision and the rule that made it. Workers put lines into a queue
in shared memory; one process, which handles no SIP, writes them to the database.
"""

import time
from pathlib import Path

from bellhop.calls import Call
from bellhop.ledger import Entry, Ledger, decode, encode
from kemi import sip

_MOST_AT_ONCE = 2000
# A Call-ID is as long as its caller likes, and the queue is in memory that all of Kamailio shares.
_CALL_ID = 255


def entry(call: Call, call_id: str, why: str) -> Entry:
    """Return what the ledger keeps of the attempt that just ended."""
    attempt = call.current
    failure = attempt.failure
    return Entry(
        call=call.id,
        call_id=call_id[:_CALL_ID],
        caller=call.caller,
        dialled=call.dialled,
        profile=call.profile,
        attempt=len(call.attempts),
        leg=f"{call.leg.kind.value}:{call.leg.name}",
        at=time.time(),
        after_ms=attempt.started - call.started,
        ms=attempt.ended - attempt.started,
        code=failure.code if failure else 200,
        cause=failure.cause if failure else None,
        rang=attempt.rang,
        verdict=attempt.verdict,
        rule=attempt.rule,
        why=why,
    )


def write_down(one: Entry) -> None:
    """Queue the entry, and log it as one line."""
    if not sip.queue(one.call, encode(one)):
        sip.error(f"call={one.call} ledger=full")
    sip.note(one.line())


class Writer:
    """Writes what is queued; a timer calls it in a process of its own, which opens the database.
    What could not be written (the disk is full, the file is locked) is tried again the next time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ledger: Ledger | None = None
        self._pending: list[Entry] = []

    def flush(self) -> None:
        """Write the queue down. Raises sqlite3.Error, and keeps what was not written."""
        while len(self._pending) < _MOST_AT_ONCE and (line := sip.queued()):
            self._pending.append(decode(line))
        if not self._pending:
            return
        if self._ledger is None:
            self._ledger = Ledger.writing(self._path)
        self._ledger.add(self._pending)
        self._pending = []

    def close(self) -> None:
        """Close the database, if it was opened."""
        if self._ledger is not None:
            self._ledger.close()

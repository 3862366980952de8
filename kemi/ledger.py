"""The ledger: every attempt, its decision and the rule that made it, and what each caller got. The
workers put lines into a queue in shared memory; kemi/writer.py takes them out.
"""

import time

from bellhop.calls import Call
from bellhop.entries import Ending, Entry, encode
from bellhop.health import SKIPPED, Skipped
from kemi import ksr_queue, metrics, sip

# mqueue drops its oldest item when there are more than its size (20000 in bellhop.cfg), and says
# nothing: below that we drop the new one, and say so.
_MOST_QUEUED = 19_000


def entry(call: Call, why: str, *, conflict: bool = False) -> Entry:
    """Return what the ledger keeps of the attempt that just ended."""
    attempt = call.current
    leg = call.leg
    failure = attempt.failure
    return Entry(
        call=call.id,
        call_id=call.call_id,
        caller=call.caller,
        dialled=call.dialled,
        profile=call.profile_of(leg),
        attempt=len(call.attempts),
        leg=f"{leg.kind}:{leg.name}",
        at=time.time(),
        after_ms=attempt.started - call.started,
        ms=attempt.ended - attempt.started,
        code=failure.code if failure else 200,
        cause=failure.cause if failure else None,
        rang=attempt.rang,
        verdict=attempt.verdict,
        rule=attempt.rule,
        why=why,
        gateway=leg.address,
        number=leg.user,
        location=failure.location if failure else None,
        conflicting=failure.conflicting if failure else False,
        replied=failure.replied if failure else True,
        trusted=failure.trusted if failure else leg.trusted,
        challenged=attempt.challenged,
        ring_ms=attempt.ring if attempt.ring >= 0 else None,
        conflict=conflict,
        believed=failure.believed if failure else call.leg.trusted,
    )


def write_down(call: Call, one: Entry) -> None:
    """Queue the entry of the attempt that just ended, count it, and log it as one line."""
    metrics.attempt(call.leg, one)
    _queue(one)
    sip.note(one.line())


def answered(call: Call, code: int) -> None:
    """Write down the attempt that was answered, and what the caller got of it, at once."""
    one = entry(call, "answered")
    ending = _ending(call, code, None, "answered", of=one.attempt)
    metrics.attempt(call.leg, one)
    metrics.call(ending)
    _queue(one, ending)
    sip.note(one.line())
    sip.note(ending.line())


class Due:
    """An entry that is still to be written down, once."""

    def __init__(self, call: Call, one: Entry) -> None:
        self._due: tuple[Call, Entry] | None = (call, one)

    def write_down(self) -> None:
        """Write it down, unless that has been done."""
        due, self._due = self._due, None
        if due is not None:
            write_down(*due)


def skip(call: Call, one: Skipped, now: int) -> None:
    """Write down that a leg was out. It is no attempt, so its number is 0."""
    leg = call.legs[one.leg]
    entry = Entry(
        call=call.id,
        call_id=call.call_id,
        caller=call.caller,
        dialled=call.dialled,
        profile=call.profile_of(leg),
        attempt=0,
        leg=f"{leg.kind}:{leg.name}",
        at=time.time(),
        after_ms=now - call.started,
        ms=0,
        code=None,
        cause=None,
        rang=False,
        verdict=SKIPPED,
        rule=one.out.value,
        why=one.why,
        gateway=leg.address,
        number=leg.user,
        replied=False,
        trusted=leg.trusted,
    )
    metrics.skipped(leg, entry)
    _queue(entry)
    sip.note(entry.line())


def final(call: Call, code: int, cause: int | None, why: str, *, of: int = 0) -> None:
    """Write down what the caller got at the end of the call: the code of the final answer, the
    Q.850 cause beside it, if any, and which attempt's answer that is (from 1; 0: no attempt's).
    why: answered, cancelled, a rule, or what was used up.
    """
    ending = _ending(call, code, cause, why, of)
    metrics.call(ending)
    _queue(ending)
    sip.note(ending.line())


def _ending(call: Call, code: int, cause: int | None, why: str, of: int) -> Ending:
    tried = [attempt for attempt in call.attempts if attempt.ended >= 0]
    answered = bool(tried) and tried[-1].verdict == "answered"
    return Ending(
        call=call.id,
        call_id=call.call_id,
        caller=call.caller,
        dialled=call.dialled,
        at=time.time(),
        ms=time.monotonic_ns() // 1_000_000 - call.started,
        attempts=len(tried),
        leg=f"{call.leg.kind}:{call.leg.name}" if answered else "",
        code=code,
        cause=cause,
        of=of,
        why=why,
        prefix=call.prefix,
    )


def _queue(*records: Entry | Ending) -> None:
    """Queue what is written down together: one item, for each takes its lock twice."""
    name = records[0].call
    if ksr_queue.waiting() >= _MOST_QUEUED or not ksr_queue.put(name, encode(*records)):
        for _ in records:
            metrics.lost("queue")
        sip.error(f"call={name} ledger=full")

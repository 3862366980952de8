"""A 2xx that comes when its attempt is over: it crossed our CANCEL, or follows a refusal, as where
a carrier forks the call and answers for one branch and then for another.

A proxy passes every 2xx on (RFC 3261 §16.7 step 5), and Kamailio does: a caller who has been told
something else, or who talks to the next carrier, would get a second call. Here it goes no further:
an attempt that has ended without an answer is marked by its branch for as long as a callee may
repeat its 2xx (64·T1, §13.3.1.4). bellhop.cfg's reply_route, which sees every reply first and costs
less than a callback of ours, drops what is marked, and puts the mark into the ledger's queue.
"""

import msgspec

from bellhop.entries import LATE, Entry, encode
from kemi import ksr_tables, sip

_TABLE = "bellhop_late"
_SECONDS = 40
_LEFT = "it answered when the call had been taken from it: nobody was told, and it gets no ACK"
_REFUSED = "it answered when it had refused the call: nobody was told, and it gets no ACK"


def left(entry: Entry, transaction: int, branch: int | None) -> None:
    """Mark the current attempt, which has ended without an answer; branch: None if none was made.
    transaction: tm's `$T(id_index)`.
    """
    if branch is None:
        return
    late = msgspec.structs.replace(
        entry,
        attempt=0,  # it is no attempt of its own, as a skip is none
        code=200,
        replied=True,
        verdict=LATE,
        rule="late-answer",
        why=_REFUSED if entry.replied else _LEFT,
    )
    key = f"{sip.text('$ci')}:{_name(transaction)}:{_digits(branch)}"
    ksr_tables.hold(_TABLE, key, encode(late), _SECONDS)


def _name(index: int) -> str:
    """Return how the branch parameter of a Via of this transaction begins, as tm writes it."""
    return f"z9hG4bK{_digits(index)}"


def _digits(number: int) -> str:
    """Write a number in hexadecimal, its last digit first (Kamailio's int2reverse_hex)."""
    return f"{number:x}"[::-1]

"""The ledger's queue: an mqueue in the memory that all of Kamailio's processes share.

A full mqueue drops its oldest item, and says nothing (measured); so it is asked how full it is.
"""

import KSR

from kemi.results import done
from kemi.sip import text

_QUEUE = "bellhop"


def waiting() -> int:
    """Return how many items wait; -1 when there is no such queue."""
    return int(KSR.mqueue.mq_size(_QUEUE))


def put(key: str, value: str) -> bool:
    """Put an item into the queue; False when there is no memory for it."""
    return done(KSR.mqueue.mq_add(_QUEUE, key, value), "mq_add")


def take() -> str | None:
    """Take the oldest item; None when there is none."""
    if not done(KSR.mqueue.mq_fetch(_QUEUE), "mq_fetch"):
        return None
    try:
        return text(f"$mqv({_QUEUE})")
    finally:
        KSR.mqueue.mq_pv_free(_QUEUE)

"""Kamailio's hash tables, which all workers share: counters and marks that expire by themselves.

The tables are defined in bellhop.cfg, with `initval=0` where something is counted: without it
sht_inc on a missing key returns -255 (measured).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import KSR

from kemi.results import done


def count(table: str, key: str) -> int:
    """Add one to a key's counter and return it; 0 when there is no memory left to count in."""
    return max(0, KSR.htable.sht_inc(table, key))


def uncount(table: str, key: str) -> None:
    """Take one off a key's counter."""
    KSR.htable.sht_dec(table, key)


def read(table: str, key: str) -> str | None:
    """Return what a key holds; None when it holds nothing, or what it held has expired."""
    value = KSR.htable.sht_get(table, key)
    return None if value is None else str(value)


def hold(table: str, key: str, value: str, seconds: int) -> None:
    """Let a key hold a value for so long."""
    done(KSR.htable.sht_setxs(table, key, value, seconds), "sht_setxs")


def keep(table: str, key: str, value: str) -> None:
    """Let a key hold a value until it is removed."""
    done(KSR.htable.sht_sets(table, key, value), "sht_sets")


def remove(table: str, key: str) -> None:
    """Take a key away, if it is there."""
    done(KSR.htable.sht_rm(table, key), "sht_rm")


@contextmanager
def locked(table: str, key: str) -> Iterator[None]:
    """Have a key for this process alone, so that what is read and then written is one step; other
    keys may wait meanwhile. The process that has the lock may read and write (it is recursive).
    """
    done(KSR.htable.sht_lock(table, key), "sht_lock")
    try:
        yield
    finally:
        done(KSR.htable.sht_unlock(table, key), "sht_unlock")

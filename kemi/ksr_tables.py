"""Kamailio's hash tables, which all workers share: counters and marks that expire by themselves.

The tables are defined in bellhop.cfg, with `initval=0` where something is counted: without it
sht_inc on a missing key returns -255 (measured).
"""

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

"""The model of KSR.htable (measured on 6.1.5).

* sht_inc and sht_dec on a missing key return -255, unless the table has ``initval``; on a text,
  even "1", always. sht_get on a missing key is null, or ``initval``.
* A table that is not defined: get is null, sets and rm and lock return -1, inc -255, is_null 2.
* rm returns 1 whether the key was there or not. Expiry is noted and never happens by itself:
  a test takes the key away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamailio_kemi.messages import Stored

ABSENT = -255


@dataclass(slots=True)
class Table:
    """One htable: its ``initval``, its values, the seconds that keys were given, and its locks."""

    initval: int | str | None = None
    values: dict[str, Stored] = field(default_factory=dict)
    expires: dict[str, int] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)


class Tables(dict[str, Table]):
    """The tables by name: ``fake.tables["carriers"] = Table(initval=0)``."""

    def __init__(self, error: Callable[[str], None]) -> None:
        super().__init__()
        self._error = error

    def read(self, table: str, key: str) -> Stored:
        """The value, or the table's ``initval``, or None."""
        if (found := self._find(table)) is None:
            return None
        return found.values.get(key, found.initval)

    def write(self, table: str, key: str, value: Stored) -> bool:
        """Sets, or with None removes; False when there is no such table."""
        if (found := self._find(table)) is None:
            return False
        if value is None:
            found.values.pop(key, None)
        else:
            found.values[key] = value
        return True

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The model of each function, by its path."""
        return {
            "htable.sht_get": lambda table, key: _text(self.read(table, key), None),
            "htable.sht_gete": lambda table, key: _text(self.read(table, key), ""),
            "htable.sht_getw": lambda table, key: _text(self.read(table, key), "<null>"),
            "htable.sht_sets": self._set,
            "htable.sht_seti": self._set,
            "htable.sht_setxs": self._set_expiring,
            "htable.sht_setxi": self._set_expiring,
            "htable.sht_setex": self._expire,
            "htable.sht_rm": lambda table, key: self._set(table, key, None),
            "htable.sht_inc": lambda table, key: self._add(table, key, 1),
            "htable.sht_dec": lambda table, key: self._add(table, key, -1),
            "htable.sht_is_null": self._is_null,
            "htable.sht_lock": self._lock,
            "htable.sht_unlock": self._unlock,
        }

    def _find(self, table: str) -> Table | None:
        found = self.get(table)
        if found is None:
            self._error(f"No such htable: {table}")
        return found

    def _set(self, table: str, key: str, value: Stored) -> int:
        return 1 if self.write(table, key, value) else -1

    def _set_expiring(self, table: str, key: str, value: Stored, seconds: int) -> int:
        result = self._set(table, key, value)
        if result > 0:
            self[table].expires[key] = seconds
        return result

    def _expire(self, table: str, key: str, seconds: int) -> int:
        if (found := self._find(table)) is None:
            return -1
        if key in found.values:
            found.expires[key] = seconds
        return 1

    def _add(self, table: str, key: str, step: int) -> int:
        if (found := self.get(table)) is None:
            return ABSENT
        value = found.values.get(key, found.initval)
        if not isinstance(value, int):
            return ABSENT
        found.values[key] = value + step
        return value + step

    def _is_null(self, table: str, key: str) -> int:
        if (found := self.get(table)) is None:
            return 2
        if key in found.values:
            return -1
        return 1 if found.initval is None else -2

    def _lock(self, table: str, key: str) -> int:
        if (found := self._find(table)) is None:
            return -1
        found.locked.append(key)
        return 1

    def _unlock(self, table: str, key: str) -> int:
        if (found := self._find(table)) is None:
            return -1
        if key in found.locked:
            found.locked.remove(key)
        return 1


def _text(value: Stored, null: str | None) -> str | int | None:
    if value is None:
        return null
    return value.decode() if isinstance(value, bytes) else value

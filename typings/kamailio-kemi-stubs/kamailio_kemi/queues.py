"""The model of KSR.mqueue (measured on 6.1.5).

* mq_fetch returns 1, -2 when the queue is empty, -1 when there is none of that name; ``$mqk`` and
  ``$mqv`` hold what was fetched last, and null after a fetch that found nothing or mq_pv_free.
* An empty text reads as null. A full queue drops its oldest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Item = tuple[str | None, str | None]
NOTHING: Item = (None, None)
NO_QUEUE, EMPTY = -1, -2


@dataclass(slots=True)
class Queue:
    """One mqueue: what waits in it, oldest first; ``size`` 0 is without a limit."""

    size: int = 0
    items: list[Item] = field(default_factory=list)
    fetched: Item = NOTHING


class Queues(dict[str, Queue]):
    """The queues by name: ``fake.queues["calls"] = Queue()``."""

    def read(self, queue: str, part: int) -> str | None:
        """``$mqk(queue)`` (part 0) or ``$mqv(queue)`` (part 1)."""
        return self[queue].fetched[part] if queue in self else None

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The model of each function, by its path."""
        return {
            "mqueue.mq_add": self._add,
            "mqueue.mq_fetch": self._fetch,
            "mqueue.mq_size": lambda queue: len(self[queue].items) if queue in self else NO_QUEUE,
            "mqueue.mq_pv_free": self._free,
        }

    def _add(self, queue: str, key: str, value: str) -> int:
        if queue not in self:
            return NO_QUEUE
        found = self[queue]
        found.items.append((key or None, value or None))
        if found.size and len(found.items) > found.size:
            found.items.pop(0)
        return 1

    def _fetch(self, queue: str) -> int:
        if queue not in self:
            return NO_QUEUE
        found = self[queue]
        result = 1 if found.items else EMPTY
        found.fetched = found.items.pop(0) if found.items else NOTHING
        return result

    def _free(self, queue: str) -> int:
        if queue in self:
            self[queue].fetched = NOTHING
        return 1

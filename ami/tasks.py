"""Work that nobody waits for: it is held until it is over, for the event loop itself keeps a task
by a weak reference alone, and what it fails by is in the log.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger("bellhop.ami")


class Tasks:
    """Tasks of one owner, all begun and ended in the event loop."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, Any], name: str | None = None) -> None:
        """Begin a piece of work, which nobody waits for."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("task=%s failed", task.get_name(), exc_info=error)

    async def finish(self, patience: float) -> None:
        """Let all of it come to its end, for so many seconds."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience)

    async def cancel(self) -> None:
        """Cancel all of it, and wait until it is."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

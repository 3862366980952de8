"""Writes reports down, in a thread of its own: the event loop waits for no disk and no database.

While the database is away pages go on, and their reports wait here; what must be dropped in the end
is said in the log.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable

from bellhop.databases import Down
from bellhop.report import Report
from bellhop.reports import Reports

_log = logging.getLogger("bellhop.pager")

_MOST = 1_000  # reports that wait
_PAUSES = (1.0, 2.0, 5.0, 10.0)  # seconds until the database is asked again
_LAST = 5.0  # seconds that the end waits for the last report
# Seconds in which reports come together into one transaction: each takes the processor's time from
# who asks the pager then, and refusals come in floods.
_GATHER = 0.1

_CUT_OFF = "the pager was restarted during the page"


class Archive:
    """The reports on their way. opened: opens the database; it is called in the thread."""

    def __init__(
        self, opened: Callable[[], Reports], pauses: tuple[float, ...] = _PAUSES, most: int = _MOST
    ) -> None:
        self._opened = opened
        self._pauses = pauses
        self._most = most
        self._began = time.time()
        self._given: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._waiting: dict[str, Report] = {}  # by page, in the order in which they came
        self._reports: Reports | None = None
        self._known = False  # whether those that an earlier pager left open have been closed
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="archive", daemon=True)
        self._thread.start()

    def save(self, one: Report) -> None:
        """Have a report written, soon; a later one of the same page takes its place. It may be
        called in any thread, and does not block.
        """
        self._given.put(one)

    def close(self) -> None:
        """Write what there is, and end; it blocks for some seconds at most."""
        self._closing.set()
        self._given.put(None)
        self._thread.join(_LAST)
        if self._thread.is_alive():
            _log.error("reports=lost why=the-database-is-too-slow-for-the-end")

    def _run(self) -> None:
        more = True
        while more:
            more = self._take()
            try:
                self._write()
            except Down as error:
                self._down(error)
            except Exception:  # noqa: BLE001 - the next report is none the worse for it
                _log.exception("reports=error")
                self._failures += 1
        if self._waiting:
            _log.error("reports=lost pages=%s", ",".join(self._waiting))
        if self._reports is not None:
            self._reports.close()

    def _take(self) -> bool:
        """Wait for reports, or until those that wait may be tried again; False at the end."""
        try:
            one = self._given.get(timeout=self._pause())
            self._closing.wait(_GATHER)
            while one is not None:
                self._add(one)
                one = self._given.get_nowait()
        except queue.Empty:
            return True
        return False

    def _pause(self) -> float | None:
        if self._known and not self._waiting:
            return None
        return self._pauses[min(self._failures, len(self._pauses)) - 1] if self._failures else 0

    def _add(self, one: Report) -> None:
        if one.page not in self._waiting and len(self._waiting) >= self._most:
            # Who was refused was told so; what became of a page is known from here alone.
            refused = (page for page, old in self._waiting.items() if old.cause is not None)
            lost = next(refused, next(iter(self._waiting)))
            _log.error("page=%s report=dropped why=%d-are-waiting", lost, self._most)
            del self._waiting[lost]
        self._waiting[one.page] = one

    def _write(self) -> None:
        if self._reports is None:
            self._reports = self._opened()
        if not self._known:
            self._close_open(self._reports)
            self._known = True
        try:
            if self._waiting:
                self._reports.store(*self._waiting.values())
            self._waiting.clear()
        except Down:
            raise
        except Exception:  # noqa: BLE001 - which one it is will be seen, and said
            self._write_singly(self._reports)
        if self._failures:
            self._failures = 0
            _log.warning("reports=back")

    def _close_open(self, reports: Reports) -> None:
        """End what an earlier pager left open; a row that is no report costs those to come none."""
        try:
            if cut_off := reports.close_open(self._began, _CUT_OFF):
                _log.warning("pages=%d ended=while-the-pager-was-down", cut_off)
        except Down:
            raise
        except Exception:  # noqa: BLE001 - it would be no better the next time
            _log.exception("pages=left-open")

    def _write_singly(self, reports: Reports) -> None:
        """Write those that can be written: one that cannot costs no other."""
        for page, one in tuple(self._waiting.items()):
            try:
                reports.store(one)
            except Down:
                raise
            except Exception:  # noqa: BLE001 - it would be no better the next time
                _log.exception("page=%s report=lost", page)
            del self._waiting[page]

    def _down(self, error: Down) -> None:
        if self._reports is not None:
            self._reports.close()
            self._reports = None
        if not self._failures:
            _log.error("reports=down waiting=%d why=%s", len(self._waiting), error)
        self._failures += 1

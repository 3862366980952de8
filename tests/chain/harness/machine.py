"""What fails while the machine stands still is run again, and told by name at the end of the run.

A virtual machine's processors are its host's to take away (steal, proc(5)). Kamailio's timers then
lose ticks, and what is due after 2 s comes after 4 (both measured): a time says nothing of ours. On a
machine that has its processors for itself nothing is run twice.
"""

import threading
import time
from pathlib import Path

import pytest

STOLEN = 0.05  # of all processors' time
STILL = 0.5  # s that a thread waited longer than it asked for
TIMES = 2  # more, at most
_PAUSE = 0.05  # s
_STAT = Path("/proc/stat")


class Machine:
    """Watches from `begin` on."""

    def __init__(self, stat: Path = _STAT) -> None:
        self._stat = stat
        self._longest = 0.0
        self._then = (0, 0)
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="machine", daemon=True).start()

    def close(self) -> None:
        """Watch no more."""
        self._over.set()

    def begin(self) -> None:
        """Forget what was before."""
        self._longest = 0.0
        self._then = self._ticks()

    def stood_still(self) -> str:
        """Return what happened since `begin`, in words; empty when nothing did."""
        stolen, ticks = (now - then for now, then in zip(self._ticks(), self._then, strict=True))
        if ticks and stolen / ticks >= STOLEN:
            return f"its host took {stolen / ticks:.0%} of the processors' time"
        if self._longest >= STILL:
            return f"it stood still for {self._longest:.1f} s"
        return ""

    def _ticks(self) -> tuple[int, int]:
        """Return the ticks stolen, and all: user, nice, system, idle, iowait, irq, softirq, steal.
        Those of guests are within user's (proc(5)).
        """
        try:
            ticks = [int(one) for one in self._stat.read_text().split()[1:9]]
        except OSError:  # no Linux: it is not known
            return 0, 0
        return ticks[-1], sum(ticks)

    def _watch(self) -> None:
        at = time.monotonic()
        while not self._over.wait(_PAUSE):
            now = time.monotonic()
            self._longest = max(self._longest, now - at - _PAUSE)
            at = now


class Again:
    """The pytest plugin of it, for the tests below a directory."""

    def __init__(self, machine: Machine, below: Path) -> None:
        self._machine = machine
        self._below = below
        self._why: list[str] = []

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        if config.option.usepdb:  # who debugs wants the first failure
            return
        for item in items:
            if item.path.is_relative_to(self._below):
                stood_still = self._asked_of(item.nodeid)
                item.add_marker(pytest.mark.flaky(reruns=TIMES, condition=stood_still))

    def _asked_of(self, nodeid: str):
        def stood_still(error: BaseException | None) -> bool:
            why = self._machine.stood_still()
            if error is not None and why:
                self._why.append(f"{nodeid}: {why}")
            return bool(why)

        return stood_still

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self._machine.begin()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._why:
            terminalreporter.section("failed while the machine stood still")
        for line in self._why:
            terminalreporter.line(line)

    def pytest_unconfigure(self) -> None:
        self._machine.close()

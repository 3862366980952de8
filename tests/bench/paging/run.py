"""A run of the bench: its house and its cast, and a page as it is measured."""

import time
from dataclasses import dataclass

from tests.bench.paging.cast import VOICE, Cast
from tests.bench.paging.figures import Page
from tests.bench.paging.house import House
from tests.bench.paging.seen import Seen, page
from tests.bench.wire import Tap, datagrams
from tests.chain.harness.stack import until

_SETTLE = 30.0  # s until all channels of a page have ended


@dataclass(frozen=True, slots=True)
class Run:
    """A run. idle: the seconds of CPU that each part uses in a second in which nobody pages."""

    house: House
    cast: Cast
    tap: Tap
    idle: dict[str, float]

    def page(self, number: str, talk: int) -> Page:
        """Have a leader page a number, and return what it was, when all of it is over."""
        self.tap.start(longest=0)
        began, before = time.monotonic(), self.house.cpu()
        self.cast.leads(number, talk).wait()
        self.settle()
        used, seconds = self.house.cpu(), time.monotonic() - began
        cpu = {part: used[part] - before[part] - self.idle[part] * seconds for part in used}
        return Page(self.seen(), cpu)

    def settle(self) -> None:
        """Wait until Asterisk has no channel left."""
        until("the page's channels to end", lambda: not self.house.channels(), _SETTLE)

    def seen(self) -> Seen:
        """End the capture, and return the page that is in it."""
        found = page(datagrams(self.tap.stop()), self.house.prefix, VOICE)
        if not found.joined or not found.heard:
            raise RuntimeError("a page reached nobody: see the logs beside the capture")
        return found

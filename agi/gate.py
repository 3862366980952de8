"""The PIN of a zone: whether this caller has said it, is to be asked, or has guessed too often."""

import copy
import logging
import threading
import time
from collections.abc import Mapping

from bellhop import pins
from bellhop.callers import Caller
from bellhop.pages import Refusal
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.agi")

_NOT_ALLOWED = 21  # Q.850
_BEHIND = 10  # a trunk has many callers: so many times the tries of one


class Gate:
    """The PINs of a site's zones: lines of their PIN files, by the zone's number."""

    def __init__(self, lines: Mapping[str, tuple[str, ...]]) -> None:
        self._lines = lines
        self._lockout = pins.Lockout()
        # One after the other: many guesses at once would all be made before the first is counted.
        self._turn = threading.Lock()

    def with_lines(self, lines: Mapping[str, tuple[str, ...]]) -> "Gate":
        """Return the gate of changed PIN files; who was locked out still is."""
        changed = copy.copy(self)
        changed._lines = lines  # noqa: SLF001 - a copy of ours
        return changed

    def passes(self, zone: Zone, caller: Caller, said: str) -> bool | Refusal:
        """Whether he may go on: True, False when he is to be asked, or why he is refused.

        said: what he dialled when he was asked; "" when he has not been.
        """
        if not zone.pin_file:
            return True
        # By the trunk too: who is behind it may call himself by another number each time.
        own = max(sorted(caller.names), key=len)
        most = {n: zone.pin_tries * (1 if n == own else _BEHIND) for n in caller.names}
        seconds = zone.pin_lockout / 1000
        with self._turn:
            now = time.monotonic()
            for name, tries in most.items():
                if self._lockout.locked(name, zone.number, tries, seconds, now):
                    return Refusal(_NOT_ALLOWED, "locked out: too many wrong PINs")
            if not said:
                return False
            if pins.matches(said, self._lines[zone.number]):
                self._lockout.right(own, zone.number)
                return True
            wrong = {n: self._lockout.wrong(n, zone.number, seconds, now) for n in most}
        _log.warning("zone=%s pin=wrong caller=%s tries=%d", zone.number, own, wrong[own])
        if any(wrong[name] >= tries for name, tries in most.items()):
            return Refusal(_NOT_ALLOWED, "too many wrong PINs")
        return False

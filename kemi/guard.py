"""No exception leaves a callback: an uncaught one means that a request is never answered, or that a
carrier's failure is relayed as if that had been decided.
"""

import functools
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from kemi import sip
from kemi.results import Unreadable

E = TypeVar("E")


def guarded(answer: Callable[[int, str], None] | None) -> Callable[..., Any]:
    """Guard a callback. `answer` is how the caller is told: with a transaction or without; None
    where there is nobody to tell (replies, timers).
    """

    def guard(callback: Callable[[E, Any], None]) -> Callable[[E, Any], int]:
        @functools.wraps(callback)
        def run(self: E, message: Any = None, *_: Any) -> int:
            try:
                callback(self, message)
            except Unreadable as unreadable:
                _tell(callback.__name__, answer, 400, "Not UTF-8", str(unreadable))
            except Exception:  # noqa: BLE001 - whatever it is, the caller is answered
                _tell(callback.__name__, answer, 500, "Server Internal Error", _last_lines())
            # Kamailio ignores what a callback returns; 1 is its word for "go on".
            return 1

        return run

    return guard


def _is_ack() -> bool:
    try:
        return sip.method() == "ACK"
    except Unreadable:
        return False


def _last_lines() -> str:
    return traceback.format_exc(limit=-4).strip().replace("\n", " | ")


def _tell(
    name: str, answer: Callable[[int, str], None] | None, code: int, phrase: str, why: str
) -> None:
    """Answer first, log second: the log line itself may hold what cannot be written."""
    try:
        if answer is not None and not _is_ack():
            answer(code, phrase)
    except Exception:  # noqa: BLE001 - the answer was the last thing that could be done
        why += " | and the answer failed: " + _last_lines()
    safe = why.encode("ascii", "backslashreplace").decode()
    sip.error(f"callback={name} answered={code if answer else 'nobody'} error={safe}")

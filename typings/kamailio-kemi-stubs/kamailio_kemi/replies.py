"""The model of what reaches the caller: replies, and relays with their traps (measured on 6.1.5).

* t_reply, t_send_reply and sl.send_reply (which uses the transaction that is there) return -1
  after a final reply; sl.sl_send_reply sends each time.
* A t_relay that fails (< 0) sends the caller the final reply by itself, unless
  t_set_disable_internal_reply(1) was called before; a relay after that is a ghost call.
* In a failure route a relay needs a branch that is marked new: pv.sets of $du or $ru does it,
  corex.append_branch does it; setdsturi alone does not, and t_relay is -1.
* In every failure route $du is again the first destination.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamailio_kemi.messages import Stored
    from kamailio_kemi.variables import Variables


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to the caller; ``by_itself``: the server sent it because t_relay failed."""

    code: int
    reason: str
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Relay:
    """One t_relay: where to, what it returned, and whether the caller had a final reply by then."""

    ruri: Stored
    destination: Stored
    result: int
    ghost: bool


class Transaction:
    """Replies and relays of the request in hand."""

    def __init__(self, variables: Variables, error: Callable[[str], None]) -> None:
        self.replies: list[Reply] = []
        self.relays: list[Relay] = []
        self.failing = False
        self.first: Stored = None
        self._variables = variables
        self._error = error
        self._silent = False

    @property
    def answered(self) -> bool:
        """Whether the caller has a final reply."""
        return any(reply.code >= 200 for reply in self.replies)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The model of each function, by its path."""
        return {
            "sl.sl_send_reply": self._reply,
            "sl.send_reply": self._t_reply,
            "tm.t_reply": self._t_reply,
            "tm.t_send_reply": self._t_reply,
            "tm.t_set_disable_internal_reply": self._disable,
            "setdsturi": self._destination,
            "resetdsturi": lambda: self._destination(None),
            "isdsturiset": lambda: self._variables.destination is not None,
            "seturi": lambda uri: self._variables.functions()["pv.sets"]("$ru", uri),
        }

    def fail(self) -> None:
        """A failure route begins."""
        self.failing = True
        if self.relays:
            self._variables.destination = self.first
        self._variables.marked_new = False

    def marked(self) -> None:
        """A branch was appended."""
        self._variables.marked_new = True

    def relay(self, answer: Callable[[], int]) -> int:
        """t_relay: what the test says that it returns, or -1 when there is no new branch."""
        variables = self._variables
        if not self.relays:
            self.first = variables.destination
        if self.failing and not variables.marked_new:
            self._error("t_forward_nonack(): no branches for forwarding")
            result = -1
        else:
            result = answer()
        ghost = self.answered
        self.relays.append(Relay(variables.ruri, variables.destination, result, ghost))
        variables.marked_new = False
        if result < 0 and not self._silent and not self.failing:
            code = -result if -result >= 300 else 500  # -478, -7 and -1 were seen
            self.replies.append(Reply(code, "", by_itself=True))
        return result

    def _reply(self, code: int, reason: str) -> int:
        self.replies.append(Reply(code, reason))
        return 1

    def _t_reply(self, code: int, reason: str) -> int:
        return -1 if self.answered else self._reply(code, reason)

    def _disable(self, on: int) -> int:
        self._silent = on != 0
        return 1

    def _destination(self, uri: str | None) -> bool:
        self._variables.destination = uri or None
        return True

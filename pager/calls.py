"""Calls of devices that are no pages: asked of the edge, and ended by it. They never come near
Asterisk, so nobody else knows of them. The edge puts each device of such a call into a profile of
its dialog module (kemi/ksr_health.py).
"""

import logging
from collections.abc import Collection, Mapping

from bellhop.pages import EdgeCall
from bellhop.render_kamailio import DEVICES
from bellhop.rpc import RpcError
from bellhop.values import Address
from pager.rpc import PATIENCE, ask

_log = logging.getLogger("bellhop.pager")

# The dialog module's states of a call that was answered and goes on (dlg_hash.h).
_ANSWERED = frozenset({3, 4})


class Calls:
    """The edge's calls. Its methods block: call them from a thread."""

    def __init__(self, edge: Address) -> None:
        self._edge = edge

    def of(
        self, numbers: Collection[str], patience: float = PATIENCE
    ) -> Mapping[str, tuple[EdgeCall, ...]]:
        """Return which of the numbers are in calls, and in which; nothing of any when the edge
        could not be asked within so many seconds, for a page is not held back by that.
        """
        try:
            answer = ask(self._edge, "dlg.profile_list", DEVICES, patience=patience)
            wanted = set(numbers)
            return {number: calls for number, calls in in_calls(answer).items() if number in wanted}
        except (RpcError, LookupError, TypeError, AttributeError) as error:
            _log.warning("edge=%s calls=unknown why=%s", self._edge, error)
            return {}

    def end(self, call: EdgeCall) -> bool:
        """Hang up both sides of a call; False when the edge would not, or it is over already."""
        try:
            ask(self._edge, "dlg.end_dlg", call.entry, call.id)
        except RpcError as error:
            _log.warning("edge=%s call=%d:%d end=failed why=%s", self._edge, *_ids(call), error)
            return False
        return True


def _ids(call: EdgeCall) -> tuple[int, int]:
    return call.entry, call.id


def in_calls(answer: object) -> dict[str, tuple[EdgeCall, ...]]:
    """Return the calls in an answer to `dlg.profile_list`, by device. Raises LookupError, TypeError
    or AttributeError when it is no such answer.
    """
    found: dict[str, dict[EdgeCall, None]] = {}  # a call is listed once for each device of it
    for one in answer:  # type: ignore[attr-defined]
        if one["state"] not in _ANSWERED:
            continue
        for profile in one["profiles"]:
            if number := profile.get(DEVICES):
                call = EdgeCall(int(one["h_entry"]), int(one["h_id"]))
                found.setdefault(number, {})[call] = None
    return {number: tuple(calls) for number, calls in found.items()}

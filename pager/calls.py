"""Calls of devices that are no pages: asked of the edge, and ended by it. They never come near
Asterisk, so nobody else knows of them. The edge puts each device of such a call into a profile of
its dialog module, and each call of an Asterisk into another (kemi/engaged.py).

Of two Asterisks, each counts what a page of the other does as a call: neither knows the other's
pages. A dead one has none.
"""

import logging
import time
from collections.abc import Collection, Mapping

from bellhop.addresses import Address
from bellhop.pages import EdgeCall
from bellhop.render_kamailio import DEVICES, LEGS
from bellhop.rpc import RpcError
from bellhop.sides import FIRST
from bellhop.standing import probes
from pager.rpc import PATIENCE, ask

_log = logging.getLogger("bellhop.pager")

# The dialog module's states of a call that was answered and goes on (dlg_hash.h).
_ANSWERED = frozenset({3, 4})


class Calls:
    """The edge's calls, as one of the site's Asterisks sees them. Its methods block: call them from
    a thread. other: the other Asterisk's name and address, if there is one.
    """

    def __init__(
        self, edge: Address, side: str = FIRST, other: tuple[str, Address] | None = None
    ) -> None:
        self._edge = edge
        self._side = side
        self._other = other

    def of(
        self, numbers: Collection[str], patience: float = PATIENCE
    ) -> Mapping[str, tuple[EdgeCall, ...]]:
        """Return which of the numbers are in calls, and in which; nothing of any when the edge
        could not be asked within so many seconds, for a page is not held back by that.
        """
        try:
            end = time.monotonic() + patience
            found = in_calls(ask(self._edge, "dlg.profile_list", DEVICES, patience=patience))
            if self._other is not None:
                for number, calls in self._others(*self._other, end).items():
                    found[number] = found.get(number, ()) + calls
            wanted = set(numbers)
            return {number: calls for number, calls in found.items() if number in wanted}
        except (RpcError, LookupError, TypeError, AttributeError) as error:
            _log.warning("edge=%s calls=unknown why=%s", self._edge, error)
            return {}

    def _others(self, side: str, address: Address, end: float) -> dict[str, tuple[EdgeCall, ...]]:
        """Return the calls of the other Asterisk; those of a dead one are ended, and are none. end:
        when nothing is asked any more.
        """
        legs = self.legs(side, _left(end))
        if not legs:
            return {}
        listed = ask(self._edge, "dispatcher.list", patience=_left(end))
        flags = probes(listed).get(f"sip:{address}", "")
        if not flags.startswith("I"):
            return legs
        for calls in legs.values():
            for call in calls:
                self.end(call)
        return {}

    def legs(self, side: str = "", patience: float = PATIENCE) -> dict[str, tuple[EdgeCall, ...]]:
        """Return the calls of an Asterisk, ours unless told, by the number that it called; those
        that called it by "". Raises RpcError, also for an answer that is none.
        """
        prefix = f"{side or self._side}:"
        try:
            found = in_calls(ask(self._edge, "dlg.profile_list", LEGS, patience=patience), LEGS)
        except (LookupError, TypeError, AttributeError) as error:
            raise RpcError(f"the edge at {self._edge} lists no calls: {error!r}") from None
        return {
            name.removeprefix(prefix): calls
            for name, calls in found.items()
            if name.startswith(prefix)
        }

    def end(self, call: EdgeCall) -> bool:
        """Hang up both sides of a call; False when the edge would not, or it is over already."""
        try:
            ask(self._edge, "dlg.end_dlg", call.entry, call.id)
        except RpcError as error:
            _log.warning("edge=%s call=%d:%d end=failed why=%s", self._edge, *_ids(call), error)
            return False
        return True


def _left(end: float) -> float:
    return max(0.01, end - time.monotonic())


def _ids(call: EdgeCall) -> tuple[int, int]:
    return call.entry, call.id


def in_calls(answer: object, profile: str = DEVICES) -> dict[str, tuple[EdgeCall, ...]]:
    """Return the calls in an answer to `dlg.profile_list`, by value of the profile. Raises
    LookupError, TypeError or AttributeError when it is no such answer.
    """
    found: dict[str, dict[EdgeCall, None]] = {}  # a call is listed once for each device of it
    for one in answer:  # type: ignore[attr-defined]
        if one["state"] not in _ANSWERED:
            continue
        for named in one["profiles"]:
            if number := named.get(profile):
                call = EdgeCall(int(one["h_entry"]), int(one["h_id"]))
                found.setdefault(number, {})[call] = None
    return {number: tuple(calls) for number, calls in found.items()}

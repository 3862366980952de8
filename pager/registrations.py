"""Which devices are registered, asked of the edge.

One `ul.dump` for all: a look-up of a number that is not there makes Kamailio log
three errors.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from bellhop.rpc import RpcError
from bellhop.values import Address
from pager.rpc import PATIENCE, ask

_log = logging.getLogger("bellhop.pager")


class Registrations:
    """The edge's registrations. Call it from a thread: it blocks."""

    def __init__(self, edge: Address) -> None:
        self._edge = edge

    def __call__(
        self, numbers: Collection[str], patience: float = PATIENCE
    ) -> Mapping[str, str] | None:
        """Return which of the numbers are registered, each with its User-Agent; None when the edge
        could not be asked within so many seconds.
        """
        try:
            found = registered(ask(self._edge, "ul.dump", patience=patience))
            return {number: found[number] for number in numbers if number in found}
        except (RpcError, LookupError, TypeError, AttributeError) as error:
            _log.warning("edge=%s registrations=unknown why=%s", self._edge, error)
            return None


def registered(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers in an answer to `ul.dump` that have a binding now, each with the
    User-Agent that it registered with: one that has ended is in the table for some seconds yet, as
    "expired" or "deleted". Raises LookupError, TypeError or AttributeError when it is no such
    answer.
    """
    found: dict[str, str] = {}
    for domain in answer["Domains"]:
        # A list of AoRs, or nothing where there is none.
        for aor in domain["Domain"].get("AoRs") or ():
            info = aor["Info"]
            for entry in info["Contacts"]:
                contact = entry["Contact"]
                if _lives(contact["Expires"]):
                    found[str(info["AoR"])] = _said(contact.get("User-Agent"))
    return found


def _said(user_agent: object) -> str:
    """Return a User-Agent; "" where the device said none, which Kamailio tells as "n/a"."""
    return user_agent if isinstance(user_agent, str) and user_agent != "n/a" else ""


def _lives(expires: object) -> bool:
    return expires == "permanent" or (isinstance(expires, int) and expires > 0)

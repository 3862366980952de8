"""Which devices are registered, asked of the edge: of some by its own method, which tells no more
than is asked (bellhop/present.py), of many by Kamailio's `ul.dump`, which tells of all.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from bellhop.addresses import Address
from bellhop.present import METHOD, MOST, Present, is_elsewhere, read
from bellhop.rpc import RpcError
from pager.rpc import PATIENCE, ask

_log = logging.getLogger("bellhop.pager")


class Registrations:
    """The edge's registrations. other: the name of the other Asterisk, whose calls are calls, too,
    "" where there is none. Call it from a thread: it blocks.
    """

    def __init__(self, edge: Address, other: str = "") -> None:
        self._edge = edge
        self._other = other

    def __call__(
        self, numbers: Collection[str], patience: float = PATIENCE
    ) -> Mapping[str, Present] | None:
        """Return which of the numbers are registered; None when the edge could not be asked within
        so many seconds.
        """
        try:
            if len(numbers) <= MOST:
                return read(
                    ask(self._edge, METHOD, self._other, *numbers, patience=patience), numbers
                )
            found = registered(ask(self._edge, "ul.dump", patience=patience))
            return {number: found[number] for number in numbers if number in found}
        except (RpcError, LookupError, TypeError, AttributeError, msgspec.MsgspecError) as error:
            _log.warning("edge=%s registrations=unknown why=%s", self._edge, error)
            return None

    def silent(self, since: float) -> Mapping[str, int]:
        """Return who is registered and has answered nothing that the edge asked since a Unix time,
        with when it last did (or registered); nobody where the edge could not be asked.
        """
        try:
            return silent(ask(self._edge, "ul.dump"), since)
        except (RpcError, LookupError, TypeError, AttributeError) as error:
            _log.warning("edge=%s silent=unknown why=%s", self._edge, error)
            return {}


def silent(answer: Mapping[str, Any], since: float) -> dict[str, int]:
    """Return the numbers in an answer to `ul.dump` that last answered before a Unix time, and when.
    Raises LookupError, TypeError or AttributeError when it is no such answer.
    """
    return {
        number: contact["Last-Keepalive"]
        for number, contact in _living(answer)
        if contact["Last-Keepalive"] < since
    }


def registered(answer: Mapping[str, Any]) -> dict[str, Present]:
    """Return the numbers in an answer to `ul.dump` that have a binding now, each as it registered:
    one that has ended is in the table for some seconds yet, as "expired" or "deleted". Raises
    LookupError, TypeError or AttributeError when it is no such answer.
    """
    return {
        number: Present(
            _said(contact.get("User-Agent")),
            elsewhere=is_elsewhere(str(contact["Address"]), str(contact.get("Received"))),
        )
        for number, contact in _living(answer)
    }


def _living(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for domain in answer["Domains"]:
        # A list of AoRs, or nothing where there is none.
        for aor in domain["Domain"].get("AoRs") or ():
            info = aor["Info"]
            for entry in info["Contacts"]:
                contact = entry["Contact"]
                if _lives(contact["Expires"]):
                    yield str(info["AoR"]), contact


def _said(user_agent: object) -> str:
    """Return a User-Agent; "" where the device said none, which Kamailio tells as "n/a"."""
    return user_agent if isinstance(user_agent, str) and user_agent != "n/a" else ""


def _lives(expires: object) -> bool:
    return expires == "permanent" or (isinstance(expires, int) and expires > 0)

"""Which devices are registered, asked of the edge: JSON-RPC over HTTP, as jsonrpcs has it.

One `ul.dump` for all: a look-up of a number that is not there makes Kamailio log
three errors.
"""

import http.client
import json
import logging
from collections.abc import Collection

from bellhop.values import Address

_log = logging.getLogger("bellhop.pager")

_PATIENCE = 0.8  # seconds; the dialplan's limit for the whole request is 2.5
_LARGEST = 8_000_000  # bytes; a device is some 700 of them


class Registrations:
    """The edge's registrations. Call it from a thread: it blocks for at most `_PATIENCE`."""

    def __init__(self, edge: Address) -> None:
        self._edge = edge

    def __call__(self, numbers: Collection[str]) -> Collection[str] | None:
        """Return which of the numbers are registered; None when the edge could not be asked."""
        question = {"jsonrpc": "2.0", "id": 1, "method": "ul.dump"}
        connection = http.client.HTTPConnection(self._edge.host, self._edge.port, timeout=_PATIENCE)
        try:
            connection.request(
                "POST", "/RPC", json.dumps(question), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            body = response.read(_LARGEST)
            return registered(json.loads(body)) & set(numbers)
        except (
            OSError,
            http.client.HTTPException,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:
            _log.warning("edge=%s registrations=unknown why=%s", self._edge, error)
            return None
        finally:
            connection.close()


def registered(answer: dict[str, object]) -> set[str]:
    """Return the numbers in an answer to `ul.dump` that have a binding now: one that has ended is
    in the table for some seconds yet, as "expired" or "deleted". Raises LookupError, TypeError or
    AttributeError when it is no such answer.
    """
    found: set[str] = set()
    for domain in answer["result"]["Domains"]:  # type: ignore[index]
        # A list of AoRs, or nothing where there is none.
        for aor in domain["Domain"].get("AoRs") or ():
            info = aor["Info"]
            if any(_lives(contact["Contact"]["Expires"]) for contact in info["Contacts"]):
                found.add(str(info["AoR"]))
    return found


def _lives(expires: object) -> bool:
    return expires == "permanent" or (isinstance(expires, int) and expires > 0)

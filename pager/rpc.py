"""Questions to the edge: JSON-RPC over HTTP, as jsonrpcs has it."""

import http.client
import json
from typing import Any

from bellhop.values import Address

_PATIENCE = 0.8  # seconds; the dialplan's limit for the whole request is 2
_LARGEST = 8_000_000  # bytes; a device is some 700 of them


class EdgeError(Exception):
    """The edge did not answer, or not with a result; its text says which."""


def ask(edge: Address, method: str, *params: str | int) -> Any:
    """Return the result of one question. It blocks for at most `_PATIENCE`. Raises EdgeError."""
    question: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": method}
    if params:
        question["params"] = params
    connection = http.client.HTTPConnection(edge.host, edge.port, timeout=_PATIENCE)
    try:
        connection.request(
            "POST", "/RPC", json.dumps(question), {"Content-Type": "application/json"}
        )
        answer = json.loads(connection.getresponse().read(_LARGEST))
        return answer["result"]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        raise EdgeError(f"{method}: {error!r}") from None
    finally:
        connection.close()

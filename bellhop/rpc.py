"""JSON-RPC to the edge over HTTP, on its internal listener: how `bellhop` asks a Kamailio."""

import http.client
import json
import socket
import time
from typing import Any

from bellhop.addresses import Address

_LARGEST = 8_000_000  # bytes


class RpcError(Exception):
    """The edge could not be asked, or refused; the words are for people."""


class NotKnownError(RpcError):
    """The edge answered that there is no such thing."""


class _Socket(socket.socket):
    """A socket that is read until a moment, however many reads that takes: one that sends a byte
    now and then would keep whoever waits for it for ever.
    """

    end = 0.0

    def recv_into(self, *args: Any) -> int:
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)
        return super().recv_into(*args)


class _Connection(http.client.HTTPConnection):
    """A connection that is over after its timeout, whatever comes by it."""

    def __init__(self, address: Address, timeout: float) -> None:
        super().__init__(address.host, address.port, timeout=timeout)
        self._end = time.monotonic() + timeout

    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(fileno=self.sock.detach())
        self.sock.end = self._end
        self.sock.settimeout(max(0.001, self._end - time.monotonic()))


def call(edge: Address, method: str, *params: Any, timeout: float = 3.0) -> Any:
    """Return the result of a method. timeout: seconds for all of it. Raises RpcError;
    NotKnownError for a 404 of the method's.
    """
    if timeout <= 0:
        raise RpcError(f"there was no time left to ask the edge at {edge}")
    question: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method}
    if params:
        question["params"] = list(params)
    connection = _Connection(edge, timeout)
    try:
        connection.request(
            "POST", "/RPC", json.dumps(question), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        body = response.read(_LARGEST)
    except (OSError, http.client.HTTPException) as error:
        raise RpcError(f"the edge at {edge} does not answer: {error}") from None
    finally:
        connection.close()
    return _result(edge, response.status, body)


def _result(edge: Address, status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        said = body.decode("utf-8", "replace").strip()[:100]
        raise RpcError(f"the edge at {edge} answered {status}: {said}") from None
    match answer:
        case {"result": result}:
            return result
        case {"error": {"code": code, "message": message}}:
            kind = NotKnownError if code == http.client.NOT_FOUND else RpcError
            raise kind(f"the edge at {edge} answered: {message}")
        case _:
            raise RpcError(f"the edge at {edge} answered {status}, and no JSON-RPC")

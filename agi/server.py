"""The FastAGI server: takes sessions on the inside network, and hands each to its verb.

AGI has no authentication, so the site binds it where only Asterisk reaches it. Whatever connects
may also be a port scan, a half-open peer or a flood: the header has a size and a time limit, and
there are never more than so many sessions at once.
"""

import contextlib
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from agi.channel import Channel, Gone, Refused
from bellhop.values import Address

Verb = Callable[[Channel], None]

_log = logging.getLogger("bellhop.agi")

# From the connection on, for all that a verb does: less than the 2 s that the dialplan's Dial()
# waits, so that what we have begun by then is known there, and no fallback rings the same members.
_BUDGET = 1.5
_HEADER_BYTES = 16_384
_SESSIONS = 200


class Server(socketserver.ThreadingTCPServer):
    """Serves verbs by the path of the AGI URL: `agi://pager:4573/page` is the verb `page`.

    patience: seconds that a peer may be silent in the middle of something.
    longest: seconds that a session may take, however busy its peer keeps it: the dialplan has gone
        on long before.
    budget: seconds that a verb has, counted from the connection; it must begin nothing after them.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: Address,
        verbs: Mapping[str, Verb],
        patience: float = 2.0,
        longest: float = 5.0,
        budget: float = _BUDGET,
    ) -> None:
        self.verbs = verbs
        self.patience = patience
        self.places = threading.BoundedSemaphore(_SESSIONS)
        self.longest = longest
        self.budget = budget
        self._began: dict[socket.socket, float] = {}
        if ":" in address.host:
            self.address_family = socket.AF_INET6
        super().__init__((address.host, address.port), _Session)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a session, while there is a place for it."""
        if not self.places.acquire(blocking=False):
            _log.warning("agi=full sessions=%d", _SESSIONS)
            self.shutdown_request(request)
            return
        self._began[request] = time.monotonic()
        try:
            super().process_request(request, client_address)
        except Exception:
            del self._began[request]
            self.places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a session in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._began.pop(request, None)
            self.places.release()

    def service_actions(self) -> None:
        """End sessions that take too long; the serving loop calls it twice a second."""
        now = time.monotonic()
        for request, began in tuple(self._began.items()):
            if now > began + self.longest:
                with contextlib.suppress(OSError):  # it has just ended by itself
                    request.shutdown(socket.SHUT_RDWR)

    def verbs_end(self, request: Any) -> float:
        """Return until when a session's verb may begin something, on the monotonic clock."""
        return self._began[request] + self.budget

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what a verb did not expect; the dialplan goes on without us."""
        del request
        _log.exception("agi=error peer=%s", client_address)


class _Session(socketserver.StreamRequestHandler):
    server: Server

    def setup(self) -> None:
        self.request.settimeout(self.server.patience)
        super().setup()

    def handle(self) -> None:
        try:
            env = self._header()
        except ValueError as error:
            _log.info("agi=refused peer=%s why=%s", self.client_address[0], error)
            return
        path = urlsplit(env.get("request", "")).path.strip("/")
        verb = self.server.verbs.get(path)
        if verb is None:
            _log.warning("agi=unknown-verb verb=%s", ascii(path))
            return
        try:
            end = self.server.verbs_end(self.request)
            verb(Channel(env, self.rfile, self.wfile, end))  # type: ignore[arg-type]
        except Gone as gone:
            _log.info("agi=gone verb=%s channel=%s why=%s", path, env.get("channel"), gone)
        except Refused as refused:
            _log.error("agi=refused verb=%s channel=%s why=%s", path, env.get("channel"), refused)

    def _header(self) -> dict[str, str]:
        """Read `agi_name: value` lines up to the empty one. Raises ValueError for anything else."""
        env: dict[str, str] = {}
        left = _HEADER_BYTES
        while True:
            try:
                line = self.rfile.readline(left + 1)
            except OSError:
                raise ValueError("silent in the middle of the header") from None
            left -= len(line)
            if left < 0:
                raise ValueError("the header is too long")
            if not line.endswith(b"\n"):
                raise ValueError("it hung up before the header's end")
            text = line.decode("utf-8", "replace").strip()
            if not text:
                return env
            name, colon, value = text.partition(":")
            if not colon or not name.startswith("agi_"):
                raise ValueError("that is no AGI header")
            env[name.removeprefix("agi_")] = value.strip()

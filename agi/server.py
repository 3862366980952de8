"""The FastAGI server: takes sessions on the inside network, and hands each to its verb.

AGI has no authentication, so the site binds it where only Asterisk reaches it. Whatever connects
may also be a port scan, a half-open peer or a flood: the header has a size and a time limit, and
there are never more than so many sessions at once.

Threads wait for connections themselves: each hand-over from one thread to another, and each start
of one, is a wait for the interpreter and for a CPU, while a caller waits for us (docs/bench.md).
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from io import BufferedReader
from urllib.parse import urlsplit

from agi.channel import Channel, Gone, Refused
from bellhop.addresses import Address

Verb = Callable[[Channel], None]
Asked = Callable[[str, str], None]

_log = logging.getLogger("bellhop.agi")

# From the connection on, for all that a verb does: less than the 2 s that the dialplan's Dial()
# waits, so that what we have begun by then is known there, and no fallback rings the same members.
_BUDGET = 1.5
_HEADER_BYTES = 16_384
_SESSIONS = 200
_WAITING = 4  # threads that wait for a connection when nobody calls
_FEWEST = 2  # and when many do: who comes is taken at once
_BACKLOG = 128
_PAUSE = 0.1  # seconds until a connection is taken again when none could be: no descriptor is left


class Server:
    """Serves verbs by the path of the AGI URL: `agi://pager:4573/page` is the verb `page`.

    asked: is told each request's query, and which Asterisk has sent it.
    patience: seconds that a peer may be silent in the middle of something.
    longest: seconds that a session may take, however busy its peer keeps it: the dialplan has gone
        on long before.
    budget: seconds that a verb has, counted from the connection; it must begin nothing after them.
    """

    def __init__(
        self,
        address: Address,
        verbs: Mapping[str, Verb],
        asked: Asked = lambda _query, _host: None,
        *,
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
        self._asked = asked
        self._ending = threading.Event()
        self._turn = threading.Lock()
        self._waiting = 0
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self._socket = socket.create_server(
            (address.host, address.port), family=family, backlog=_BACKLOG
        )
        self.server_address = self._socket.getsockname()

    def serve_forever(self, every: float = 0.5) -> None:
        """Serve until `shutdown`, and look each so many seconds for sessions that take too long."""
        for _ in range(_WAITING):
            self._more()
        while not self._ending.wait(every):
            self._end_long_ones()

    def shutdown(self) -> None:
        """Take no more connections. Sessions that run go on."""
        self._ending.set()
        with contextlib.suppress(OSError):  # it has been closed
            self._socket.shutdown(socket.SHUT_RDWR)  # who waits for a connection waits no more

    def server_close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def _more(self) -> None:
        """Start a thread that waits for connections."""
        with self._turn:
            self._waiting += 1
        name = f"agi-{self.server_address[1]}"
        try:
            threading.Thread(target=self._wait, name=name, daemon=True).start()
        except RuntimeError as error:  # the system gives no more of them
            with self._turn:
                self._waiting -= 1
            _log.warning("agi=no-thread why=%s", error)

    def _wait(self) -> None:
        """Take one connection after the other, while no other threads are enough for that."""
        while True:
            try:
                peer, (host, *_) = self._socket.accept()
            except OSError as error:
                if self._ending.is_set():
                    return
                _log.warning("agi=not-taken why=%s", error)
                self._ending.wait(_PAUSE)
                continue
            with peer:
                if not self.places.acquire(blocking=False):
                    _log.warning("agi=full sessions=%d", _SESSIONS)
                    continue
                with self._turn:
                    self._waiting -= 1
                    alone = self._waiting < _FEWEST
                try:
                    if alone:
                        self._more()
                    self._serve(peer, host)
                finally:
                    self.places.release()
            with self._turn:
                if self._waiting >= _WAITING:
                    return
                self._waiting += 1

    def _serve(self, peer: socket.socket, host: str) -> None:
        """Serve a session; whatever a verb did not expect, the dialplan goes on without us."""
        began = self._began[peer] = time.monotonic()
        try:
            peer.settimeout(self.patience)
            with peer.makefile("rb") as reader:
                self._ask(peer, reader, host, began + self.budget)
        except Exception:  # noqa: BLE001 - a session's defect is not the next one's
            _log.exception("agi=error peer=%s", host)
        finally:
            del self._began[peer]

    def _ask(self, peer: socket.socket, reader: BufferedReader, host: str, end: float) -> None:
        try:
            env = _header(reader)
        except ValueError as error:
            _log.info("agi=refused peer=%s why=%s", host, error)
            return
        asked = urlsplit(env.get("request", ""))
        path = asked.path.strip("/")
        verb = self.verbs.get(path)
        if verb is None:
            _log.warning("agi=unknown-verb verb=%s", ascii(path))
            return
        self._asked(asked.query, host)
        try:
            verb(Channel(env, reader, _Writer(peer), end))
        except Gone as gone:
            _log.info("agi=gone verb=%s channel=%s why=%s", path, env.get("channel"), gone)
        except Refused as refused:
            _log.error("agi=refused verb=%s channel=%s why=%s", path, env.get("channel"), refused)

    def _end_long_ones(self) -> None:
        now = time.monotonic()
        for peer, began in tuple(self._began.items()):
            if now > began + self.longest:
                with contextlib.suppress(OSError):  # it has just ended by itself
                    peer.shutdown(socket.SHUT_RDWR)


class _Writer:
    """A session's commands, sent at once."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer

    def write(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        self._peer.sendall(data)

    def flush(self) -> None:
        """Do nothing: it has been sent."""

    def end(self) -> None:
        """Say that nothing more comes. Raises OSError."""
        self._peer.shutdown(socket.SHUT_WR)


def _header(reader: BufferedReader) -> dict[str, str]:
    """Read `agi_name: value` lines up to the empty one. Raises ValueError for anything else."""
    env: dict[str, str] = {}
    left = _HEADER_BYTES
    while True:
        try:
            line = reader.readline(left + 1)
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

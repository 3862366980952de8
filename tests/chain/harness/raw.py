"""A peer that says byte for byte what a test tells it to, where SIPp would not: broken messages,
replayed credentials, floods.
"""

import base64
import contextlib
import hashlib
import json
import queue
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bellhop.addresses import Address, bracketed
from tests.chain.harness.peer import Who
from tests.chain.harness.places import Place
from tests.chain.harness.sip import Message, parse

_PROGRAM = Path(__file__).with_name("wireside.py").read_text("utf-8")
_LISTEN = Path(__file__).with_name("wirelisten.py").read_text("utf-8")
_STREAM = Path(__file__).with_name("wirestream.py").read_text("utf-8")
PATIENCE = 10.0  # s, for what must come: on a slow machine too


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came: when (s, that machine's clock), from where, and the bytes."""

    at: float
    source: tuple[str, int]
    data: bytes

    @property
    def message(self) -> Message:
        """As a SIP message. Raises AssertionError when it is none."""
        text = self.data.decode("utf-8", "surrogateescape")
        found = parse(text, self.at, str(Address(*self.source)))
        assert found is not None, f"no SIP message came: {self.data[:200]!r}"
        return found


class Raw:
    """One socket in the lab."""

    def __init__(self, process: "subprocess.Popen[str]", who: Who) -> None:
        self._process = process
        self.who = who
        self._lines: queue.Queue[str] = queue.Queue()
        self._came: list[Datagram] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Let go of it, once its program has ended."""
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                self._lines.put(line)
        self._lines.put("")

    def send(self, data: str | bytes, to: tuple[str, int] | None = None) -> float:
        """Send a datagram, to the edge unless told, and return when it was sent."""
        return float(self._order(_bytes(data), to)["at"])

    def receive(self, seconds: float = PATIENCE) -> Datagram | None:
        """Return the next datagram, whosever it is; None when none comes in time."""
        if self._came:
            return self._came.pop(0)
        try:
            return _datagram(self._line(seconds))
        except queue.Empty:
            return None

    def ask(self, data: str | bytes, seconds: float = PATIENCE) -> Message:
        """Send a request and return its final answer, by its branch and method (RFC 3261 §17.1.3): that
        of a request before it comes again until it is acknowledged. Raises AssertionError when none
        comes.
        """
        mine = _transaction(_bytes(data).decode("utf-8", "surrogateescape"))
        self.send(data)
        while (came := self.receive(seconds)) is not None:
            answer = came.message
            if answer.code >= 200 and (answer.branch, answer.answers) == mine:
                return answer
        raise AssertionError(f"no answer within {seconds:g} s to: {_bytes(data)[:300]!r}")

    def close_connections(self) -> None:
        """Close those of a peer that is reached by them; it goes on listening."""
        self._write(b"", None, close=True)
        while "data" in (said := self._line()):
            self._came.append(_datagram(said))

    def flood(self, data: str | bytes, rate: int, seconds: float) -> tuple[int, int]:
        """Send so many copies a second; returns how many were sent, and how many answers came."""
        self.begin_flood(data, rate, seconds)
        return self.end_flood()

    def begin_flood(self, data: str | bytes, rate: int, seconds: float) -> None:
        """Begin a flood, bounded in time."""
        self._write(_bytes(data), None, rate=rate, seconds=seconds)

    def end_flood(self) -> tuple[int, int]:
        """Wait for the end of a flood."""
        said = self._line()
        return int(said["sent"]), int(said["came"])

    def _order(self, data: bytes, to: tuple[str, int] | None) -> dict[str, Any]:
        self._write(data, to)
        while "data" in (said := self._line()):
            self._came.append(_datagram(said))
        return said

    def _write(self, data: bytes, to: tuple[str, int] | None, **more: object) -> None:
        order = {"to": list(to or self.who.edge), "data": base64.b64encode(data).decode(), **more}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _line(self, seconds: float = 60.0) -> dict[str, Any]:
        line = self._lines.get(timeout=seconds)
        assert line, f"the socket of {self.who.name} at {self.who.socket} is gone"
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.contextmanager
def raw(place: Place, who: Who, directory: Path) -> Iterator[Raw]:
    """Open a peer's socket in the lab; its complaints go to a file in the directory."""
    argv = ["python3", "-uc", _PROGRAM, who.address[0], str(who.address[1])]
    with _run(place, who, directory, argv) as (peer, _):
        yield peer


@contextlib.contextmanager
def stream(
    place: Place, who: Who, directory: Path, door: tuple[str, int], kind: str
) -> Iterator[Raw]:
    """Open a peer's connection to a door of the edge's; kind: tcp or tls. The peer's address is then
    the one that the connection comes from.
    """
    argv = ["python3", "-uc", _STREAM, who.address[0], door[0], str(door[1]), kind]
    with _run(place, who, directory, argv) as (peer, said):
        host, port = said["here"]
        peer.who = replace(who, address=(host, port), edge=door)
        yield peer


@contextlib.contextmanager
def listening(
    place: Place, who: Who, directory: Path, kind: str, certificate: str = ""
) -> Iterator[Raw]:
    """Open a peer that is reached by connections; kind: tcp, tls (certificate: its file there, with
    the key), or deaf, where none comes to be. What it sends goes by the last connection that
    something came by.
    """
    host, port = who.address
    argv = ["python3", "-uc", _LISTEN, host, str(port), kind, certificate]
    with _run(place, who, directory, argv) as (peer, _):
        yield peer


@contextlib.contextmanager
def _run(
    place: Place, who: Who, directory: Path, argv: list[str]
) -> Iterator[tuple[Raw, dict[str, Any]]]:
    with (directory / f"raw-{who.name}.log").open("wb") as log:
        process = subprocess.Popen(
            place.command(argv, stdin=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="ascii",
            bufsize=1,
        )
    peer = Raw(process, who)
    try:
        yield peer, peer._line()  # noqa: SLF001 - its socket is open
    finally:
        assert process.stdin is not None
        process.stdin.close()  # which ends it
        process.wait(timeout=10)
        peer.close()


def request(
    who: Who,
    method: str,
    dialled: str = "",
    *,
    number: int = 1,
    mark: str = "1",
    extra: str = "",
    **changed: str,
) -> str:
    """Return a request outside a dialog as a well-behaved device writes it: `mark` makes its branch,
    tag and Call-ID, `number` is the CSeq, `extra` whole header lines. Keywords replace headers by
    name (`from_="…"`, `call_id="…"`).
    """
    edge, me, user = bracketed(who.edge[0]), who.socket, who.keys.get("number", who.name)
    uri = f"sip:{dialled}@{edge}" if dialled else f"sip:{edge}"
    headers = {
        "via": f"SIP/2.0/UDP {me};rport;branch=z9hG4bK-{mark}-{number}",
        "from_": f"<sip:{user}@{edge}>;tag=t{mark}",
        "to": f"<{uri if dialled else f'sip:{user}@{edge}'}>",
        "call_id": f"raw-{mark}@{who.address[0]}",
        "cseq": f"{number} {method}",
        "contact": f"<sip:{user}@{me}>",
        "max_forwards": "70",
    } | changed
    lines = [f"{name.rstrip('_').replace('_', '-').title()}: {v}" for name, v in headers.items()]
    lines += [line for line in extra.split("\r\n") if line]
    return "\r\n".join([f"{method} {uri} SIP/2.0", *lines, "Content-Length: 0", "", ""])


def credentials(
    who: Who, challenge: Message, method: str, uri: str, *, nc: int = 1, qop: bool = True
) -> str:
    """Return the header line that answers a challenge (RFC 7616 §3.4), with or without qop."""
    [asked] = challenge.all("www-authenticate") or challenge.all("proxy-authenticate")
    said = dict(part.strip().split("=", 1) for part in asked.removeprefix("Digest ").split(","))
    nonce, realm = said["nonce"].strip('"'), said["realm"].strip('"')
    user, password = who.credentials or ("", "")
    middle = f"{nc:08x}:abcdef:auth:" if qop else ""
    response = _md5(
        f"{_md5(f'{user}:{realm}:{password}')}:{nonce}:{middle}{_md5(f'{method}:{uri}')}"
    )
    name = "Authorization" if challenge.code == 401 else "Proxy-Authorization"
    more = f', qop=auth, nc={nc:08x}, cnonce="abcdef"' if qop else ""
    return (
        f'{name}: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'response="{response}", algorithm=MD5{more}'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _transaction(request: str) -> tuple[str, str]:
    """Return a request's branch and method, in whatever spelling."""
    text = re.sub(r"\r\n[ \t]+", " ", request)
    via = re.search(
        r"^(?:via|v)\s*:.*?;\s*branch\s*=\s*([^;,\s]+)", text, re.MULTILINE | re.IGNORECASE
    )
    method = re.search(r"^cseq\s*:\s*[0-9]+\s+(\S+)", text, re.MULTILINE | re.IGNORECASE)
    assert via, f"no branch to know its answer by: {request[:300]!r}"
    assert method, f"no CSeq to know its answer by: {request[:300]!r}"
    return via[1], method[1]


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")


def _datagram(said: dict[str, Any]) -> Datagram:
    return Datagram(said["at"], tuple(said["from"]), base64.b64decode(said["data"]))

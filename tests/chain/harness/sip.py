"""SIP messages as they went over the wire: raw text, with just enough reading for assertions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "e": "content-encoding", "s": "subject", "k": "supported",
    "r": "refer-to", "b": "referred-by", "o": "event", "u": "allow-events", "x": "session-expires",
}  # fmt: skip
_START = re.compile(
    r"(?:SIP/2\.0 (?P<code>[0-9]{3}) ?(?P<phrase>.*)|(?P<method>[A-Z]+) (?P<uri>\S+) SIP/2\.0)"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `at` is Unix time in seconds; `source` and `target` are "host:port". A request
    has `method` and `uri`, a response `code` and `phrase`. Header names are in lower case and in
    their long form, in `headers`; in `raw` everything is as it came.
    """

    at: float
    source: str
    target: str
    method: str
    uri: str
    code: int
    phrase: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: str = field(repr=False)
    raw: str = field(repr=False)

    def all(self, name: str) -> list[str]:
        """Return every value of a header, in order."""
        return [value for key, value in self.headers if key == name.lower()]

    def header(self, name: str) -> str:
        """Return the first value of a header, or ""."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        """The dialog's Call-ID."""
        return self.header("call-id")

    @property
    def answers(self) -> str:
        """The method that a response is to (its CSeq's); a request's own."""
        return self.header("cseq").partition(" ")[2].strip()

    @property
    def branch(self) -> str:
        """The top Via's branch."""
        found = re.search(r";\s*branch=([^;,\s]+)", self.header("via"))
        return found[1] if found else ""

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """What a retransmission has in common with the first one."""
        return (
            self.source, self.target, self.header("via"), self.header("cseq"), self.method, self.code
        )  # fmt: skip

    def __str__(self) -> str:
        """One line of a ladder."""
        what = f"{self.method} {self.uri}" if self.method else f"{self.code} {self.phrase}"
        to = "" if self.method else f" ({self.answers})"
        reason = f"  Reason: {'; '.join(self.all('reason'))}" if self.all("reason") else ""
        return f"{self.source:>21} -> {self.target:<21} {what}{to}{reason}"


def parse(raw: str, at: float = 0.0, source: str = "", target: str = "") -> Message | None:
    """Read a datagram; None when it is no SIP message (a keep-alive, RTP)."""
    head, _, body = raw.partition("\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    start = _START.fullmatch(lines[0])
    if start is None:
        return None
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((_COMPACT.get(name, name), value.strip()))
    return Message(
        at=at, source=source, target=target,
        method=start["method"] or "", uri=start["uri"] or "",
        code=int(start["code"] or 0), phrase=start["phrase"] or "",
        headers=tuple(headers), body=body, raw=raw,
    )  # fmt: skip


class Messages(tuple[Message, ...]):
    """Messages in the order of time, to be narrowed down."""

    __slots__ = ()

    def where(
        self,
        *,
        method: str = "",
        code: int = 0,
        answers: str = "",
        source: str = "",
        target: str = "",
        call_id: str = "",
    ) -> "Messages":
        """Return those that match all that is given. `source` and `target` are "host" or
        "host:port"; `answers` is the method that responses are to.
        """
        return Messages(
            m
            for m in self
            if (not method or m.method == method)
            and (not code or m.code == code)
            and (not answers or (m.code and m.answers == answers))
            and _at(m.source, source)
            and _at(m.target, target)
            and (not call_id or m.call_id == call_id)
        )

    def once(self) -> "Messages":
        """Return them without retransmissions."""
        return Messages(_once(self))

    def one(self) -> Message:
        """Return the only one; retransmissions do not count. Raises AssertionError."""
        found = self.once()
        assert len(found) == 1, f"expected one message, got {len(found)}:\n{found.ladder()}"
        return found[0]

    def begun_here(self) -> "Messages":
        """Return them without the failures that an earlier test's caller has not acknowledged: they
        come for as long as their transaction waits (RFC 3261 §17.2.1), and nothing else of their
        call does.
        """
        calls: dict[str, set[str]] = {}
        for m in self:
            calls.setdefault(m.call_id, set()).add(m.raw)
        again = {
            m.call_id
            for m in self
            if m.code >= 300 and m.answers == "INVITE" and len(calls[m.call_id]) == 1
        }
        return Messages(m for m in self if m.call_id not in again)

    def unacknowledged(self) -> "Messages":
        """Return the failures of INVITEs that got no ACK on their hop (RFC 3261 §17.1.1.3: it has
        the INVITE's own top Via).
        """
        acks = {(m.source, m.target, m.branch) for m in self.where(method="ACK")}
        failures = (m for m in self.where(answers="INVITE").once() if m.code >= 300)
        return Messages(m for m in failures if (m.target, m.source, m.branch) not in acks)

    def ladder(self) -> str:
        """Return them as lines for a person, with the milliseconds since the first."""
        if not self:
            return "(no message)"
        return "\n".join(f"{(m.at - self[0].at) * 1000:9.1f} ms {m}" for m in self)


def _at(socket: str, wanted: str) -> bool:
    return not wanted or socket == wanted or socket.rpartition(":")[0] == wanted


def _once(messages: Iterable[Message]) -> Iterator[Message]:
    seen = set()
    for message in messages:
        if message.key not in seen:
            seen.add(message.key)
            yield message

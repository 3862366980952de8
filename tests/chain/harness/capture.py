"""What went over the wire: a capture of the stack's networks, or, against somebody else's servers,
what our own SIPps sent and got.
"""

import contextlib
import itertools
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bellhop.addresses import Address, bracketed
from tests.chain.harness.peer import Peer
from tests.chain.harness.places import Lab, run
from tests.chain.harness.sip import Message, Messages, parse
from tests.chain.harness.stack import Stack, until


@dataclass(frozen=True, slots=True)
class Stream:
    """RTP to one destination from one source: the packets, and how often each payload came."""

    source: str
    target: str
    packets: int
    payloads: Counter[bytes] = field(repr=False)

    def share(self, byte: int) -> float:
        """Return how many of the payload bytes are this one, 0 to 1: what tells streams apart."""
        of = sum(payload.count(byte) * times for payload, times in self.payloads.items())
        whole = sum(len(payload) * times for payload, times in self.payloads.items())
        return of / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet: when it went by (Unix time), from where to where, and what it carried."""

    at: float
    source: str
    target: str
    payload: bytes = field(repr=False)


class Capture:
    """dumpcap on the stack's bridges, from the `wire` container; read by tshark in the lab."""

    def __init__(self, stack: Stack, lab: Lab, directory: Path, hosts: Sequence[str]) -> None:
        """`hosts` are addresses of the edge, one in each network."""
        self._stack = stack
        self._hosts = hosts
        self._lab = lab
        self._path = directory / "chain.pcapng"
        self._log = directory / "dumpcap.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._datagrams: list[tuple[float, str, str, bytes]] = []

    def start(self) -> None:
        """Start, and return when packets are being captured. Raises TimeoutError with its words."""
        interfaces = [f"-i{name}" for name in self._stack.bridges()]
        path = self._lab.there(self._path)
        self._path.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._stack.command(
                    "wire", "sh", "-c", 'echo $$ >"$0.pid"; exec dumpcap "$@"',
                    path, *interfaces, "-q", "-w", path,
                ),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._see("begin")
        except TimeoutError:
            self._end()
            raise

    def _see(self, mark: str) -> None:
        """Send a datagram through each network, again and again, until the file has it: then what
        was sent before it is in the file too. dumpcap names its file before it captures, and what
        it has not written yet when it is ended is lost (both measured).
        """
        marks = {host: f"bellhop {mark} {host}".encode() for host in self._hosts}
        script = 'for host in "$@"; do printf "bellhop $0 $host" >"/dev/udp/$host/9"; done'
        unsent: list[str] = []

        def seen() -> bool:
            try:
                self._stack.execute("wire", "bash", "-c", script, mark, *self._hosts)
            except (
                RuntimeError
            ) as error:  # a bridge's new IPv6 address is tentative (RFC 4862 §5.4)
                unsent[:] = [str(error)]
            written = self._path.read_bytes() if self._path.exists() else b""
            return all(text in written for text in marks.values())

        try:
            until("the capture", seen, 10)
        except TimeoutError as error:
            said = "; ".join([str(error), *unsent, f"dumpcap said: {self._log.read_text()}"])
            raise TimeoutError(said) from None

    def stop(self) -> None:
        """End the capture; everything up to now is in the file."""
        if self._process is None:
            return
        try:
            self._see("end")
        finally:
            self._end()
        # Each interface is written on its own: the file is not in the order of time.
        self._datagrams = sorted(self._read())

    def _end(self) -> None:
        """End dumpcap, if there is one."""
        pid = self._path.with_name(self._path.name + ".pid")
        if self._process is None:
            return
        with contextlib.suppress(RuntimeError, FileNotFoundError):  # it may have ended by itself
            self._stack.execute("wire", "kill", "-INT", pid.read_text().strip())
        self._process.wait(timeout=10)
        self._process = None
        pid.unlink(missing_ok=True)

    def _read(self) -> Iterator[tuple[float, str, str, bytes]]:
        wanted = ("frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport",
                  "udp.dstport", "udp.payload", "tcp.srcport", "tcp.dstport", "tcp.payload")  # fmt: skip
        fields = [option for name in wanted for option in ("-e", name)]
        lines = run(
            self._lab, "tshark", "-n", "-r", self._lab.there(self._path),
            "-Y", "(udp.payload or tcp.payload) and not icmp and not icmpv6", "-T", "fields", *fields, timeout=60,
        )  # fmt: skip
        for line in lines.splitlines():
            parts = (*line.split("\t"), *[""] * 11)[:11]
            at, src, dst, src6, dst6, us, ud, up, ts, td, tp = parts
            source = f"{bracketed(src or src6)}:{us or ts}"
            target = f"{bracketed(dst or dst6)}:{ud or td}"
            yield float(at), source, target, bytes.fromhex(up or tp)

    def messages(self) -> Messages:
        """Return the SIP messages, but those of an earlier test; this ends the capture."""
        self.stop()
        read = (
            parse(data.decode("utf-8", "surrogateescape"), at, source, target)
            for at, source, target, data in self._datagrams
            if data[:1].isalpha()
        )
        return Messages(m for m in read if m is not None).begun_here()

    def rtp(self) -> list[Stream]:
        """Return the RTP streams; this ends the capture. Only what crossed a bridge is seen: not
        what one peer of the lab sends to another.
        """
        found: dict[tuple[str, str], Counter[bytes]] = {}
        for packet in self.packets():
            found.setdefault((packet.source, packet.target), Counter())[packet.payload] += 1
        return [Stream(s, t, c.total(), c) for (s, t), c in found.items()]

    def packets(self) -> Iterator[Packet]:
        """Yield the RTP packets in the order they came; this ends the capture."""
        self.stop()
        for at, source, target, data in self._datagrams:
            # Version 2, and a payload type that is no RTCP packet's (RFC 5761 §4).
            if len(data) > 12 and data[0] >> 6 == 2 and not 64 <= data[1] & 0x7F <= 95:
                yield Packet(at, source, target, data[12 + 4 * (data[0] & 0x0F) :])


class MessageLogs:
    """SIPp's own message logs, put together: what our peers sent and got, and nothing else. A
    message that was sent has the edge's door as its target, whatever route it then took.
    """

    def __init__(self, peers: Sequence[Peer]) -> None:
        self._peers = peers

    def messages(self) -> Messages:
        """Return the messages of all peers so far."""
        found: list[Message] = []
        for peer in self._peers:
            path = peer.file("messages")
            if path.exists():
                text = path.read_text("utf-8", "surrogateescape")
                found += logged(text, peer.who.socket, str(Address(*peer.who.edge)))
        return Messages(sorted(found, key=lambda message: message.at))


_ENTRY = re.compile(
    r"^-{20,} (?P<at>\S+)\n(?:UDP|TCP) message (?P<way>sent|received) [^\n]*:\n\n",
    re.MULTILINE,
)


def logged(text: str, peer: str, edge: str) -> Iterable[Message]:
    """Read one SIPp message log: what a peer sent to the edge, and got from it."""
    parts = list(_ENTRY.finditer(text))
    for part, after in itertools.zip_longest(parts, parts[1:]):
        end = after.start() if after else len(text)
        at = datetime.fromisoformat(part["at"]).timestamp()
        raw = text[part.end() : end].rstrip("\n") + "\r\n"
        raw = re.sub(r"\r?\n", "\r\n", raw)
        ways = (peer, edge) if part["way"] == "sent" else (edge, peer)
        message = parse(raw, at, *ways)
        if message is not None:
            yield message

"""From a carrier's failure to the next carrier's INVITE, by the capture's clock: both are seen as
they pass the bridge, so what the edge's kernel and Kamailio take is in it, and SIPp is not.
"""

import contextlib
import re
import struct
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.chain.harness.places import Lab
from tests.chain.harness.stack import Stack, until

_TCP, _UDP = 6, 17
_CALL_ID = re.compile(rb"^(?:Call-ID|i)\s*:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram over IPv4, or a TCP segment: when it went by (s), from which address to which,
    what it held, both ports; and where in its TCP stream it belongs.
    """

    at: float
    source: str
    target: str
    payload: bytes
    ports: tuple[int, int] = (0, 0)
    sequence: int | None = None


def advances(datagrams: Iterable[Datagram], fails: str, answers: str) -> dict[str, list[float]]:
    """Return the ms from each failure that `fails` sent to the INVITE that `answers` then got, by the
    edge between them. A retransmission changes nothing; a call that stopped has no second INVITE.
    """
    failed: dict[tuple[str, bytes], float] = {}
    found: dict[str, list[float]] = {}
    for one in datagrams:
        call = _CALL_ID.search(one.payload)
        if call is None:
            continue
        if one.source == fails and re.match(rb"SIP/2\.0 [3-6]", one.payload):
            failed.setdefault((one.target, call[1]), one.at)
        elif one.target == answers and one.payload.startswith(b"INVITE "):
            began = failed.pop((one.source, call[1]), None)
            if began is not None:
                found.setdefault(one.source, []).append((one.at - began) * 1000)
    return found


def datagrams(data: bytes) -> Iterator[Datagram]:
    """Read a pcap file of Ethernet frames; ValueError when it is another kind of file."""
    kinds = {b"\xd4\xc3\xb2\xa1": 1e6, b"\x4d\x3c\xb2\xa1": 1e9}  # how many ticks a second has
    ticks = kinds.get(data[:4])
    if ticks is None or struct.unpack("<I", data[20:24])[0] != 1:
        raise ValueError("not a pcap file of Ethernet frames")
    place = 24
    while place + 16 <= len(data):
        seconds, parts, length, _ = struct.unpack("<IIII", data[place : place + 16])
        frame = data[place + 16 : place + 16 + length]
        place += 16 + length
        ip = frame[14:]
        if frame[12:14] != b"\x08\x00" or len(ip) <= 28 or ip[9] not in {_TCP, _UDP}:
            continue
        source, target = (".".join(map(str, ip[at : at + 4])) for at in (12, 16))
        # A segment that the kernel cuts up later may be longer than its head can say.
        length = int.from_bytes(ip[2:4], "big") or len(ip)
        inner = ip[4 * (ip[0] & 15) : length]
        head, sequence = 8, None
        if ip[9] == _TCP:
            head, sequence = inner[12] >> 4 << 2, int.from_bytes(inner[4:8], "big")
        ports = int.from_bytes(inner[:2], "big"), int.from_bytes(inner[2:4], "big")
        at = seconds + parts / ticks
        yield Datagram(at, source, target, inner[head:], ports, sequence)


class Tap:
    """dumpcap on the bridge, for what a filter of pcap's takes. mark: an address there; datagrams to
    its port 9 show that the capture runs, and that it has all that went before.
    """

    def __init__(self, stack: Stack, lab: Lab, path: Path, wanted: str, mark: str) -> None:
        self._stack = stack
        self._lab = lab
        self._path = path
        self._log = path.with_suffix(".log")
        self._wanted = f"({wanted}) or (udp and dst port 9)"
        self._mark = mark
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, longest: int = 700) -> None:
        """Start, and return when packets are being captured. longest: bytes of each that are kept."""
        there = self._lab.there(self._path)
        self._path.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._stack.command(
                    "wire", "sh", "-c", 'echo $$ >"$0.pid"; exec dumpcap "$@"', there,
                    "-i", f"{self._stack.project}-out", "-f", self._wanted, "-s", str(longest),
                    "-B", "32", "-P", "-q", "-w", there,
                ),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._see(b"bellhop begin")

    def _see(self, mark: bytes) -> None:
        """Send a datagram until the file has it: then what went before is in the file too."""
        script = f'printf "{mark.decode()}" >"/dev/udp/{self._mark}/9"'

        def seen() -> bool:
            self._stack.execute("wire", "bash", "-c", script)
            return self._path.exists() and mark in self._path.read_bytes()[-65536:]

        until("the capture", seen, 15)

    def stop(self) -> bytes:
        """End the capture, and return the file. Raises RuntimeError when packets are missing."""
        self.end(b"bellhop end")
        found = self._path.read_bytes()
        self._path.unlink()  # some hundred MB, and of use to nobody
        if lost := dropped(self._log.read_text("utf-8", "replace")):
            raise RuntimeError(f"the capture lost {lost} packets: is this machine too busy?")
        return found

    def end(self, mark: bytes = b"") -> None:
        """End the capture, with what is not in the file yet lost unless there is a mark."""
        if self._process is None:
            return
        try:
            if mark:
                self._see(mark)
        finally:
            pid = Path(f"{self._path}.pid")
            with contextlib.suppress(RuntimeError):  # it may have ended by itself
                self._stack.execute("wire", "kill", "-INT", pid.read_text().strip())
            self._process.wait(timeout=20)
            self._process = None
            pid.unlink()


def dropped(said: str) -> int:
    """Return how many packets dumpcap says that it, or the kernel, dropped."""
    found = re.search(r"received/dropped on interface [^\n]*: [0-9]+/([0-9]+)", said)
    return int(found[1]) if found else 0

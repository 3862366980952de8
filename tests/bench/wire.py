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

_CALL_ID = re.compile(rb"^(?:Call-ID|i)\s*:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram over IPv4: when it went by (s), from which address to which, and what it held."""

    at: float
    source: str
    target: str
    payload: bytes


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
        if frame[12:14] == b"\x08\x00" and len(ip) > 28 and ip[9] == 17:
            source, target = (".".join(map(str, ip[at : at + 4])) for at in (12, 16))
            udp = ip[4 * (ip[0] & 15) :]
            yield Datagram(seconds + parts / ticks, source, target, udp[8:])


class Tap:
    """dumpcap on the bridge, for the two kinds of message that are asked for."""

    def __init__(self, stack: Stack, lab: Lab, path: Path, fails: str, answers: str) -> None:
        self._stack = stack
        self._lab = lab
        self._path = path
        self._log = path.with_suffix(".log")
        self._ends = (fails, answers)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when packets are being captured."""
        fails, answers = self._ends
        wanted = f"udp and (src host {fails} or dst host {answers} or dst port 9)"
        there = self._lab.there(self._path)
        self._path.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._stack.command(
                    "wire", "sh", "-c", 'echo $$ >"$0.pid"; exec dumpcap "$@"', there,
                    "-i", f"{self._stack.project}-out", "-f", wanted, "-s", "700", "-B", "32",
                    "-P", "-q", "-w", there,
                ),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._see(b"bellhop begin")

    def _see(self, mark: bytes) -> None:
        """Send a datagram until the file has it: then what went before is in the file too."""
        script = f'printf "{mark.decode()}" >"/dev/udp/{self._ends[0]}/9"'

        def seen() -> bool:
            self._stack.execute("wire", "bash", "-c", script)
            return self._path.exists() and mark in self._path.read_bytes()[-65536:]

        until("the capture", seen, 15)

    def stop(self) -> dict[str, list[float]]:
        """End the capture, and return what `advances` finds in it."""
        self.end(b"bellhop end")
        found = advances(datagrams(self._path.read_bytes()), *self._ends)
        self._path.unlink()  # some hundred MB, and of use to nobody
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

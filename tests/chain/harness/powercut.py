"""What runs in the lab for the storm after a power cut: devices that all register at once, each as
RFC 3261 §17.1.2 says (an answer belongs to the request of its branch; T1 0.5 s, doubled up to 4 s,
for 32 s). SIPp takes the second 401 of a REGISTER that it sent twice for a refusal. Standard library
only, because it is handed to the lab's Python as text.

Arguments: EDGE_HOST EDGE_PORT SECONDS (in which all of them begin). Standard input: lines
NUMBER USER PASSWORD HOST. Output: JSON {"took": [s, one a device that got its 200], "sent": N}.
"""

import hashlib
import heapq
import json
import re
import select
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

_T1, _T2, _LIFE = 0.5, 4.0, 32.0
_LINE = re.compile(
    rb"^(?:Via:.*branch=z9hG4bK-(\d+)-(\d+)|WWW-Authenticate: (.*))\r?$", re.MULTILINE
)
_NONCE = re.compile(r'nonce="([^"]*)"')


@dataclass
class Device:
    """One device: what it knows, and how far it is."""

    number: str
    user: str
    password: str
    host: str
    began: float = 0.0
    cseq: int = 1
    credentials: str = ""
    done: bool = False

    def register(self, serial: int, edge: str, port: int) -> bytes:
        """Return its REGISTER."""
        return (
            f"REGISTER sip:{edge} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.host}:{port};rport;branch=z9hG4bK-{serial}-{self.cseq}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.number}@{edge}>;tag=d{serial}\r\n"
            f"To: <sip:{self.number}@{edge}>\r\nCall-ID: {serial}-{self.began}@{self.host}\r\n"
            f"CSeq: {self.cseq} REGISTER\r\n"
            f"Contact: <sip:{self.number}@{self.host}:{port}>\r\nExpires: 600\r\n"
            f"{self.credentials}Content-Length: 0\r\n\r\n"
        ).encode()

    def answer(self, challenge: str, realm: str, uri: str) -> None:
        """Take a challenge up."""
        found = _NONCE.search(challenge)
        nonce = found[1] if found else ""
        ha1 = md5(f"{self.user}:{realm}:{self.password}")
        response = md5(f"{ha1}:{nonce}:00000001:ab:auth:{md5(f'REGISTER:{uri}')}")
        self.credentials = (
            f'Authorization: Digest username="{self.user}", realm="{realm}", nonce="{nonce}", '
            f'uri="{uri}", response="{response}", qop=auth, nc=00000001, cnonce="ab"\r\n'
        )
        self.cseq += 1


def md5(text: str) -> str:
    """Return the digest in hexadecimal."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def main(edge: str, edge_port: int, seconds: float) -> Iterator[object]:
    """Register all of them, and yield what came of it."""
    devices = [Device(*line.split()) for line in sys.stdin]
    sockets = {host: bound(host) for host in {one.host for one in devices}}
    start = time.monotonic()
    # When, whose, which CSeq, the pause after it.
    due = [(start + seconds * n / len(devices), n, 1, _T1) for n in range(len(devices))]
    took: list[float] = []
    sent = 0
    while len(took) < len(devices) and (now := time.monotonic()) < start + seconds + 2 * _LIFE:
        while due and due[0][0] <= now:
            at, n, cseq, pause = heapq.heappop(due)
            one = devices[n]
            one.began = one.began or at
            if one.done or one.cseq != cseq or at > one.began + _LIFE:
                continue
            mine = sockets[one.host]
            mine.sendto(one.register(n, edge, mine.getsockname()[1]), (edge, edge_port))
            sent += 1
            heapq.heappush(due, (at + pause, n, cseq, min(2 * pause, _T2)))
        for ready in select.select(list(sockets.values()), [], [], 0.005)[0]:
            data = ready.recv(4096)
            n, cseq, challenge = read(data)
            one = devices[n]
            if one.done or one.cseq != cseq:
                continue
            if data.startswith(b"SIP/2.0 200"):
                one.done = True
                took.append(time.monotonic() - one.began)
            elif data.startswith(b"SIP/2.0 401") and cseq < 4:
                realm = re.findall(r'realm="([^"]*)"', challenge)[0]
                one.answer(challenge, realm, f"sip:{edge}")
                heapq.heappush(due, (time.monotonic(), n, one.cseq, _T1))
    yield {"took": took, "sent": sent}


def bound(host: str) -> socket.socket:
    """Open a house's socket."""
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
    mine.bind((host, 0))
    return mine


def read(data: bytes) -> tuple[int, int, str]:
    """Return whose answer it is, to which CSeq, and its challenge."""
    n, cseq, challenge = 0, 0, ""
    for one, two, three in _LINE.findall(data):
        if one:
            n, cseq = int(one), int(two)
        else:
            challenge = three.decode()
    return n, cseq, challenge


for said in main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])):
    sys.stdout.write(json.dumps(said) + "\n")

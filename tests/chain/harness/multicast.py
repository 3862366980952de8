"""A horn that listens to a multicast group, in the lab: it joins, counts and keeps what comes."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chain.harness.places import Place

# It ends when its standard input does: with us, whatever becomes of us.
_HORN = """
import json, select, socket, sys, time
group, port, here = sys.argv[1], int(sys.argv[2]), sys.argv[3]
horn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
horn.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
horn.bind((group, port))
member = socket.inet_aton(group) + socket.inet_aton(here)
horn.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
print("joined", flush=True)
came = []
while sys.stdin not in select.select([horn, sys.stdin], [], [])[0]:
    data, peer = horn.recvfrom(2048)
    came.append([time.time(), peer[0], data.hex()])
print(json.dumps(came))
"""


@dataclass(frozen=True, slots=True)
class Rtp:
    """One RTP packet (RFC 3550 §5.1), and when and from where it came."""

    at: float
    source: str
    kind: int
    sequence: int
    timestamp: int
    stream: int
    payload: bytes = field(repr=False)


@dataclass(slots=True)
class Horn:
    """What a horn got; empty until it has stopped."""

    packets: list[Rtp] = field(default_factory=list)

    def seconds(self, byte: int) -> float:
        """Return how much of a voice came that is this byte."""
        return sum(p.payload.count(byte) for p in self.packets) / 8000

    def lost(self) -> int:
        """Return how many packets of its streams are missing."""
        missing = 0
        for stream in {p.stream for p in self.packets}:
            got = sorted({p.sequence for p in self.packets if p.stream == stream})
            missing += got[-1] - got[0] + 1 - len(got)
        return missing


@contextmanager
def horn(place: Place, group: str, port: int, here: str) -> Iterator[Horn]:
    """Have a horn listen to a group, at this address of the lab, while the block runs."""
    process = subprocess.Popen(
        place.command(["python3", "-c", _HORN, group, str(port), here], stdin=True),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    found = Horn()
    try:
        assert process.stdout.readline() == "joined\n", "the horn did not join the group"
        yield found
        text, _ = process.communicate("", timeout=10)
        found.packets = [_read(*one) for one in json.loads(text)]
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


def _read(at: float, source: str, text: str) -> Rtp:
    data = bytes.fromhex(text)
    assert data[0] >> 6 == 2, "no RTP"
    return Rtp(
        at, source, data[1] & 0x7F, int.from_bytes(data[2:4], "big"),
        int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big"),
        data[12 + 4 * (data[0] & 0x0F) :],
    )  # fmt: skip

"""A caller's voice and keys, as a test tells them: SIPp can do one or the other, and on a clock of its
own. The call is SIPp's (`caller/is-spoken-for`); its RTP goes out here, from the same address.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chain.harness.places import Place

# It sends to where RTP comes from: the pbx sends the tone by which a caller waits, but to none who
# only sends: then it is told its own port, and where to. Each line of its
# input is an order, which it does, and then says so. Keys are RFC 4733's events, 100 ms each; no voice
# goes with them, as with a phone's.
_PROGRAM = """
import base64, json, socket, struct, sys, time
host, ours, peer, theirs = (*sys.argv[1:], "", "", "")[:4]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
raw.bind((host, 0))
raw.settimeout(20)
print("listens", flush=True)
while not ours:
    datagram, (peer, _) = raw.recvfrom(65535)
    udp = datagram[(datagram[0] & 15) * 4:]
    if len(udp) == 180 and udp[8] >> 6 == 2 and udp[9] & 127 == 0:
        theirs, ours = struct.unpack("!HH", udp[:4])
ours, theirs = int(ours), int(theirs)
print("hears", flush=True)
sequence, stamp, due = 1, 0, time.monotonic()
def send(kind, payload, at):
    global sequence, due
    rtp = struct.pack("!BBHII", 0x80, kind, sequence, at, 0x7A1CE) + payload
    raw.sendto(struct.pack("!HHHH", ours, theirs, 8 + len(rtp), 0) + rtp, (peer, 0))
    sequence = (sequence + 1) & 0xFFFF
    due = max(due + 0.02, time.monotonic())
    time.sleep(max(0, due - time.monotonic()))
for line in sys.stdin:
    order = json.loads(line)
    if "say" in order:
        for _ in range(order["blocks"]):
            send(0, bytes([order["say"]]) * 160, stamp)
            stamp += 160
    sound = base64.b64decode(order.get("play", ""))
    for n in range(0, len(sound), 160):
        send(0, sound[n:n + 160], stamp)
        stamp += 160
    for key in order.get("press", ""):
        event, begun = "0123456789*#".index(key), stamp
        for n in range(1, 6):
            send(96 | (128 if n == 1 else 0), struct.pack("!BBH", event, 10, n * 160), begun)
            stamp += 160
        for _ in range(3):
            send(96, struct.pack("!BBH", event, 0x8A, 5 * 160), begun)
            stamp += 160
    print("done", flush=True)
"""


class Talker:
    """Who speaks and presses for a caller."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def said(self, word: str) -> None:
        """Wait for a word of the program's. Raises AssertionError when it says another, or ends."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == word, "the talker is gone"

    def say(self, byte: int, seconds: float) -> None:
        """Say so much u-law that is this byte and nothing else."""
        self._order(say=byte, blocks=round(seconds * 50))

    def press(self, keys: str) -> None:
        """Press these keys, one after the other."""
        self._order(press=keys)

    def play(self, sound: bytes) -> None:
        """Play u-law audio, a multiple of 20 ms."""
        self._order(play=base64.b64encode(sound).decode())

    def _order(self, **order: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.said("done")


@contextmanager
def talker(
    place: Place, host: str, port: int = 0, to: tuple[str, int] = ("", 0)
) -> Iterator[Talker]:
    """Have somebody speak at an address, once RTP has come there, or with a port, from it to where he
    is told; it ends with the block.
    """
    told = [str(port), to[0], str(to[1])] if port else []
    process = subprocess.Popen(
        place.command(["python3", "-c", _PROGRAM, host, *told], stdin=True),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    made = Talker(process)
    try:
        made.said("listens")
        yield made
    finally:
        process.stdin.close()  # which ends it
        process.wait(timeout=30)
        process.stdout.close()

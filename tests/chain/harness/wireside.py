"""What runs in the lab for `raw.Raw`: a UDP socket on a leash. Standard library only, because it is
handed to the lab's Python as text.

Arguments: HOST PORT. Lines of JSON come in, and go out:
in   {"to": [HOST, PORT], "data": BASE64}                   send one datagram
in   {"to": [HOST, PORT], "data": BASE64, "rate": N, "seconds": S}   a flood: N copies a second, in
     each of which every `@n@` is a number of its own
out  {"at": SECONDS}                                        it was sent (monotonic clock)
out  {"at": SECONDS, "data": BASE64, "from": [HOST, PORT]}  a datagram came
out  {"sent": N, "came": N}                                 the flood is over
"""

import base64
import json
import select
import socket
import sys
import time

_MOST = 65_535


def main(host: str, port: int) -> None:
    """Serve until standard input ends."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    mine = socket.socket(family, socket.SOCK_DGRAM)
    mine.bind((host, port))
    say(at=time.monotonic())
    while True:
        ready, _, _ = select.select([mine, sys.stdin], [], [])
        if mine in ready:
            try:
                data, source = mine.recvfrom(_MOST)
            except ConnectionRefusedError:  # an ICMP error of an earlier datagram
                continue
            say(at=time.monotonic(), data=base64.b64encode(data).decode(), **{"from": source[:2]})
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            order = json.loads(line)
            target, data = tuple(order["to"]), base64.b64decode(order["data"])
            if "rate" in order:
                flood(mine, target, data, order["rate"], order["seconds"])
            else:
                say(at=send(mine, target, data))


def send(mine: socket.socket, target: tuple[str, int], data: bytes) -> float:
    """Send one datagram and return when."""
    at = time.monotonic()
    mine.sendto(data, target)
    return at


def flood(
    mine: socket.socket, target: tuple[str, int], data: bytes, rate: int, seconds: float
) -> None:
    """Send at a rate, evenly, and count what comes back."""
    parts = data.split(b"@n@")
    began, sent, came = time.monotonic(), 0, 0
    while (passed := time.monotonic() - began) < seconds:
        while sent < passed * rate:
            sent += 1
            mine.sendto(str(sent).encode().join(parts), target)
        while select.select([mine], [], [], 0.002)[0]:
            mine.recv(_MOST)
            came += 1
    say(sent=sent, came=came)


def say(**what: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


main(sys.argv[1], int(sys.argv[2]))

"""What runs in the lab for `raw.stream`: a connection to the edge on a leash, of TCP or TLS, from a port
that nobody chose. As in `wireside`, standard library only.

Arguments: HOST EDGE PORT tcp|tls. Lines of JSON come in, and go out:
out  {"at": SECONDS, "here": [HOST, PORT]}                  it is connected, from there
in   {"data": BASE64}                                       send this
out  {"at": SECONDS}                                        it was sent (monotonic clock)
out  {"at": SECONDS, "data": BASE64, "from": [HOST, PORT]}  a whole message came
"""

import base64
import json
import re
import select
import socket
import ssl
import sys
import time

_LENGTH = re.compile(rb"\r\nContent-Length\s*:\s*([0-9]+)", re.IGNORECASE)


def main(host: str, edge: str, port: int, kind: str) -> None:
    """Serve until standard input or the connection ends."""
    there = (edge, port)
    mine = socket.create_connection(there, 10, source_address=(host, 0))
    if kind == "tls":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        mine = context.wrap_socket(mine)
    say(at=time.monotonic(), here=mine.getsockname()[:2])
    mine.setblocking(False)
    rest = b""
    while True:
        ready, _, _ = select.select([mine, sys.stdin], [], [])
        if mine in ready:
            try:
                while came := mine.recv(65_535):
                    rest = tell((rest + came).lstrip(b"\r\n"), there)
            except (BlockingIOError, ssl.SSLWantReadError):  # that was all, or TLS's own words
                pass
            else:
                return
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            mine.sendall(base64.b64decode(json.loads(line)["data"]))
            say(at=time.monotonic())


def tell(data: bytes, there: tuple[str, int]) -> bytes:
    """Tell each whole message, and return what is left."""
    while (end := data.find(b"\r\n\r\n")) >= 0:
        said = _LENGTH.search(data[: end + 2])
        whole = end + 4 + int(said[1] if said else 0)
        if len(data) < whole:
            break
        message, data = data[:whole], data[whole:].lstrip(b"\r\n")
        say(at=time.monotonic(), data=base64.b64encode(message).decode(), **{"from": there})
    return data


def say(**what: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])

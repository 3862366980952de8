"""What runs in the lab for `raw.listening`: a peer that is reached by connections, of TCP or TLS, on a
leash. As in `wireside`, standard library only.

Arguments: HOST PORT tcp|tls|deaf [CERTIFICATE]. `deaf` listens, and no connection comes to be: its queue
is full. Lines of JSON come in, and go out:
out  {"at": SECONDS}                                        it listens (monotonic clock)
in   {"data": BASE64}                                       send this by the last connection
in   {"data": BASE64, "close": true}                        and close all of them, if there is any data
out  {"at": SECONDS}                                        it was done
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


def main(host: str, port: int, kind: str, certificate: str) -> None:
    """Serve until standard input ends."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((host, port))
    door.listen(0 if kind == "deaf" else 16)
    filled = fill((host, port)) if kind == "deaf" else []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if kind == "tls":
        context.load_cert_chain(certificate)
    wires: dict[socket.socket, bytes] = {}
    say(at=time.monotonic())
    while True:
        doors = [] if filled else [door]
        ready, _, _ = select.select([*wires, *doors, sys.stdin], [], [])
        for wire in [one for one in ready if one in wires]:
            serve(wire, wires)
        if door in ready:
            wire, _ = door.accept()
            try:
                wires[context.wrap_socket(wire, server_side=True) if kind == "tls" else wire] = b""
            except OSError as error:  # it does not like our certificate
                sys.stderr.write(f"{error}\n")
                wire.close()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            obey(json.loads(line), wires)


def fill(door: tuple[str, int]) -> list[socket.socket]:
    """Take all places of a queue."""
    found = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(door)
        found.append(one)
    return found


def serve(wire: socket.socket, wires: dict[socket.socket, bytes]) -> None:
    """Tell what came by a connection."""
    try:
        came = wire.recv(65_535)
    except OSError:
        came = b""
    if not came:
        wires.pop(wire).strip()
        wire.close()
        return
    rest = (wires.pop(wire) + came).lstrip(b"\r\n")
    wires[wire] = tell(rest, wire.getpeername()[:2])  # the last one, by which we answer


def obey(order: dict[str, object], wires: dict[socket.socket, bytes]) -> None:
    """Do what is said."""
    data = base64.b64decode(str(order["data"]))
    if data:
        list(wires)[-1].sendall(data)
    if order.get("close"):
        for wire in wires:
            wire.close()
        wires.clear()
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


main(sys.argv[1], int(sys.argv[2]), sys.argv[3], "".join(sys.argv[4:]))

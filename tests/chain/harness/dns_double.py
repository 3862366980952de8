"""A double of a DNS server, for names that no real one has: answers A and SRV over UDP from what its
argument says, {"name": ["192.0.2.1"], "_sip._udp.name": [[priority, weight, port, "target"]]}, and
NXDOMAIN to all else. Ends by itself after the seconds of its second argument.
"""

import json
import select
import socket
import struct
import sys
import time

A, SRV = 1, 33


def packed(name):
    parts = (part.encode() for part in name.split(".") if part)
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def answer(question, book):
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    name = ".".join(labels).lower()
    kind = struct.unpack(">H", question[at + 1 : at + 3])[0]
    found = []
    for one in book.get(name, []):
        if kind == A and isinstance(one, str):
            found.append(socket.inet_aton(one))
        elif kind == SRV and not isinstance(one, str):
            priority, weight, port, target = one
            found.append(struct.pack(">HHH", priority, weight, port) + packed(target))
    code = 0 if name in book else 3
    header = question[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(found), 0, 0)
    records = (b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(data)) + data for data in found)
    return header + question[12 : at + 5] + b"".join(records)


def main():
    host, book, seconds = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((host, 53))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([server], [], [], left)[0]:
                question, client = server.recvfrom(512)
                server.sendto(answer(question, book), client)


if __name__ == "__main__":
    main()

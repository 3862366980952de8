"""Horns behind a switch that has joined a multicast group for them: it copies each packet to each.

On a site's network the switch makes the copies. Were the horns sockets of this kernel that join the
group themselves, Asterisk's own system call would make them: a hundred copies charged to a server
that sends one packet.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chain.harness.places import Place

# It ends when its standard input does: with us, whatever becomes of us.
_HORNS = """
import json, selectors, socket, sys
group, port, here, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
ready, came, ports = selectors.DefaultSelector(), [0] * count, []
switch = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
switch.bind((group, port))
member = socket.inet_aton(group) + socket.inet_aton(here)
switch.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
ready.register(switch, selectors.EVENT_READ, switch)
for n in range(count):
    horn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    horn.bind(("127.0.0.1", 0))
    ports.append(horn.getsockname())
    ready.register(horn, selectors.EVENT_READ, n)
ready.register(sys.stdin, selectors.EVENT_READ, None)
print("joined", flush=True)
while True:
    for key, _ in ready.select():
        if key.data is None:
            print(json.dumps(came))
            sys.exit()
        packet = key.fileobj.recv(2048)
        if key.data is switch:
            for one in ports:
                switch.sendto(packet, one)
        else:
            came[key.data] += 1
"""


@dataclass(slots=True)
class Horns:
    """How many packets came to each, once they have stopped."""

    packets: list[int] = field(default_factory=list)


@contextmanager
def horns(place: Place, group: tuple[str, int], here: str, count: int) -> Iterator[Horns]:
    """Have so many horns listen to a group, which a switch at this address of the lab has joined,
    while the block runs.
    """
    argv = ["python3", "-c", _HORNS, group[0], str(group[1]), here, str(count)]
    process = subprocess.Popen(
        place.command(argv, stdin=True),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    found = Horns()
    try:
        if process.stdout.readline() != "joined\n":
            raise RuntimeError("the horns did not join their group")
        yield found
        text, _ = process.communicate("", timeout=20)
        found.packets = json.loads(text)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()

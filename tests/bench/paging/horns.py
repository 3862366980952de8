"""Horns that listen to a multicast group, many in one process: each joins, and counts what comes."""

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
ready, came = selectors.DefaultSelector(), [0] * count
for n in range(count):
    horn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    horn.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    horn.bind((group, port))
    member = socket.inet_aton(group) + socket.inet_aton(here)
    horn.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    ready.register(horn, selectors.EVENT_READ, n)
ready.register(sys.stdin, selectors.EVENT_READ, None)
print("joined", flush=True)
while True:
    for key, _ in ready.select():
        if key.data is None:
            print(json.dumps(came))
            sys.exit()
        key.fileobj.recv(2048)
        came[key.data] += 1
"""


@dataclass(slots=True)
class Horns:
    """How many packets came to each, once they have stopped."""

    packets: list[int] = field(default_factory=list)


@contextmanager
def horns(place: Place, group: tuple[str, int], here: str, count: int) -> Iterator[Horns]:
    """Have so many horns listen to a group, at this address of the lab, while the block runs."""
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

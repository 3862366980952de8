"""The torture messages sent, one after the other, and what each is answered."""

import re

from bellhop.addresses import bracketed
from tests.chain.harness.raw import Raw
from tests.chain.torture import ALL, SILENCE

SOON = 0.25  # s: where silence is right, it is silence then
AT_LAST = 5.0  # s: an answer that must come has come by then


def torture(peer: Raw, mark: str) -> dict[str, int]:
    """Send them all, and return the code that each was answered with at last, by its name."""
    host, port = peer.who.address
    places = {"edge": bracketed(peer.who.edge[0]), "me": bracketed(host), "port": str(port)}
    answers: dict[str, int] = {}
    for one in ALL:
        peer.send(one.bytes(m=mark, **places))
        code = SILENCE
        patience = SOON if SILENCE in one.right else AT_LAST
        while (came := peer.receive(patience if code < 200 else 0.01)) is not None:
            if not _of_another(came.message.raw, one.name):
                code = came.message.code
        answers[one.name] = code
    return answers


def _of_another(answer: str, name: str) -> bool:
    """Whether it is of a message before this one: one that is late, or comes again."""
    found = re.search(r"branch=z9hG4bK-[0-9]+-(\w[\w.-]*)", answer)
    return found is not None and found[1] != name

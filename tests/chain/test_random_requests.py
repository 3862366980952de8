"""Requests at random within calls at random, from both sides: each has the very answer that the other
side gave, whoever called whom.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chain.calling import assert_all_settled
from tests.chain.faulty import home_at
from tests.chain.harness import places
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.peer import Who
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages

pytestmark = [pytest.mark.timeout(180), pytest.mark.control]

LAST = "159"
CALLS, RATE, SEED = 80, 8.0, 3
PROGRAM = ("wiretalks.py", "wirecalls.py", "wirepeers.py")
METHODS = {"INVITE", "UPDATE", "INFO", "OPTIONS", "MESSAGE", "NOTIFY"}


@pytest.mark.parametrize(
    ("tag", "who"),
    [
        ("latest", ("trunk:reception", "device:1020", "device:1021", ("1020", "1021"))),
        ("trixie", ("carrier:north", "trunk:reception", "device:1020", ("442071838750",))),
        ("bookworm", ("trunk:reception", "carrier:north", "carrier:south", ("441632960100",))),
    ],
)
def test_what_either_side_asks_within_a_call_has_the_other_sides_answer(
    stack, place, cast, tag, who
):
    first, *others, dialled = who
    title = f"random-requests-{tag}"
    with (
        edge_beside(stack, place, cast, title, tag=tag, last=LAST) as edge,
        home_at(stack, place, cast, edge, title) as home,
    ):
        scene = home.scene
        scene.register(*(one.partition(":")[2] for one in others if one.startswith("device:")))
        caller, callees = _who(scene, first), [_who(scene, one) for one in others]
        said = play(scene, caller, callees, dialled)
        assert said == {"calls": CALLS, "answered": CALLS, "unanswered": []}
        home.settled()
    messages = scene.messages()
    assert_all_settled(messages)
    seen = set()
    for request in within(messages, {caller.socket, *(one.socket for one in callees)}):
        ladder = messages.where(call_id=request.call_id).ladder()
        other = _other(messages, request)
        assert other, f"{request.method} went no further:\n{ladder}"
        got = _finals(messages, request, target=request.source)
        assert len(got) == 1, ladder
        assert got == _finals(messages, request, source=other), ladder
        seen |= {(request.source == caller.socket, request.method)}
    assert len(seen) == 2 * len(METHODS), f"a dull seed: {seen}"


def _who(scene: Scene, said: str) -> Who:
    kind, _, name = said.partition(":")
    found: Who = getattr(scene.cast, kind)(name)
    return found


def within(messages: Messages, sides: set[str]) -> Iterator[Message]:
    """Yield what either side asked within a call."""
    for one in messages.once():
        if one.method in METHODS and one.source in sides and ";tag=" in one.header("to"):
            yield one


def _other(messages: Messages, request: Message) -> str:
    """Return whom the edge sent a request on to; nobody where it did not."""
    on = [m for m in messages.where(method=request.method, call_id=request.call_id)
          if _same(m, request) and m.source != request.source]  # fmt: skip
    return on[0].target if on else ""


def _finals(messages: Messages, request: Message, **where: str) -> set[int]:
    found = messages.where(call_id=request.call_id, answers=request.method, **where)
    return {m.code for m in found if m.code >= 200 and _same(m, request)}


def _same(one: Message, request: Message) -> bool:
    return all(one.header(name) == request.header(name) for name in ("CSeq", "From"))


def play(scene: Scene, caller: Who, callees: list[Who], dialled: tuple[str, ...]) -> dict[str, Any]:
    """Have the calls made; returns how many were answered, and what was asked in vain."""
    for name in PROGRAM:
        shutil.copy(Path(places.__file__).with_name(name), scene.directory)
    orders = {
        "seed": SEED, "calls": CALLS, "rate": RATE, "number": "2001", "dialled": dialled,
        "edge": ":".join(map(str, caller.edge)), "caller": caller.socket,
        "callees": {one.socket: ":".join(map(str, one.edge)) for one in callees},
    }  # fmt: skip
    program = scene.place.there(scene.directory / PROGRAM[0])
    said = places.run(scene.place, "python3", program, json.dumps(orders), timeout=150)
    found: dict[str, Any] = json.loads(said)
    return found

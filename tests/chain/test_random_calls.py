"""Calls at random, on the wire: carriers that fail, ring, take them and cross a CANCEL, each as a
seed has it, and a caller who cancels some. The model is asked many more
(tests/unit/test_recursion_invariants.py).
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chain.calling import assert_all_settled
from tests.chain.faulty import home_at
from tests.chain.harness import places
from tests.chain.harness.another_edge import edge_beside, rows
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.harness.stack import until

pytestmark = [pytest.mark.timeout(180), pytest.mark.control]

LAST = "158"
CALLS, RATE, SEED = 200, 20.0, 5
CARRIERS = ("north", "south", "west")
DIALLED = ("441632960100", "442079000001", "4930123456")  # three carriers, and two twice
PROGRAM = ("wirecalls.py", "wirepeers.py")
LEDGER = """
SELECT call_id, code, (SELECT count(*) FROM attempts
    WHERE attempts.call = calls.call AND verdict NOT IN ('late', 'skipped')) tried
FROM calls WHERE code IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it went over the wire: the answers to its caller, and its INVITEs to carriers."""

    answers: Messages
    legs: Messages
    messages: Messages

    @property
    def call_id(self) -> str:
        return self.answers[0].call_id

    @property
    def answer(self) -> Message:
        """The one answer to its caller."""
        assert len({(m.code, m.header("to")) for m in self.answers}) == 1, self.messages.ladder()
        return self.answers[0]

    def check(self) -> None:
        """Assert what holds for every call."""
        ladder = self.messages.ladder()
        tried = [(leg.target, leg.uri) for leg in self.legs]
        assert len(set(tried)) == len(tried), f"a carrier twice:\n{ladder}"
        taken = []
        for leg in self.legs:
            said = Messages(m for m in self.messages if m.source == leg.target and m.code)
            said = Messages(m for m in said.where(answers="INVITE") if m.branch == leg.branch)
            if said:  # it rings for nobody any more
                assert said[-1].code >= 200, f"left to ring:\n{ladder}"
                taken += [(leg, m) for m in said.once() if m.code == 200]
        if self.answer.code == 200:
            assert self.answer.header("to") in {m.header("to") for _, m in taken}, ladder
            assert self.legs[-1].at < self.answer.at, f"tried after it was taken:\n{ladder}"
        for leg, taking in taken:
            self.check_taken(leg, taking, ladder)

    def check_taken(self, leg: Message, taking: Message, ladder: str) -> None:
        """Assert that who took it talks to the caller and is hung up; or that he did so when he had
        been told not to, and nobody talks to him.
        """
        with_it = self.messages.where(method="ACK", target=leg.target)
        if not any(m.header("to") == taking.header("to") for m in with_it):
            cancels = self.messages.where(method="CANCEL", target=leg.target)
            assert any(m.branch == leg.branch and m.at < taking.at for m in cancels), ladder
            return
        assert taking.header("to") == self.answer.header("to"), f"two were taken:\n{ladder}"
        peers = {leg.target, self.answer.target}
        ends = self.messages.where(answers="BYE", code=200)
        assert {m.source for m in ends} & peers, f"nobody hung up:\n{ladder}"


@pytest.mark.parametrize("tag", ["latest", "trixie", "bookworm"])
def test_calls_at_random_get_one_answer_each_leave_nobody_ringing_and_are_written_down(
    stack, place, cast, tag
):
    title = f"random-calls-{tag}"
    with (
        edge_beside(stack, place, cast, title, tag=tag, last=LAST) as edge,
        home_at(stack, place, cast, edge, title) as home,
    ):
        assert play(home.scene, SEED) == {"calls": CALLS, "answered": CALLS}
        home.settled()
        until("the ledger", lambda: len(rows(home.name, "calls.db", LEDGER)) == CALLS)
        wrote = rows(home.name, "calls.db", LEDGER)
        said = home.kamcmd("dlg.stats_active")
    assert re.findall("all: ([0-9]+)", said) == ["0"]
    scene, messages = home.scene, home.scene.messages()
    assert_all_settled(messages)
    calls = list(by_call(scene, messages))
    assert len(calls) == CALLS
    for one in calls:
        one.check()
    assert {200, 480, 486, 487} <= {one.answer.code for one in calls}, "a dull seed"
    assert any(len(one.legs) == 3 for one in calls)
    told = {call_id: (code, tried) for call_id, code, tried in wrote}
    assert told == {one.call_id: (one.answer.code, len(one.legs)) for one in calls}


def by_call(scene: Scene, messages: Messages) -> Iterator[Call]:
    """Yield the calls."""
    caller = scene.cast.trunk("reception").socket
    carriers = {scene.cast.carrier(name).socket for name in CARRIERS}
    for call_id in dict.fromkeys(m.call_id for m in messages.where(source=caller)):
        mine = messages.where(call_id=call_id)
        told = mine.where(answers="INVITE", target=caller)
        asked = mine.where(method="INVITE").once()
        yield Call(
            Messages(m for m in told if m.code >= 200),
            Messages(m for m in asked if m.target in carriers and ";tag=" not in m.header("to")),
            mine,
        )


def play(scene: Scene, seed: int) -> dict[str, int]:
    """Have the calls made; returns how many, and how many were answered and ended."""
    for name in PROGRAM:
        shutil.copy(Path(places.__file__).with_name(name), scene.directory)
    caller = scene.cast.trunk("reception")
    host, port = caller.edge
    orders = {
        "seed": seed, "calls": CALLS, "rate": RATE, "number": "2001", "dialled": DIALLED,
        "edge": f"{host}:{port}", "caller": caller.socket,
        "carriers": [scene.cast.carrier(name).socket for name in CARRIERS],
    }  # fmt: skip
    program = scene.place.there(scene.directory / PROGRAM[0])
    said = places.run(scene.place, "python3", program, json.dumps(orders), timeout=150)
    found: dict[str, int] = json.loads(said)
    return found

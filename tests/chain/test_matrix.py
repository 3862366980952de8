"""Every failure code beside every kind of cause, on the wire: who is called, and what is told."""

from collections.abc import Iterator

import pytest

from tests.chain.calling import tried
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.matrix import REPEATED, Case, cases, outcome

pytestmark = pytest.mark.timeout(240)

CARRIERS = ["north", "south", "west"]  # as the site's route 44 has them; west is not believed
# So many calls/s, but never more than this at once: on a busy machine they wait for one another, and
# no carrier is slow enough to be taken for dead.
RATE, AT_ONCE = 60, 12
PATIENCE = 90  # s, for all of them on a busy machine


def dialled_all(scene: Scene, every: list[Case]) -> dict[str, Messages]:
    """Call each case's number, many at once; return each call's messages by the number."""
    listed = scene.directory / "dialled.csv"
    listed.write_text("\n".join(["SEQUENTIAL", *(case.dialled for case in every)]) + "\n")
    patience = ("-timeout", f"{PATIENCE}s")
    carriers = [
        scene.play(
            scene.cast.carrier(name), "carrier/does-as-dialled",
            place=str(place), calls=99_999, options=patience,
        )
        for place, name in enumerate(CARRIERS, 1)
    ]  # fmt: skip
    caller = scene.play(
        scene.cast.trunk("reception"),
        "pbx/calls-from-list",
        number="2001",
        calls=len(every),
        options=("-inf", scene.place.there(listed), "-r", str(RATE), "-l", str(AT_ONCE), *patience),
    )
    try:
        caller.wait(PATIENCE + 5.0)
    finally:
        for carrier in carriers:
            carrier.end()  # they would answer on for ever
    found: dict[str, list[Message]] = {}
    for message in scene.messages():
        found.setdefault(message.call_id, []).append(message)
    every_call = [Messages(call) for call in found.values() if call[0].method == "INVITE"]
    return {user(call[0]): call for call in every_call}


def user(message: Message) -> str:
    """Return the number of a request's URI."""
    return message.uri.removeprefix("sip:").partition("@")[0]


def wrong(scene: Scene, call: Messages, expected: tuple[list[str], int, str]) -> Iterator[str]:
    """Yield what is not as expected: who was tried, the code and the Reason that the caller got."""
    answers = Messages(
        m
        for m in call.where(answers="INVITE", target=scene.cast.trunk("reception").socket)
        if m.code >= 200
    )
    codes = {m.code for m in answers}
    got = (
        tried(call, scene),
        min(codes, default=0),
        answers[0].header("reason") if answers else "",
    )
    if got != expected or len(codes) != 1:
        more = f" and {sorted(codes)[1:]}" if len(codes) > 1 else ""
        yield f"expected: {said(*expected)}\ngot:      {said(*got)}{more}\n{call.once().ladder()}"
    yield from (f"no ACK to {m}" for m in call.unacknowledged())


def said(carriers: list[str], code: int, reason: str) -> str:
    """Return who was tried and what the caller was told, in words."""
    told = f"{code}, {f'Reason: {reason}' if reason else 'no Reason'}" if code else "nothing"
    return f"tried {', '.join(carriers) or 'nobody'}; the caller was told {told}"


def fitting(scene: Scene, case: Case, call: Messages, expected: tuple[list[str], int, str]) -> None:
    """Fail with all that is wrong with a call, and how to ask why it is."""
    faults = list(wrong(scene, call, expected))
    if faults:
        reasons = "".join(f" --reason '{one.strip()}'" for one in case.reason.split(",") if one)
        asked = f"bellhop explain {case.code}{reasons}{' --rang' if case.rang else ''}"
        pytest.fail("\n".join([*faults, f"why: {asked}"]), pytrace=False)


def expected(case: Case) -> tuple[list[str], int, str]:
    """Return the carriers called in order, and the code and Reason that the caller gets."""
    if outcome(case) == "next":
        return CARRIERS[: case.failing + 1], 200, ""
    # One's own cause is told with the code that it came with; of two that differ, none.
    return CARRIERS[:1], case.code, case.reason if len(case.causes) == 1 else ""


def test_every_code_beside_every_cause_leads_where_the_table_says(scene: Scene, subtests):
    every = list(cases())
    found = dialled_all(scene, every)
    assert len(found) == len(every)
    for case in every:
        with subtests.test(case=str(case)):
            call = found[case.dialled]
            fitting(scene, case, call, expected(case))
            if outcome(case) == "moved":
                answer = call.where(code=case.code, target=scene.cast.trunk("reception").socket)
                [contact] = answer[0].all("contact")
                assert contact.startswith("<sip:900123@")


def test_a_failure_that_a_second_carrier_repeats_is_the_callers_own_or_goes_on(scene, subtests):
    found = dialled_all(scene, list(REPEATED))
    for case, (carriers, code) in REPEATED.items():
        reason = "" if code == 200 else case.reason
        with subtests.test(case=str(case)):
            fitting(scene, case, found[case.dialled], (CARRIERS[:carriers], code, reason))

"""Guessed passwords, and what the answers tell of who exists."""

import re
import statistics
from dataclasses import replace

import pytest

from tests.chain.calling import dial
from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.peer import Who
from tests.chain.harness.raw import Raw, credentials, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

DEVICE, MISSING = "1009", "7777"
SAMPLES = 200


def guesser(scene: Scene, user: str, number: str = DEVICE) -> Who:
    """Return somebody at an address of his own, who tries to be a device."""
    door = scene.cast.devices_door
    keys = {"number": number}
    return replace(scene.cast.stranger(door), credentials=(user, "a guess"), keys=keys)


def guess(peer: Raw, who: Who, method: str, mark: str) -> tuple[Message, Message, float]:
    """Ask, and answer the challenge with a wrong password; returns both answers, and the seconds
    that the second took.
    """
    dialled = "1008" if method == "INVITE" else ""
    uri = f"sip:{dialled}@{who.edge[0]}" if dialled else f"sip:{who.edge[0]}"
    challenge = peer.ask(request(who, method, dialled, mark=mark))
    extra = credentials(who, challenge, method, uri)
    sent = peer.send(request(who, method, dialled, number=2, mark=mark, extra=extra))
    came = peer.receive()
    assert came is not None
    return challenge, came.message, came.at - sent


@pytest.mark.parametrize("user", [DEVICE, "nobody-at-all"])
def test_who_guesses_is_refused_and_the_device_itself_is_not(scene: Scene, place, user: str):
    most = scene.site.edge.guesses
    who = guesser(scene, user)
    key = f"{who.address[0]} {user}"
    try:
        with raw(place, who, scene.directory) as peer:
            codes = [
                guess(peer, who, "REGISTER", f"{scene.began}-{n}")[1].code for n in range(most)
            ]
            assert codes == [401] * most
            challenge = peer.ask(request(who, "REGISTER", mark=f"{scene.began}-last"))
            assert challenge.code == 401, "without a password he is asked for one, as ever"
            if user == DEVICE:  # now he has it
                who = replace(who, credentials=scene.cast.device(DEVICE).credentials)
            extra = credentials(who, challenge, "REGISTER", f"sip:{who.edge[0]}")
            right = request(who, "REGISTER", number=2, mark=f"{scene.began}-last", extra=extra)
            assert peer.ask(right).code == 403
            locked = {
                slot["name"]
                for entry in scene.edge.rpc("htable.dump", "bellhop_locked")
                for slot in entry["slot"]
            }
            assert key in locked
            [device] = scene.register(DEVICE)
            assert scene.edge.contacts(DEVICE) == [f"sip:{DEVICE}@{device.socket}"]

            scene.edge.rpc("htable.delete", "bellhop_locked", key)
            assert guess(peer, who, "REGISTER", f"{scene.began}-lifted")[1].code == (
                200 if user == DEVICE else 401
            )
    finally:
        for table in ("bellhop_locked", "bellhop_guesses"):
            scene.edge.rpc("htable.flush", table)
    [device] = scene.register(DEVICE)
    speaker = scene.play(device, "speaker/answers")
    scene.finish(dial(scene, DEVICE), speaker)


def masked(message: Message) -> str:
    """Return an answer without what differs from request to request."""
    volatile = r'nonce="[^"]*"|tag=[^;\r\n]*|branch=[^;\r\n]*|^(Call-I[Dd]|From|To):.*$'
    return re.sub(volatile, "", message.raw, flags=re.MULTILINE)


def test_neither_answers_nor_their_time_tell_who_exists(stack, place, cast):
    patient = lambda text: text.replace(  # noqa: E731
        'budget = "40s"', 'budget = "40s"\nguesses = 100\nunproved = 100000'
    )
    with another_edge(stack, place, cast, "who-exists", last="118", change=patient) as (scene, _):
        there = [(user, number) for number, (user, _) in list(scene.cast.secrets.items())[:4]]
        gone = [(f"nobody-{n}", f"{MISSING}{n}") for n in range(4)]
        who = guesser(scene, *there[0])
        with raw(place, who, scene.directory) as peer:
            for method in ("REGISTER", "INVITE"):
                took: dict[str, list[float]] = {"there": [], "gone": []}
                answers: dict[str, set[str]] = {"there": set(), "gone": set()}
                for n in range(SAMPLES):
                    for kind, users in (("there", there), ("gone", gone)):
                        one = guesser(scene, *users[n % 4])
                        asked, answered, seconds = guess(peer, one, method, f"{method}{kind}{n}")
                        took[kind].append(seconds)
                        answers[kind] |= {masked(asked), masked(answered)}
                assert answers["there"] == answers["gone"]
                medians = [statistics.median(seconds) for seconds in took.values()]
                assert abs(medians[0] - medians[1]) < max(0.001, 0.05 * max(medians)), medians
            options = {
                masked(peer.ask(request(guesser(scene, *one), "OPTIONS", one[1], mark=one[0])))
                for one in (*there, *gone)
            }
            assert len(options) == 1

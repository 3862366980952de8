"""A zone with a PIN: who says it pages, who guesses is locked out."""

import pytest

from tests.chain.calling import CALLER, dial
from tests.chain.harness.scene import Scene
from tests.chain.paging import answering, heard, newest, outcomes, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE, PIN = "8104", "2718"
VOICE = 0x35


def test_who_says_the_pin_pages(scene: Scene):
    speakers = answering(scene, "1008")
    leader = dial(
        scene, ZONE, "caller/dials-digits-and-talks",
        digits=f"{PIN}#", stream=scene.voice(VOICE), pause=3000,
    )  # fmt: skip
    scene.finish(leader, *speakers)

    assert heard(scene, "1008", VOICE) >= 0.3
    assert outcomes(report(scene)) == {"1008": "played"}


def test_who_guesses_is_hung_up_and_locked_out_even_with_the_right_pin(scene: Scene):
    [horn] = scene.register("1008")
    guess = dial(scene, ZONE, "caller/dials-digits-until-it-ends", digits="1111#2222#")
    scene.finish(guess)
    again = dial(scene, ZONE, "caller/calls-and-is-refused")
    scene.finish(again)

    messages = scene.messages()
    assert not messages.where(method="INVITE", target=horn.socket)
    refused = newest(scene)
    assert refused is not None
    assert (refused["leader"], refused["cause"]) == (CALLER, 21)
    assert refused["why"] == "locked out: too many wrong PINs"
    # Before it is answered: it never comes to saying a PIN.
    answers = messages.where(answers="INVITE", target=again.who.socket).once()
    assert [m.code for m in answers if m.code >= 200] == [407, 200, 407, 403]

"""A page, from the phone to the speakers: who hears it, how they are called, what is reported."""

import pytest

from tests.chain.calling import CALLER, REFUSED, assert_all_settled, dial, final
from tests.chain.harness.scene import Scene
from tests.chain.paging import (
    AUTO_ANSWER,
    DIALECT,
    SPEAKERS,
    ZONE,
    answering,
    blocks,
    counting,
    heard,
    members,
    missing,
    outcomes,
    page,
    report,
    sent_by,
    sent_to,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
OTHER_VOICE = 0x2A
TALK = 4.0  # s


def test_every_speaker_of_the_zone_hears_the_caller_and_the_report_says_so(scene: Scene):
    speakers = answering(scene, *SPEAKERS)
    leader = page(scene, VOICE)
    scene.finish(leader, *speakers)

    messages = scene.messages()
    assert final(messages, leader).code == 200
    for speaker in speakers:
        assert messages.where(method="INVITE", target=speaker.who.socket).one()
        assert messages.where(method="BYE", target=speaker.who.socket).one()
        # The microphone opens after the chime and the beep: about 1.5 s of the 4 are spoken before.
        assert heard(scene, speaker.who.name, VOICE) >= TALK / 2
        assert speaker.rtp_packets() >= TALK / 2 * 50
    found = report(scene)
    assert (found["zone"], found["leader"]) == (ZONE, CALLER)
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    for member in found["members"]:
        invite = messages.where(
            method="INVITE", target=scene.cast.device(member["device"]).socket
        ).one()
        answer = messages.where(code=200, answers="INVITE", call_id=invite.call_id)[0]
        assert 0 <= member["answered_ms"] <= 1000
        assert answer.at - invite.at <= member["answered_ms"] / 1000 + 0.1
        assert (member["cause"], member["sip"], member["why"]) == (None, None, "")
    assert_all_settled(messages)

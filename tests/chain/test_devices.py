"""Calls to devices: what the edge answers tells why, and a device moves no call elsewhere."""

import pytest

from tests.chain.calling import assert_all_settled, dial, final
from tests.chain.harness.scene import Scene

pytestmark = pytest.mark.timeout(120)

SPEAKER = "1009"
ELSEWHERE = "900123"
REFUSED = "caller/calls-and-is-refused"


def test_a_device_is_called_at_the_address_that_it_registered(scene: Scene):
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/answers-late", pause=300)
    caller = dial(scene, SPEAKER)
    scene.finish(caller, speaker)

    messages = scene.messages()
    invite = messages.where(method="INVITE", target=device.socket).one()
    assert invite.uri.startswith(f"sip:{SPEAKER}@{device.socket}")
    assert not invite.header("proxy-authorization")
    assert messages.where(code=180, target=caller.who.socket)


def test_an_unknown_number_is_404_with_cause_1(scene: Scene):
    caller = dial(scene, "7777", REFUSED)
    scene.finish(caller)

    answer = final(scene.messages(), caller)
    assert answer.code == 404
    assert answer.header("reason") == "Q.850;cause=1"


def test_a_device_that_is_not_registered_is_480_with_cause_20(scene: Scene):
    [device] = scene.register(SPEAKER)
    scene.finish(scene.play(device, "speaker/unregisters"))
    caller = dial(scene, SPEAKER, REFUSED)
    scene.finish(caller)

    messages = scene.messages()
    answer = final(messages, caller)
    assert (answer.code, answer.header("reason")) == (480, "Q.850;cause=20")
    assert not messages.where(method="INVITE", target=device.socket)


@pytest.mark.parametrize(
    ("scenario", "code", "reason"),
    [("is-busy-486", 486, "Q.850;cause=17"), ("rejects-480", 480, "Q.850;cause=18")],
)
def test_a_device_that_refuses_is_told_with_a_cause(
    scene: Scene, scenario: str, code: int, reason: str
):
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, f"speaker/{scenario}")
    caller = dial(scene, SPEAKER, REFUSED)
    scene.finish(caller, speaker)

    messages = scene.messages()
    answer = final(messages, caller)
    assert (answer.code, answer.header("reason")) == (code, reason)
    assert_all_settled(messages)


def test_a_dead_device_is_408_within_its_answer_timeout(scene: Scene):
    patience = scene.site.devices[SPEAKER].answer_timeout
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/is-silent", pause=patience + 500)
    caller = dial(scene, SPEAKER, REFUSED)
    scene.finish(caller, speaker)

    messages = scene.messages()
    answer = final(messages, caller)
    assert (answer.code, answer.header("reason")) == (408, "Q.850;cause=18")
    sent = messages.where(method="INVITE", target=device.socket)[0]
    assert answer.at - sent.at <= patience / 1000 + 1.5


def test_a_device_whose_connection_is_gone_is_as_dead(scene: Scene):
    """Nothing can even be sent to it. A 503, as for a carrier, would have a PBX leave our whole trunk
    alone (RFC 3261 §21.5.4).
    """
    host, port = scene.cast.device(SPEAKER).address
    scene.register(SPEAKER, contact_host=host, contact_port=f"{port};transport=tcp")
    caller = dial(scene, SPEAKER, REFUSED)
    scene.finish(caller)

    answer = final(scene.messages(), caller)
    assert (answer.code, answer.header("reason")) == (408, "Q.850;cause=18")
    scene.register(SPEAKER)  # as it was


def test_a_device_that_rings_on_is_cancelled_with_the_caller(scene: Scene):
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/rings-only")
    caller = dial(scene, SPEAKER, "caller/cancels-while-ringing")
    scene.finish(caller, speaker)

    messages = scene.messages()
    assert final(messages, caller).code == 487
    assert_all_settled(messages)


def test_a_device_that_answers_302_moves_nothing(scene: Scene):
    [device] = scene.register(SPEAKER)
    moved_to = f"sip:{ELSEWHERE}@{scene.cast.edge}"
    speaker = scene.play(device, "speaker/moves-302", moved_to=moved_to)
    caller = dial(scene, SPEAKER, REFUSED)
    scene.finish(caller, speaker)

    messages = scene.messages()
    answer = final(messages, caller)
    assert (answer.code, answer.header("reason")) == (480, "Q.850;cause=20")
    assert ELSEWHERE not in answer.raw
    assert not [m for m in messages.where(method="INVITE") if ELSEWHERE in m.uri]


def test_a_device_that_sends_refer_is_refused_and_the_call_goes_on(scene: Scene):
    [device] = scene.register(SPEAKER)
    refer_to = f"sip:{ELSEWHERE}@{scene.cast.edge}"
    speaker = scene.play(device, "speaker/refers", refer_to=refer_to)
    caller = dial(scene, SPEAKER, pause=800)
    scene.finish(caller, speaker)

    messages = scene.messages()
    assert [m.code for m in messages.where(answers="REFER").once()] == [403]
    assert not messages.where(method="REFER", target=caller.who.socket)
    assert not [m for m in messages.where(method="INVITE") if ELSEWHERE in m.uri]


def test_the_other_end_may_hang_up_too(scene: Scene):
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/answers-and-hangs-up", pause=300)
    caller = dial(scene, SPEAKER, "caller/calls-until-it-ends")
    scene.finish(caller, speaker)

    messages = scene.messages()
    bye = messages.where(method="BYE", target=caller.who.socket).one()
    assert messages.where(code=200, answers="BYE", source=caller.who.socket)
    assert bye.at > messages.where(code=200, answers="INVITE")[0].at


@pytest.mark.parametrize("caller", ["a phone", "a phone behind the PBX"])
def test_the_callers_voice_reaches_the_device(scene: Scene, caller: str):
    """Counted at the device, and known by its content."""
    byte = 0x35
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/answers")
    if caller == "a phone":
        talker = dial(
            scene, SPEAKER, "caller/calls-and-talks", stream=scene.voice(byte), pause=1000
        )
    else:
        talker = scene.play(
            scene.cast.trunk("reception"),
            "pbx/calls-and-talks",
            number="2001",
            dialled=SPEAKER,
            stream=scene.voice(byte),
            pause=1000,
        )
    scene.finish(talker, speaker)

    assert speaker.rtp_packets() >= 40  # 20 ms each
    [first] = speaker.logged(r"first=(?P<payload>[0-9a-f]+)")
    assert first["payload"] == f"{byte:02x}" * 160

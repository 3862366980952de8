"""A page, from the phone to the speakers: who hears it, how they are called, what is reported."""

import pytest

from tests.chain.calling import CALLER, assert_all_settled, dial, final
from tests.chain.harness.rtcp import reporting
from tests.chain.harness.scene import Scene
from tests.chain.paging import (
    AUTO_ANSWER,
    DIALECT,
    FRAME,
    SPEAKERS,
    ZONE,
    answering,
    blocks,
    counting,
    heard,
    missing,
    newest,
    outcomes,
    page,
    registered,
    report,
    reports,
    sent_by,
    sent_to,
    stood_still,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
OTHER_VOICE = 0x2A
TALK = 4.0  # s
REFUSING = "caller/calls-and-is-refused"


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
        assert heard(scene, speaker.who.name, VOICE) >= 1
        assert speaker.rtp_packets() >= 50
    found = report(scene)
    assert (found["zone"], found["leader"]) == (ZONE, CALLER)
    assert outcomes(found) == dict.fromkeys(SPEAKERS, "played")
    for member in found["members"]:
        invite = messages.where(
            method="INVITE", target=scene.cast.device(member["device"]).socket
        ).one()
        answer = messages.where(code=200, answers="INVITE", call_id=invite.call_id)[0]
        assert 0 <= member["answered_ms"] <= 3000
        assert answer.at - invite.at <= member["answered_ms"] / 1000 + 0.1
        assert member["answered_ms"] <= member["joined_ms"] <= member["answered_ms"] + 2000
        assert (member["cause"], member["sip"], member["why"]) == (None, None, "")
    assert_all_settled(messages)


def test_each_speaker_is_called_by_its_own_dialect_and_by_no_other(scene: Scene):
    numbers = ("1008", "1009", "1010", "1015")
    speakers = answering(scene, *numbers)
    scene.finish(page(scene, VOICE, "8001", talk=1500), *speakers)

    messages = scene.messages()
    for number in numbers:
        invite = messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        said = {name: invite.all(name) for name in AUTO_ANSWER if invite.all(name)}
        assert said == DIALECT[number]


def test_nothing_of_a_speakers_microphone_reaches_the_caller(scene: Scene):
    [device] = registered(scene, SPEAKERS[0])
    speaker = scene.play(device, "speaker/answers-and-speaks", stream=scene.voice(OTHER_VOICE))
    scene.finish(page(scene, VOICE), speaker)

    spoken = sum(p.payload.count(OTHER_VOICE) for p in sent_by(scene, device.name)) / 8000
    assert spoken >= TALK - 1
    assert heard(scene, device.name, VOICE) >= 1
    # A beep has each value for a few samples.
    assert heard(scene, CALLER, OTHER_VOICE) < 0.1


def test_every_joined_speaker_hears_the_first_word_and_misses_nothing(scene: Scene):
    """What is said from the beep's end on: block by block, as the caller sent it."""
    speakers = answering(scene, *SPEAKERS)
    leader = dial(scene, ZONE, "caller/calls-and-talks", stream=counting(scene), pause=4000)
    scene.finish(leader, *speakers)

    spoken = blocks(sent_by(scene, CALLER))
    assert not missing(spoken)
    first, gaps = {}, {}
    for number in SPEAKERS:
        packets = sent_to(scene, number)
        got = blocks(packets)
        # The chime is no block: none of its values lasts for half a packet.
        assert len(got) >= 50, f"{number} heard {len(got)} blocks of {len(spoken)}"
        first[number], gaps[number] = got[0].number, missing(got)
        assert not gaps[number] or stood_still(packets) > 0.04, f"{number}: {gaps[number][:5]}"
    assert len(set(first.values())) == 1, f"one began to hear later than another: {first}"
    assert len({tuple(gap) for gap in gaps.values()}) == 1, f"one missed words of others: {gaps}"
    [opened] = [block.at for block in spoken if block.number == first[SPEAKERS[0]]][:1]
    # The beep is the last that the caller hears but silence.
    beep = [p.at for p in sent_to(scene, CALLER) if p.payload.count(0xFF) < FRAME // 2]
    assert opened <= beep[-1] + 0.3, "what he said right after the beep was lost"


def test_a_report_tells_what_a_speakers_own_rtcp_said_it_received(scene: Scene):
    """One tells that it missed 7 packets; the other tells nothing, and nothing is guessed."""
    speakers = answering(scene, *SPEAKERS[:2])
    teller = reporting(scene.place, scene.cast.device(SPEAKERS[0]).address[0], lost=7)
    try:
        scene.finish(page(scene, VOICE, talk=8000), *speakers)
        assert teller.wait(5) == 0, teller.communicate()[0]
    finally:
        teller.kill()
        teller.communicate()

    first, second, _ = report(scene)["members"]
    assert first["received"] == first["sent"] - 7
    assert second["received"] is None
    for member in (first, second):
        assert member["sent"] >= 5 * 50
    said = scene.stack.execute("pager", "bellhop", "report")
    assert f"RTP received: {first['received']} of {first['sent']}" in said
    assert "RTP received: not measured" in said


def test_a_zone_in_a_zone_rings_each_device_once(scene: Scene):
    numbers = ("1008", "1009", "1010", "1015")
    speakers = answering(scene, *numbers)
    scene.finish(page(scene, VOICE, "8001"), *speakers)

    messages = scene.messages()
    for number in numbers:
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert heard(scene, number, VOICE) >= 1
    found = report(scene)
    assert [m["device"] for m in found["members"]] == list(numbers)
    assert outcomes(found) == dict.fromkeys(numbers, "played")


@pytest.mark.parametrize(
    ("zone", "number", "leader"),
    [(ZONE, "2007", "trunk:reception:2007"), ("8001", "2001", "trunk:reception:2001")],
)
def test_a_phone_behind_the_pbx_pages_a_zone(scene: Scene, zone: str, number: str, leader: str):
    speakers = answering(scene, *SPEAKERS)
    phone = scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-talks",
        number=number, dialled=zone, stream=scene.voice(VOICE), pause=3500,
    )  # fmt: skip
    scene.finish(phone, *speakers)

    for speaker in speakers:
        assert heard(scene, speaker.who.name, VOICE) >= 0.5
    found = report(scene)
    assert (found["zone"], found["leader"]) == (zone, leader)
    assert {number for number, what in outcomes(found).items() if what == "played"} == {*SPEAKERS}


def test_who_may_not_page_a_zone_is_refused_and_no_speaker_hears_of_it(scene: Scene, subtests):
    speakers = scene.register(*SPEAKERS, "1015")
    reception = scene.cast.trunk("reception")
    callers = {
        "a phone without the right": scene.play(scene.cast.device("1021"), REFUSING, dialled=ZONE),
        "a door station": scene.play(scene.cast.device("1015"), REFUSING, dialled="8001"),
        "another number behind the PBX": scene.play(
            reception, "pbx/calls-and-is-refused", number="2002", dialled="8001"
        ),
    }
    scene.finish(*callers.values())

    messages = scene.messages()
    for who, caller in callers.items():
        with subtests.test(who=who):
            answer = final(messages, caller)
            assert (answer.code, answer.header("reason")) == (403, "Q.850;cause=21")
    for speaker in speakers:
        assert not messages.where(method="INVITE", target=speaker.socket)
    # The edge alone knows of those who may page no zone at all; the pager refused the third.
    [refused] = reports(scene)
    assert (refused["zone"], refused["leader"]) == ("8001", "trunk:reception:2002")
    assert (refused["cause"], refused["why"]) == (21, "may not page 8001")
    assert set(outcomes(refused).values()) == {"refused"}


def test_an_unknown_zone_is_404_and_nothing_else_happens(scene: Scene):
    speakers = scene.register(*SPEAKERS)
    caller = dial(scene, "8002", REFUSING)
    scene.finish(caller)

    messages = scene.messages()
    answer = final(messages, caller)
    assert answer.code == 404
    assert answer.header("reason") == "Q.850;cause=1"
    assert not messages.where(target=str(scene.site.pbx.address))
    for speaker in speakers:
        assert not messages.where(method="INVITE", target=speaker.socket)


TWISTED = ("8000&1008", "8000%261008", "8000,1", "8000%2C1", "8000%0d%0a", "8000%0D%0AX-Evil:%20y",
           "8000&PJSIP%2F1008", "8000%20", "8000%00", "${BELLHOP_AGI}")  # fmt: skip


def test_a_zones_number_with_something_to_it_is_no_zone(scene: Scene, subtests):
    speakers = scene.register(*SPEAKERS)
    callers = []
    for user in TWISTED:
        uri = f"sip:{user}@{scene.cast.edge}"
        callers.append(scene.play(scene.cast.device(CALLER), "caller/dials-raw", uri=uri))
        scene.finish(callers[-1])

    messages = scene.messages()
    for user, caller in zip(TWISTED, callers, strict=True):
        with subtests.test(dialled=user):
            [answer] = caller.logged(r"refused code=(?P<code>[0-9]+)")
            assert answer["code"] in {"400", "404", "484"}
    assert not messages.where(target=str(scene.site.pbx.address))
    for speaker in speakers:
        assert not messages.where(method="INVITE", target=speaker.socket)


def test_the_pbx_answers_nobody_outside(scene: Scene, subtests):
    """Its SIP is on the inside network alone: there is no way to it, or no answer."""
    assert scene.site.pbx.media is not None
    forged = f"P-Asserted-Identity: <sip:{CALLER}@device.bellhop.invalid>"
    doors = [(host, scene.site.pbx.address.port) for host in (
        scene.site.pbx.media, scene.site.pbx.address.host)]  # fmt: skip
    for door in doors:
        who = scene.cast.stranger(door)
        scene.finish(
            scene.play(
                who,
                "pbx/asks-and-hears-nothing",
                number=CALLER,
                dialled=ZONE,
                extra=forged,
                pause=1500,
            )
        )

    messages = scene.messages()
    for host, port in doors:
        with subtests.test(door=host):
            assert messages.where(method="INVITE", target=f"{host}:{port}")
            assert not messages.where(source=host)
    assert newest(scene) is None


def test_the_next_page_is_another_page(scene: Scene):
    """And the devices of the first are free for it."""
    found = []
    for byte in (VOICE, OTHER_VOICE):
        speakers = answering(scene, *SPEAKERS)
        scene.finish(page(scene, byte, talk=2500), *speakers)
        found.append(report(scene))

    assert found[0]["page"] != found[1]["page"]
    for one in found:
        assert outcomes(one) == dict.fromkeys(SPEAKERS, "played")
    for number in SPEAKERS:
        assert heard(scene, number, VOICE) > 0.3
        assert heard(scene, number, OTHER_VOICE) > 0.3


def test_a_leader_whose_audio_does_not_arrive_has_paged_nobody(scene: Scene):
    """The members get packets all the same: of silence. They do not count."""
    speakers = answering(scene, *SPEAKERS)
    scene.finish(dial(scene, ZONE, pause=3000), *speakers)

    for speaker in speakers:
        assert speaker.rtp_packets() >= 50
    found = report(scene)
    assert {(m["outcome"], m["why"]) for m in found["members"]} == {
        ("failed", "joined, but no audio came from the leader")
    }

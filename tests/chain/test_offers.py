"""What leaders offer, beyond a phone's G.711 both ways: one who only sends, one with whom there is no
common audio, one who renews his call; and keys by whatever way a PBX says them. And a speaker whose
answer has no audio in it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.chain.faulty import reply
from tests.chain.harness import tones
from tests.chain.harness.places import Place
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import until
from tests.chain.harness.talker import Talker, talker
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    heard,
    members,
    outcomes,
    page,
    registered,
    report,
    reports,
    sentence,
    speaking,
)
from tests.chain.test_bindings import registers
from tests.chain.test_dialog_targets import within
from tests.chain.test_sender import comes

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

VOICE, AFTER = 0x35, 0x4B
PORT = 16_000  # where a leader's audio is
PCMU = "RTP/AVP 0"
REFUSED = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 0 RTP/AVP 0\r\n"
)
SPEAKS = REFUSED.replace("audio 0", "audio 16000")
SENDS = f"{PCMU}\r\na=sendonly"
# What stands in an offer beside the audio that a page is.
BESIDE = {
    "a door station's": "RTP/AVP 118 9 0 101\r\na=rtpmap:118 opus/48000/2\r\n"
    "a=rtpmap:101 telephone-event/8000\r\nm=video 16010 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    "a=sendonly",
    "a fax gateway's": f"{PCMU}\r\nm=image 16030 udptl t38\r\na=T38FaxVersion:0",
    "SRTP, if you can": f"{PCMU}\r\nm=audio 16020 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
    "text": f"{PCMU}\r\nm=text 16030 RTP/AVP 98\r\na=rtpmap:98 t140/1000",
}
# A key as two tones (ITU-T Q.23), 120 ms, and silence as long.
TONES = {"*": (941, 1209), "0": (941, 1336)}
BEAT = 960


def offered(text: str, host: str, audio: str) -> str:
    """Return a request with an SDP whose m= line goes on so."""
    body = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {PORT} {audio}\r\n"
    )
    return with_body(text, "application/sdp", body)


def with_body(text: str, kind: str, body: str) -> str:
    return text.replace(
        "Content-Length: 0\r\n", f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    ).replace("\r\n\r\n", f"\r\n\r\n{body}", 1)


def asks(scene: Scene, caller: Raw, audio: str, extra: str = "") -> Message:
    """Have the PBX page with this offer; returns the final answer, which is acknowledged."""
    who = caller.who
    of = f"<sip:2001@{who.edge[0]}>;tag=t"
    text = request(who, "INVITE", ZONE, mark=f"{scene.began}", from_=of, extra=extra)
    answer = caller.ask(offered(text, who.address[0], audio))
    if answer.code < 300:
        caller.send(said(answer, caller, "ACK", 1))
    else:
        via = f"SIP/2.0/UDP {who.socket};rport;branch={answer.branch}"
        sides = {"via": via, "from_": of, "to": answer.header("to")}
        caller.send(request(who, "ACK", ZONE, mark=f"{scene.began}", **sides))
    return answer


def said(answer: Message, caller: Raw, method: str, number: int) -> str:
    """Return the leader's next request in his call."""
    return within(answer, caller.who, answer.header("contact").strip("<>"), number, method)


@contextmanager
def leads(
    scene: Scene, place: Place, audio: str, extra: str = ""
) -> Iterator[tuple[Raw, Message, Talker]]:
    """Have the PBX lead a page with this offer, from when he is heard; he hangs up, if he can."""
    speakers = answering(scene, *SPEAKERS)
    who = scene.cast.trunk("reception")
    with raw(place, who, scene.directory) as caller:
        answer = asks(scene, caller, audio, extra)
        assert answer.code == 200
        found = re.search(r"c=IN IP4 (\S+).*?m=audio ([0-9]+)", answer.body, re.DOTALL)
        assert found
        there = (found[1], int(found[2]))
        with talker(scene.place, who.address[0], PORT, there) as voice:
            voice.said("hears")
            voice.say(VOICE, 0.2)  # a PBX sends all the time
            speaking(scene, ZONE)
            voice.say(VOICE, 2)
            yield caller, answer, voice
    scene.finish(*speakers)
    assert outcomes(report(scene)) == dict.fromkeys(SPEAKERS, "played")


def hangs_up(caller: Raw, answer: Message) -> None:
    assert caller.ask(said(answer, caller, "BYE", 20)).code == 200


def is_hung_up(caller: Raw) -> None:
    """Have the other side end it."""
    while (came := caller.receive()) is not None and came.message.method != "BYE":
        pass
    assert came is not None, "the page goes on"
    caller.send(reply(came.message, "200 OK", to=came.message.header("to")))


def test_a_leader_who_only_sends_is_heard(scene: Scene, place: Place):
    """As equipment offers that announces; to Asterisk it looks as a hold (RFC 3264 §5.1, §8.4)."""
    with leads(scene, place, SENDS) as (caller, answer, _):
        assert "a=recvonly" in answer.body
        hangs_up(caller, answer)
    for number in SPEAKERS:
        assert heard(scene, number, VOICE) >= 1.5


@pytest.mark.parametrize("audio", BESIDE.values(), ids=BESIDE)
def test_a_leader_is_heard_whatever_he_offers_beside_his_audio(
    scene: Scene, place: Place, audio: str
):
    """What is not taken is declined with a port of 0 (RFC 3264 §6), and takes nothing with it."""
    with leads(scene, place, audio, "Supported: 100rel, timer, replaces") as (caller, answer, _):
        assert answer.body.count("m=") == audio.count("m=") + 1
        assert len(re.findall(r"^m=\w+ 0 ", answer.body, re.MULTILINE)) == audio.count("m=")
        hangs_up(caller, answer)
    for number in SPEAKERS:
        assert heard(scene, number, VOICE) >= 1.5


@pytest.mark.parametrize("way", ["INFO", "tones"])
def test_a_leaders_keys_count_by_whatever_way_his_pbx_says_them(scene: Scene, place: Place, way):
    """*0 ends his page; he offers no telephone-event (RFC 4733)."""
    with leads(scene, place, PCMU) as (caller, answer, voice):
        for place_, key in enumerate("*0"):
            if way == "tones":
                voice.play(tones.pair(*TONES[key], BEAT) + bytes([0xFF]) * BEAT)
                continue
            text = said(answer, caller, "INFO", 10 + place_)
            body = f"Signal={key}\r\nDuration=160\r\n"
            assert caller.ask(with_body(text, "application/dtmf-relay", body)).code == 200
        is_hung_up(caller)


def test_a_page_goes_on_through_the_renewals_of_its_leaders_session(scene: Scene, place: Place):
    """By UPDATE and by INVITE (RFC 4028 §7)."""
    timer = "Supported: timer\r\nSession-Expires: 90;refresher=uac"
    with leads(scene, place, PCMU, timer) as (caller, answer, voice):
        assert answer.header("session-expires") == "90;refresher=uac"
        assert caller.ask(said(answer, caller, "UPDATE", 10)).code == 200
        again = said(answer, caller, "INVITE", 11)
        assert caller.ask(offered(again, caller.who.address[0], PCMU)).code == 200
        caller.send(said(answer, caller, "ACK", 11))
        voice.say(AFTER, 2)
        hangs_up(caller, answer)
    for number in SPEAKERS:
        assert heard(scene, number, AFTER) >= 1.5


@pytest.mark.parametrize("audio", ["RTP/AVP 9", "RTP/AVP 18", "RTP/SAVP 0"])
def test_a_leader_with_whom_there_is_no_common_audio_is_told_so_and_nobody_is_rung(
    scene: Scene, place: Place, audio: str
):
    registered(scene, *SPEAKERS)
    with raw(place, scene.cast.trunk("reception"), scene.directory) as caller:
        assert asks(scene, caller, audio).code == 488
    assert reports(scene) == []
    for number in SPEAKERS:
        target = scene.cast.device(number).socket
        assert not scene.messages().where(method="INVITE", target=target)


def test_a_speaker_that_registers_from_another_port_in_mid_page_is_let_go_and_rung_where_it_is(
    scene: Scene, place: Place
):
    """Its call goes on where it began: its BYE goes there, and the next page's INVITE does not."""
    speakers = answering(scene, *SPEAKERS)
    here = speakers[-1].who
    moved = replace(here, name="moved", address=(here.address[0], here.address[1] + 10))
    leader = page(scene, VOICE, talk=4000)
    speaking(scene, ZONE)
    with raw(place, moved, scene.directory) as device:
        assert (
            registers(device, f"{scene.began}", f"<sip:{SPEAKERS[-1]}@{moved.socket}>").code == 200
        )
    scene.finish(leader, *speakers)
    assert outcomes(report(scene)) == dict.fromkeys(SPEAKERS, "played")
    others = [scene.play(scene.cast.device(n), "speaker/answers") for n in SPEAKERS[:-1]]
    scene.finish(page(scene, AFTER, talk=3000), *others, scene.play(moved, "speaker/answers"))
    assert outcomes(report(scene)) == dict.fromkeys(SPEAKERS, "played")
    assert heard(scene, SPEAKERS[-1], AFTER) >= 1
    scene.register(SPEAKERS[-1])  # as it was


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", (None, None, "no audio was agreed with it (an answer without SDP?)")),
        (REFUSED, (58, None, "takes no audio that Asterisk sends (G.711)")),
        (
            f"{SPEAKS}a=inactive\r\n",
            (None, None, "joined, but no audio was sent to it (an answer that says hold?)"),
        ),
    ],
    ids=["no SDP", "a stream that is refused", "a stream that is held"],
)
def test_a_speaker_that_answers_with_no_audio_is_told_so_and_the_others_play(
    scene: Scene, place: Place, body: str, told: tuple[int | None, None, str]
):
    """RFC 3264 §6: a port of 0 refuses the stream."""
    *good, who = registered(scene, *SPEAKERS)
    others = [scene.play(one, "speaker/answers") for one in good]
    with raw(place, who, scene.directory) as bad:
        leader = page(scene, VOICE, talk=3000)
        asked = comes(bad, "INVITE")
        path = [f"Record-Route: {one}" for one in asked.all("record-route")]
        said = reply(asked, "200 OK", f"Contact: <sip:{SPEAKERS[-1]}@{who.socket}>", *path)
        bad.send(with_body(said, "application/sdp", body) if body else said)
        ended = comes(bad, "BYE")
        bad.send(reply(ended, "200 OK", to=ended.header("to")))
    scene.finish(leader, *others)
    assert outcomes(report(scene)) == dict.fromkeys(SPEAKERS[:-1], "played") | {
        SPEAKERS[-1]: "failed"
    }
    assert sentence(report(scene))[SPEAKERS[-1]] == ("failed", *told)
    assert all(heard(scene, number, VOICE) >= 1 for number in SPEAKERS[:-1])


def test_a_speaker_that_says_183_first_and_hangs_up_with_a_reason_is_told_of_with_both(
    scene: Scene, place: Place
):
    """Door stations may send early media, which is no answer. RFC 3326: why it hangs up in mid-page."""
    *good, who = registered(scene, *SPEAKERS)
    others = [scene.play(one, "speaker/answers") for one in good]
    with raw(place, who, scene.directory) as bad:
        leader = page(scene, VOICE, talk=6000)
        asked = comes(bad, "INVITE")
        contact = f"Contact: <sip:{SPEAKERS[-1]}@{who.socket}>"
        path = [f"Record-Route: {one}" for one in asked.all("record-route")]
        early, answer = (
            with_body(reply(asked, status, contact, *path), "application/sdp", SPEAKS)
            for status in ("183 Session Progress", "200 OK")
        )
        bad.send(early)
        until("the others to have joined", lambda: joined(scene) == len(good), 5)
        bad.send(answer)
        comes(bad, "ACK")
        until("it to have joined", lambda: joined(scene) == len(SPEAKERS), 5)
        speaking(scene, ZONE)
        sides = {"from_": f"{asked.header('to')};tag=carrier", "to": asked.header("from")}
        lines = [f"Route: {one}" for one in asked.all("record-route")]
        lines.append('Reason: Q.850;cause=41;text="no line"')
        text = request(
            who, "BYE", ZONE, number=7, call_id=asked.call_id, extra="\r\n".join(lines), **sides
        )
        there = asked.header("contact").strip("<>")
        assert bad.ask(re.sub(r"^BYE \S+", f"BYE {there}", text)).code == 200
    scene.finish(leader, *others)
    told = members(report(scene))
    assert told[SPEAKERS[-1]]["answered_ms"] > max(told[one]["joined_ms"] for one in SPEAKERS[:-1])
    outcome, cause, _, why = sentence(report(scene))[SPEAKERS[-1]]
    assert (outcome, cause) == ("played", 41)
    assert re.search(r"left [0-9]{4} ms before the end \(temporary failure, cause 41\)", why)


def joined(scene: Scene) -> int:
    """Return how many members are in a page's room."""
    shown = scene.pbx.command("core show channels concise")
    return len(re.findall(r"^PJSIP/bellhop-member-[^\n]*!ConfBridge!page-", shown, re.MULTILINE))

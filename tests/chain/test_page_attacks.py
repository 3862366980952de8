"""What somebody writes into a page's call, or how often he asks for one, changes nothing but his own
page: hostile names, texts with a shell's signs, floods, and doors that devices must not reach.
"""

import json

import pytest

from tests.chain.calling import CALLER, assert_all_settled, dial, final
from tests.chain.harness.peer import Peer, Who
from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.harness.stack import until
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    heard,
    outcomes,
    page,
    registered,
    report,
    reports,
    speaking,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, SAID = 0x2A, 0x35
YARD = "8101"
EVIL = "evil"  # stands in each hostile text, so that wherever it comes to be, it is found
NAMES = {
    "signs of every language between the phone and the horn": (
        rf'"\"{EVIL}\" | & ${{CHANNEL(pjsip,call-id)}} $[1/0] ^ ~ \\ <sip:{EVIL}@192.0.2.1>, '
        r'%0d%0aAction: Hangup%0d%0aChannel: /.*/%0d%0a%0d%0aHANGUP" '
    ),
    "10 kB": f'"{EVIL}{"x" * 10_000}" ',
}
RATE, FORBIDDEN, BUSY = 20, 120, 30  # pages a second; how many


def memory(scene: Scene) -> dict[str, str]:
    """Return what Asterisk remembers beyond a call, and what its dialplan is."""
    commands = ("database show", "dialplan show globals", "dialplan show bellhop-page")
    return {command: scene.pbx.command(command) for command in commands}


@pytest.mark.parametrize("what", NAMES)
def test_a_callers_name_is_neither_obeyed_nor_passed_on(scene: Scene, what: str):
    speakers = answering(scene, *SPEAKERS)
    before = memory(scene)
    leader = page(scene, VOICE, talk=2500, name=NAMES[what])
    scene.finish(leader, *speakers)

    messages = scene.messages()
    assert EVIL in messages.where(method="INVITE", source=leader.who.socket)[0].header("from")
    for speaker in speakers:
        invite = messages.where(method="INVITE", target=speaker.who.socket).one()
        assert EVIL not in invite.raw
        assert heard(scene, speaker.who.name, VOICE) >= 0.3
    found = report(scene)
    assert (found["leader"], outcomes(found)) == (CALLER, dict.fromkeys(SPEAKERS, "played"))
    assert EVIL not in json.dumps(found)
    assert memory(scene) == before
    assert_all_settled(messages)


def test_a_name_that_is_not_utf_8_is_a_page_like_any_other(scene: Scene, place):
    """Of a zone in which a group alone is there: nobody needs to be rung for it."""
    registered(scene)
    who = scene.cast.device(CALLER)
    name = f'"{EVIL}\udcff\udcfe\udc80" <sip:{CALLER}@{who.edge[0]}>;tag=t1'
    with raw(place, who, scene.directory) as phone:
        challenge = phone.ask(request(who, "INVITE", YARD, from_=name))
        proof = credentials(who, challenge, "INVITE", f"sip:{YARD}@{who.edge[0]}")
        answer = phone.ask(
            offering(who, request(who, "INVITE", YARD, number=2, from_=name, extra=proof))
        )
        assert answer.code == 200
        phone.send(within(answer, who, "ACK", 2))
        assert phone.ask(within(answer, who, "BYE", 3)).code == 200

    found = report(scene)
    assert found["leader"] == CALLER
    assert EVIL not in json.dumps(found)


def offering(who: Who, invite: str) -> str:
    """Return the INVITE with an offer: one without is answered, and its audio kept for a while."""
    host, port = who.address
    body = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    body += f"m=audio {port + 1000} RTP/AVP 0\r\n"
    length = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}"
    return invite.replace("Content-Length: 0", length) + body


def within(answer: Message, who: Who, method: str, number: int) -> str:
    """Return a request in the dialog that an answer made."""
    uri = answer.header("contact").strip("<>").partition(">")[0]
    via = f"SIP/2.0/UDP {who.socket};rport;branch=z9hG4bK-within-{number}"
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: {via}",
        *(f"Route: {one}" for one in reversed(answer.all("record-route"))),
        f"From: {answer.header('from')}",
        f"To: {answer.header('to')}",
        f"Call-ID: {answer.call_id}",
        f"CSeq: {number} {method}",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""])


TWISTED = ("2001%0d%0aP-Asserted-Identity", "2001%22%20%7c%20%221", "2001%26PJSIP%2f1", "2001@x")


def test_who_twists_his_number_behind_the_pbx_is_not_taken_for_another(scene: Scene, subtests):
    """8001 may be paged by 2001 there, and by nobody else."""
    registered(scene, "1008")
    for number in TWISTED:
        phone = scene.play(
            scene.cast.trunk("reception"), "pbx/calls-and-is-refused",
            number=number, dialled="8001",
        )  # fmt: skip
        scene.finish(phone)
        with subtests.test(number=number):
            [told] = phone.logged("code=(?P<code>[0-9]+)")
            assert told["code"] in {"400", "403"}
    assert {one["cause"] for one in reports(scene)} <= {21}
    horn = scene.cast.device("1008").socket
    assert not scene.messages().where(method="INVITE", target=horn)


def test_a_shells_signs_in_a_text_to_say_are_said(scene: Scene):
    assert scene.stack is not None
    [speaker] = answering(scene, "1008")
    text = "`>/tmp/a`$(>/tmp/b);>/tmp/c|'\""
    scene.stack.execute("pager", "bellhop", "page", ZONE, "--say", text, timeout=60)
    scene.finish(speaker)

    assert heard(scene, "1008", SAID) == pytest.approx(len(text) / 10, abs=0.4)  # says.py
    made = scene.stack.execute("pager", "find", "/tmp", "-name", "[abc]")  # noqa: S108 - its own
    assert made == ""


def test_an_emergency_begins_and_is_heard_beside_a_flood_of_pages(scene: Scene):
    """From behind the PBX: first of a zone that it may not page, then of the emergency's members."""
    everybody = (*SPEAKERS, "1015")
    speakers = answering(scene, *everybody)
    reception = scene.cast.trunk("reception")

    def flood(zone: str, calls: int) -> Peer:
        return scene.play(
            reception, "pbx/calls-and-is-refused",
            number="2001", dialled=zone, calls=calls, options=("-r", str(RATE)),
        )  # fmt: skip

    forbidden = flood("8100", FORBIDDEN)
    until("the flood", lambda: reports(scene), 10)
    leader = dial(scene, "8019", "caller/calls-and-talks", stream=scene.voice(VOICE), pause=12_000)
    speaking(scene, "8019")
    scene.finish(forbidden)
    busy = flood(ZONE, BUSY)
    scene.finish(busy, leader, *speakers)

    messages = scene.messages()
    told = answers(messages, reception.socket)
    assert len(told) == FORBIDDEN + BUSY, "each has one answer"
    kinds = [(one.code, one.header("reason")) for one in told]
    assert sorted(set(kinds)) == [(403, "Q.850;cause=21"), (486, "Q.850;cause=17")]
    assert kinds.count((403, "Q.850;cause=21")) == FORBIDDEN
    begun = final(messages, leader)
    assert begun.code == 200
    assert told[0].at < begun.at < told[FORBIDDEN - 1].at, "it began while the flood went on"
    assert_all_settled(messages)
    for number in everybody:
        assert heard(scene, number, VOICE) >= 2
    kept = reports(scene)
    assert len(kept) == FORBIDDEN + BUSY + 1
    [emergency] = [one for one in kept if one["zone"] == "8019"]
    assert outcomes(emergency) == dict.fromkeys(everybody, "played")


def answers(messages: Messages, socket: str) -> list[Message]:
    """Return the final answers that a trunk got to its INVITEs, in order."""
    return [m for m in messages.where(answers="INVITE", target=socket).once() if m.code >= 200]


REACHES = """
import socket, sys
for door in sys.argv[1:]:
    host, port = door.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        continue
    print(door)
"""


def test_nobody_among_the_devices_reaches_ami_or_agi(scene: Scene):
    assert scene.stack is not None
    pager, pbx = scene.site.pager, scene.site.pbx
    inside = [str(pager.ami), str(pager.agi)]
    doors = [*inside, f"{pbx.media}:{pager.ami.port}", f"{pbx.media}:{pager.agi.port}"]
    assert scene.stack.execute("pager", "python3", "-c", REACHES, *inside).split() == inside
    assert scene.stack.execute("lab", "python3", "-c", REACHES, *doors).split() == []

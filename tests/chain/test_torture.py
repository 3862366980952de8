"""Messages that no well-meaning device sends: RFC 4475's and RFC 5118's. Each is answered or dropped
for a reason, nothing of it goes where it must not, and the edge goes on.
"""

import itertools
from collections.abc import Iterator

import pytest

from tests.chain.calling import dial
from tests.chain.faulty import reply
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages, parse
from tests.chain.torture import ALL, CALLS, REFUSALS
from tests.chain.torturing import AT_LAST, SOON, torture

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

SPEAKER = "1009"


@pytest.fixture(autouse=True)
def afterwards(scene: Scene) -> Iterator[None]:
    """After each test the same Kamailio takes a normal call."""
    life = scene.edge.life()
    yield
    assert scene.edge.life() == life, "Kamailio was started anew"
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/answers")
    scene.finish(dial(scene, SPEAKER), speaker)


def from_the_edge(scene: Scene) -> Messages:
    """Return the requests that the edge sent."""
    hosts = {scene.cast.edge.host, scene.site.edge.internal.host}
    found = (m for m in scene.messages() if m.method and m.source.rpartition(":")[0] in hosts)
    return Messages(m for m in found if m.method not in {"OPTIONS", "NOTIFY"})


def test_each_torture_message_gets_its_answer_and_reaches_nobody(scene: Scene, place, subtests):
    who = scene.cast.stranger(scene.cast.devices_door)
    with raw(place, who, scene.directory) as peer:
        answers = torture(peer, f"{scene.began:.0f}")
    for one in ALL:
        with subtests.test(name=one.name):
            assert answers[one.name] in one.right, one.why
    sent = from_the_edge(scene)
    assert not sent, sent.ladder()


def told(peer: Raw, invite: str) -> int:
    """Return the final answer to an INVITE, and acknowledge it with the INVITE's own lines."""
    asked = parse(invite)
    assert asked is not None
    while (came := peer.receive(AT_LAST)) is not None:
        answer = came.message
        if answer.code >= 200 and answer.call_id == asked.call_id:
            lines = [
                *(f"{name}: {asked.header(name)}" for name in ("Via", "From", "Call-ID")),
                f"To: {answer.header('to')}",
                f"CSeq: {asked.header('cseq').split()[0]} ACK",
            ]
            start = f"ACK {asked.uri} SIP/2.0"
            peer.send("\r\n".join([start, *lines, "Content-Length: 0", "", ""]))
            return answer.code
    raise AssertionError(f"no answer to {invite[:200]!r}")


def called(carrier: Raw, call_id: str, seconds: float) -> Message | None:
    """Return the INVITE of a call."""
    while (came := carrier.receive(seconds)) is not None:
        if (came.message.method, came.message.call_id) == ("INVITE", call_id):
            return came.message
    return None


def test_what_is_odd_and_valid_in_a_call_is_a_call_like_any_other(scene: Scene, place, subtests):
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    host, port = who.address
    with raw(place, who, scene.directory) as peer, raw(place, north, scene.directory) as carrier:
        for one in CALLS:
            places = {"edge": who.edge[0], "me": host, "port": str(port)}
            text = one.bytes(m=f"{scene.began:.0f}", **places).decode()
            asked = parse(text)
            assert asked is not None
            peer.send(text)
            with subtests.test(name=one.name):
                came = called(carrier, asked.call_id, AT_LAST)
                assert came is not None
                assert came.body == asked.body.partition("INVITE")[0]
                carrier.send(reply(came, "486 Busy Here"))
                assert told(peer, text) == 486


def test_what_is_odd_and_valid_in_a_carriers_reply_counts(scene: Scene, place, subtests):
    who = scene.cast.trunk("reception")
    north, south = scene.cast.carrier("north"), scene.cast.carrier("south")
    with (
        raw(place, who, scene.directory) as peer,
        raw(place, north, scene.directory) as first,
        raw(place, south, scene.directory) as second,
    ):
        for n, (name, (status, lines, goes_on)) in enumerate(REFUSALS.items()):
            mark = f"{scene.began:.0f}-{n}"
            invite = request(who, "INVITE", "441632960100", mark=mark)
            peer.send(invite)
            with subtests.test(name=name):
                came = called(first, f"raw-{mark}@{who.address[0]}", AT_LAST)
                assert came is not None
                first.send(reply(came, status, *([lines] if lines else [])))
                went = called(second, came.call_id, AT_LAST if goes_on else SOON)
                if went is not None:
                    second.send(reply(went, "486 Busy Here"))
                assert (went is not None) is goes_on
                assert told(peer, invite) == (486 if goes_on else int(status[:3]))


# What Kamailio would pass on as it came: with line ends before it, nobody looked at the lone CR in it.
BENT = {
    "line ends before it": lambda text: "\r\n\r\n" + text,
    "line ends before it, and one in it": lambda text: (
        "\r\n\r\n" + text.replace("Max-Forwards: 70", "Subject: a\rP-Asserted-Identity: <sip:x@y>")
    ),
    "trws": lambda text: text.replace(" SIP/2.0\r\n", " SIP/2.0  \r\n", 1),
}


def test_what_a_proxy_must_not_pass_on_is_told_so(scene: Scene, place, subtests):
    """RFC 4475 §3.1.2.10; RFC 3261 §7.5."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    with raw(place, who, scene.directory) as peer, raw(place, north, scene.directory) as carrier:
        for n, (name, bent) in enumerate(BENT.items()):
            invite = request(who, "INVITE", "441632960100", mark=f"{scene.began:.0f}-b{n}")
            with subtests.test(name=name):
                assert peer.ask(bent(invite)).code == 400
                assert carrier.receive(SOON) is None


def test_a_reply_to_nothing_is_sent_on_to_nobody(scene: Scene, place):
    """Its second Via would have us send it wherever the sender likes."""
    who = scene.cast.stranger(scene.cast.devices_door)
    north = scene.cast.carrier("north")
    with raw(place, who, scene.directory) as peer, raw(place, north, scene.directory) as victim:
        kinds = itertools.product(("100 Trying", "200 OK", "503 No"), ("INVITE", "OPTIONS"))
        for code, method in kinds:
            for first in (who.edge, who.address):
                peer.send(
                    f"SIP/2.0 {code}\r\nVia: SIP/2.0/UDP {first[0]}:{first[1]};branch=z9hG4bKx\r\n"
                    f"Via: SIP/2.0/UDP {north.socket};branch=z9hG4bKy\r\n"
                    f"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: {scene.began}\r\n"
                    f"CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
                )
        assert peer.ask(request(who, "OPTIONS", mark=f"{scene.began}")).code == 200
        assert victim.receive(SOON) is None

"""What Kamailio's parser gives up is answered from its text: nobody who can be told is left to wait.
And who cannot be told is nobody whose answer could be known for one.
"""

import json
from collections.abc import Iterator

import pytest

from tests.chain.calling import dial
from tests.chain.harness.places import run
from tests.chain.harness.raw import raw, request
from tests.chain.harness.scene import Scene
from tests.chain.test_torture import SOON, SPEAKER, from_the_edge
from tests.chain.torture import INVITE, OPTIONS, REGISTER, message
from tests.chain.torturing import AT_LAST

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

UNREADABLE = {
    "two To": ("+To: <sip:1008@{edge}>",),
    "two From": ("+From: <sip:1021@{edge}>;tag=g",),
    "two Call-ID": ("+Call-ID: another",),
    "two CSeq": ("+CSeq: 2 INVITE",),
    "a From whose quotes do not end": ('From: "x <sip:1020@{edge}>;tag=f{m}',),
    "a To whose quotes do not end": ('To: "x <sip:1009@{edge}>',),
    "a From whose < does not end": ("From: <sip:1020@{edge};tag=f{m}",),
    "a To whose < does not end": ("To: <sip:1009@{edge}",),
    "a From of loose words": ("From: a b c d",),
    "a From in no UTF-8 that does not end": ('From: "\udcff\udcfe <sip:1020@{edge}>;tag=f{m}',),
    "a line without a name": ("+: x",),
    "a line that is no header": ("+Rubbish",),
    "a second Via that is none": ("+Via: rubbish",),
    "a length below nothing": ("+Content-Length: -5",),
    **{f"an empty {name}": (f"{name}:",) for name in ("To", "From")},
    "a Via of another protocol": ("+To: x", "Via: SIP/2.0/SCTP {me}:{port};branch=z9hG4bK-{m}"),
    "compact names": (
        "-From",
        "-To",
        "-Call-ID",
        "f: a b c d",
        "t: <sip:1009@{edge}>",
        "i: {m}@{me}",
    ),
}
# Over TCP, each by a connection of its own: what came back.
_OVER_TCP = """
import json, socket, sys
said = {}
for name, text in json.loads(sys.argv[3]).items():
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as peer:
        peer.settimeout(3)
        peer.sendall(bytes.fromhex(text))
        try:
            said[name] = peer.recv(65_536).decode("latin-1")
        except OSError as error:
            said[name] = repr(error)
print(json.dumps(said))
"""
# Without Via and CSeq, an answer could not be matched to the request (RFC 3261 §17.1.3). And what Kamailio
# drops without telling us: no To, no From, no Call-ID; on 5.6 and 6.0 also what is there twice, a To
# that does not end, and an empty one.
NAMELESS = {
    **{f"no {name}": (f"-{name}",) for name in ("To", "From", "Call-ID", "CSeq", "Via")},
    **{f"an empty {name}": (f"{name}:",) for name in ("CSeq", "Via")},
    "a Via that is none": ("Via: rubbish",),
}


@pytest.fixture(autouse=True)
def afterwards(scene: Scene) -> Iterator[None]:
    """After each test the same Kamailio takes a normal call."""
    life = scene.edge.life()
    yield
    assert scene.edge.life() == life, "Kamailio was started anew"
    [device] = scene.register(SPEAKER)
    speaker = scene.play(device, "speaker/answers")
    scene.finish(dial(scene, SPEAKER), speaker)


def told(
    scene: Scene, place, cases, *starts: str, patience: float
) -> dict[tuple[str, str], list[str]]:
    """Send each case as each kind of request; return the status lines and branches of the answers."""
    who = scene.cast.stranger(scene.cast.devices_door)
    found: dict[tuple[str, str], list[str]] = {}
    with raw(place, who, scene.directory) as peer:
        for start in starts:
            for name, changed in cases.items():
                mark = f"{scene.began:.0f}-{len(found)}"
                places = {"edge": who.edge[0], "me": who.address[0], "port": str(who.address[1])}
                text = message(start, *changed)
                for key, value in (places | {"m": mark}).items():
                    text = text.replace("{" + key + "}", value)
                peer.send(text)
                came = peer.receive(patience)
                found[start.split()[0], name] = [] if came is None else [
                    str(came.message.code),
                    came.message.branch,
                    f"z9hG4bK-{mark}",
                    came.message.header("to").partition(";tag=")[2],
                ]  # fmt: skip
    return found


def test_a_request_that_cannot_be_read_is_told_so(scene: Scene, place, subtests):
    answers = told(scene, place, UNREADABLE, INVITE, REGISTER, OPTIONS, patience=AT_LAST)
    for case, answer in answers.items():
        with subtests.test(case=case):
            assert answer, "silence"
            code, branch, own, tag = answer
            assert (code, branch) == ("400", own)
            assert tag or case[1] == "an empty To"
    assert not from_the_edge(scene)


def test_over_tcp_it_is_told_on_its_connection(scene: Scene, place, subtests):
    who = scene.cast.stranger(scene.cast.devices_door)
    texts = {}
    for name, changed in UNREADABLE.items():
        text = message(OPTIONS, *changed).replace("SIP/2.0/UDP", "SIP/2.0/TCP")
        for key, value in (
            ("edge", who.edge[0]),
            ("me", who.address[0]),
            ("port", "1"),
            ("m", "t"),
        ):
            text = text.replace("{" + key + "}", value)
        texts[name] = text.encode("utf-8", "surrogateescape").hex()
    argv = ["python3", "-c", _OVER_TCP, *map(str, who.edge), json.dumps(texts)]
    said = json.loads(run(place, *argv, timeout=60))
    for name, answer in said.items():
        with subtests.test(name=name):
            assert answer.startswith("SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/")
            assert "branch=z9hG4bK-t" in answer
    assert set(said) == set(UNREADABLE)


def test_what_cannot_be_read_writes_no_line_of_its_own_into_the_log(scene: Scene, place):
    who = scene.cast.stranger(scene.cast.devices_door)
    forged = "CRITICAL: forged: the edge gives up"
    rubbish = (
        "rubbish",
        "INVITE  sip:1009@x  SIP/2.0",
        "INVITE sip:1009@x SIP/2.0\r\nVia: SIP/2.0/UDP x;;",
    )
    with raw(place, who, scene.directory) as peer:
        for first in rubbish:
            peer.send(f"{first}\r\n{forged}\r\n\r\n{forged}\r\n")
        assert peer.ask(request(who, "OPTIONS", mark=f"{scene.began}")).code == 200
    assert scene.stack is not None
    # Each has the time before it, which is the test's own wish.
    logged = [one.partition(" ")[2] for one in scene.stack.log("edge", scene.began).splitlines()]
    assert not [line for line in logged if line.startswith(forged)]


def test_who_cannot_be_told_is_not(scene: Scene, place, subtests):
    answers = told(scene, place, NAMELESS, INVITE, REGISTER, patience=SOON)
    for case, answer in answers.items():
        with subtests.test(case=case):
            assert answer == []
    assert not from_the_edge(scene)

"""What several chain tests ask of a page: its report, and what its speakers heard."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from bellhop.addresses import bracketed
from tests.chain.calling import dial
from tests.chain.harness import tones
from tests.chain.harness.capture import Capture, Packet
from tests.chain.harness.peer import Peer, Who
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until

ZONE = "8000"
SPEAKERS = ("1008", "1009", "1010")
FRAME = 160  # bytes of u-law in a packet: 20 ms

# What a speaker's auto-answer dialect says, and all that any dialect might say.
AUTO_ANSWER = ("call-info", "alert-info", "answer-mode", "priv-answer-mode", "p-auto-answer")
AXIS = {"call-info": ["<sip:page.bellhop.invalid>;answer-after=0"]}
DIALECT = {"1008": AXIS, "1009": AXIS, "1015": AXIS, "1010": {"answer-mode": ["Auto"]}}


def page(scene: Scene, byte: int, zone: str = ZONE, talk: int = 4000, **options: object) -> Peer:
    """Have the site's phone page a zone, and speak from its answer on: this byte and no other."""
    return dial(
        scene, zone, "caller/calls-and-talks", stream=scene.voice(byte), pause=talk, **options
    )


def registered(scene: Scene, *numbers: str) -> list[Who]:
    """Register these speakers, and unregister every other: what a page waits for is known then."""
    others = [d.number for d in scene.site.devices.values() if d.kind != "phone"]
    gone = [n for n in others if n not in numbers and scene.edge.contacts(n)]
    scene.finish(*(scene.play(scene.cast.device(n), "speaker/unregisters") for n in gone))
    return scene.register(*numbers)


def answering(scene: Scene, *numbers: str) -> list[Peer]:
    """Register these speakers and no other, and start them: they answer at once."""
    return [scene.play(who, "speaker/answers") for who in registered(scene, *numbers)]


def newest(scene: Scene) -> dict[str, Any] | None:
    """Return the newest page's report if the page began in this test."""
    assert scene.stack is not None
    try:
        text = scene.stack.execute("pager", "bellhop", "report", "--json")
    except RuntimeError as error:
        if "no page yet" in str(error):
            return None
        raise
    found: dict[str, Any] = json.loads(text)
    return found if found["started"] >= _began(scene) else None


def _began(scene: Scene) -> str:
    """Return when the test began, as reports spell a moment."""
    return datetime.fromtimestamp(scene.began, UTC).isoformat(timespec="milliseconds")


_REPORTS = """
import json, sqlite3, sys
base = sqlite3.connect(f"file:{sys.argv[1]}/pages.db?mode=ro", uri=True, timeout=5)
query = "SELECT report FROM pages WHERE started >= ? ORDER BY rowid"
print(json.dumps([json.loads(text) for (text,) in base.execute(query, sys.argv[2:])]))
"""


def reports(scene: Scene) -> list[dict[str, Any]]:
    """Return the reports of all pages of this test, in the order they began."""
    assert scene.stack is not None
    text = scene.stack.execute(
        "pager", "python", "-c", _REPORTS, scene.site.site.state, _began(scene)
    )
    found: list[dict[str, Any]] = json.loads(text)
    return found


def report(scene: Scene, seconds: float = 10.0) -> dict[str, Any]:
    """Return the report of the newest page of this test, once the page has ended."""

    def ended() -> dict[str, Any] | None:
        found = newest(scene)
        return found if found and found["ended"] else None

    found: dict[str, Any] = until("the page's report", ended, seconds)
    return found


def members(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a report's members by their device."""
    return {member["device"]: member for member in found["members"]}


def sentence(found: dict[str, Any]) -> dict[str, tuple[str, int | None, int | None, str]]:
    """Return outcome, cause, sip and why of each member."""
    return {
        number: (member["outcome"], member["cause"], member["sip"], member["why"])
        for number, member in members(found).items()
    }


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    """Return what a report says became of each member."""
    return {number: member["outcome"] for number, member in members(found).items()}


def sent_to(scene: Scene, number: str) -> list[Packet]:
    """Return the RTP packets that went to a device, in order; this ends the capture."""
    return _packets(scene, "target", scene.cast.device(number).address[0])


def sent_by(scene: Scene, number: str) -> list[Packet]:
    """Return the RTP packets that came from a device, in order; this ends the capture."""
    return _packets(scene, "source", scene.cast.device(number).address[0])


def _packets(scene: Scene, end: str, host: str) -> list[Packet]:
    assert isinstance(scene.wire, Capture)
    return [p for p in scene.wire.packets() if getattr(p, end).startswith(f"{bracketed(host)}:")]


def heard(scene: Scene, number: str, byte: int) -> float:
    """Return how many seconds of this voice went to a device."""
    return sum(packet.payload.count(byte) for packet in sent_to(scene, number)) / 8000


# Voices that count: block after block of 20 ms, each of one value; silence and its neighbours, and
# the loudest values, are left out.
_CODES = bytes(c for c in range(256) if c not in {0x7E, 0x7F, 0xFE, 0xFF, 0x00, 0x80})


def counting(scene: Scene, seconds: int = 20) -> str:
    """Return a file, by its path where SIPp runs, whose n-th block of 20 ms is known as such."""
    path = scene.directory / "counting.ulaw"
    path.write_bytes(
        b"".join(bytes([_CODES[n % len(_CODES)]]) * FRAME for n in range(seconds * 50))
    )
    return scene.place.there(path)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the counting voice: its number modulo the codes, and when it went by."""

    number: int
    at: float


def blocks(packets: list[Packet]) -> list[Block]:
    """Return the counting voice's blocks in a stream: those of which at least half a packet came."""
    found: list[Block] = []
    for packet in packets:
        for code in dict.fromkeys(packet.payload):
            number = _CODES.find(code)
            whole = packet.payload.count(code) * 2 >= FRAME
            if number >= 0 and whole and (not found or found[-1].number != number):
                found.append(Block(number, packet.at))
    return found


def missing(found: list[Block]) -> list[tuple[int, int]]:
    """Return where a stream of blocks jumps: the numbers before and after each gap."""
    steps = ((a.number, b.number) for a, b in pairwise(found))
    return [(a, b) for a, b in steps if (b - a) % len(_CODES) != 1]


def stood_still(packets: list[Packet]) -> float:
    """Return for how long at most nothing came of a stream of a packet each 20 ms, in seconds. An
    Asterisk that gets no CPU for 40 ms and more mixes less than it is sent: words are missing then
    at everybody alike (measured, at a load average of 14 on two CPUs).
    """
    return max((b.at - a.at for a, b in pairwise(packets)), default=0.0)


def tone(scene: Scene, name: str) -> str:
    """Return a file, by its path where SIPp runs, of a tone that tells its page (harness.tones)."""
    path = scene.directory / f"tone-{name}.ulaw"
    path.write_bytes(tones.voice(name))
    return scene.place.there(path)


def tells(scene: Scene, number: str) -> list[tones.Stretch]:
    """Return which pages a device heard, in order, decoded from what went to it."""
    return tones.stretches((packet.at, packet.payload) for packet in sent_to(scene, number))


def speaking(scene: Scene, zone: str) -> dict[str, Any]:
    """Wait until a page of a zone has a member in its room; return its report so far."""

    def found() -> dict[str, Any] | None:
        pages = [one for one in reports(scene) if one["zone"] == zone and one["ended"] is None]
        return pages[-1] if pages else None

    running: dict[str, Any] = until(f"a page of {zone}", found, 10)
    open_room = re.compile(
        rf"^PJSIP/bellhop-edge-[^\n]*!ConfBridge!page-{running['page']},", re.MULTILINE
    )
    until(
        f"the leader of {zone} to speak",
        lambda: open_room.search(scene.pbx.command("core show channels concise")),
        10,
    )
    return running


def lit(scene: Scene, zone: str) -> bool:
    """Whether Asterisk's hint shows a zone as paged."""
    hints = scene.pbx.command("core show hints")
    [state] = re.findall(rf"^ *{zone}@bellhop-in .*State:(\S+)", hints, re.MULTILINE)
    return bool(state == "InUse")


def of_zone(scene: Scene, zone: str, seconds: float = 10.0) -> dict[str, Any]:
    """Return the report of this test's page of a zone, once the page has ended."""

    def ended() -> list[dict[str, Any]]:
        return [one for one in reports(scene) if one["zone"] == zone and one["ended"]]

    found: list[dict[str, Any]] = until(f"the report of {zone}", ended, seconds)
    return found[-1]

"""`./run demo`: the main job, shown to a person: a page that reaches two of three speakers, and a
call that finds its way past a failing carrier. What it prints of both is what the servers say.
"""

import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bellhop.settings import load  # noqa: E402 - the checkout itself is run
from tests.chain.harness.capture import Capture  # noqa: E402
from tests.chain.harness.cast import Cast, device_listener, passwords  # noqa: E402
from tests.chain.harness.peer import PeerError  # noqa: E402
from tests.chain.harness.places import Lab  # noqa: E402
from tests.chain.harness.scene import Scene  # noqa: E402
from tests.chain.harness.stack import DOCKER, NotThereError, Stack  # noqa: E402

ZONE, LEADER = "8000", "1020"
ANSWERING, RINGING = ("1008", "1009"), "1010"
OUTSIDE = "441632960100"
SECRETS = "/etc/bellhop/secrets/devices.passwords"

# Long enough for the member that rings only to be given up, and for two seconds more.
TALK_MS = 9_000
# A packet of silence has no more different samples than this (both zeros of G.711, and near ones).
QUIET = 4
# So long the speakers answer pages after the demo, for a softphone (s).
STAY = 3_600


def say(text: str = "") -> None:
    """Print at once: it is watched."""
    print(text, flush=True)


def main() -> int:
    """Show both; returns 0 when both went as they should."""
    try:
        stack = Stack()
        for service in ("edge", "pbx", "pager", "lab", "wire"):
            stack.container(service)
        site = load(ROOT / "build/site/site.toml")
        lab = Lab(stack)
        lab.clear()
        cast = Cast(site, passwords(stack.execute("lab", "cat", SECRETS, user="0")),
                    device_listener(site))  # fmt: skip
        directory = lab.artifacts / "demo"
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.iterdir():
            old.unlink()
        wire = Capture(stack, lab, directory, (cast.edge.host, site.edge.internal.host))
        wire.start()
        scene = Scene(site, cast, lab, directory, wire, stack)
        try:
            page(scene)
            call_id = call(scene)
        finally:
            scene.end()
        show_page(scene)
        show_call(scene, call_id)
        stay(scene)
        where_next(scene)
    except (NotThereError, PeerError, TimeoutError) as error:
        say(f"\nThe demo did not go as it should:\n{error}")
        return 1
    return 0


def page(scene: Scene) -> None:
    """Three speakers register, a phone pages them, and speaks."""
    say("\n1. A page. Three speakers register: 1008, 1009, and 1010, which will only ring.")
    scene.register(*ANSWERING, RINGING, expires=str(STAY))
    speakers = [scene.play(scene.cast.device(n), "speaker/answers") for n in ANSWERING]
    ringing = scene.play(scene.cast.device(RINGING), "speaker/rings-only")
    tone = scene.directory / "tone.ul"
    tone.write_bytes(ulaw_tone(440, 2))
    say(f"   Phone {LEADER} dials {ZONE} and speaks for some seconds …")
    leader = scene.play(
        scene.cast.device(LEADER),
        "caller/calls-and-talks",
        dialled=ZONE,
        stream=scene.place.there(tone),
        pause=TALK_MS,
    )
    scene.finish(leader, *speakers, ringing)


def call(scene: Scene) -> str:
    """The first carrier has no channel left, the second answers; returns the call's Call-ID."""
    say(f"2. A call. Phone {LEADER} dials {OUTSIDE}; the first carrier answers 503, cause 34 …")
    north = scene.play(
        scene.cast.carrier("north"), "carrier/rejects-503", reason="Reason: Q.850;cause=34"
    )
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = scene.play(scene.cast.device(LEADER), "caller/calls", dialled=OUTSIDE, pause=500)
    scene.finish(caller, north, south)
    [invite] = scene.messages().where(method="INVITE", target=south.who.socket).once()
    return invite.call_id


def show_page(scene: Scene) -> None:
    """Print the report, and what the wire says of it."""
    say("\n── the page ─────────────────────────────────────────────────────────────────────")
    bellhop("pager", "report")
    streams = scene.wire.rtp()
    counted = []
    for number in ANSWERING:
        host = scene.cast.device(number).address[0]
        mine = [s for s in streams if s.target.startswith(f"{host}:")]
        heard = sum(n for s in mine for load, n in s.payloads.items() if len(set(load)) > QUIET)
        counted.append(f"{number} got {sum(s.packets for s in mine)}, {heard} of them with sound")
    say(f"RTP packets on the wire: {'; '.join(counted)}")


def show_call(scene: Scene, call_id: str) -> None:
    """Print the call's attempts, and the rule that decided each step."""
    say("\n── the call ─────────────────────────────────────────────────────────────────────")
    scene.edge.endings(call_id)  # waits for the ledger, in which it is the last
    bellhop("edge", "calls", call_id)


def bellhop(service: str, *argv: str) -> None:
    """Run the bellhop command where its database is, and let it print."""
    container = Stack().container(service)
    subprocess.run([*DOCKER, "exec", container, "bellhop", *argv], check=True)


def stay(scene: Scene) -> None:
    """Leave the speakers answering, for whoever tries with a phone."""
    for number in ANSWERING:
        who = scene.cast.device(number)
        detached(scene, [
            "sipp", f"{who.edge[0]}:{who.edge[1]}", "-sf", scene.place.scenario("speaker/answers"),
            "-i", who.address[0], "-p", str(who.address[1]), "-bind_local", "-mi", who.address[0],
            "-nostdin", "-timeout", f"{STAY}s", "-trace_err", "-error_file", "/dev/null",
        ])  # fmt: skip


def detached(scene: Scene, argv: Sequence[str]) -> None:
    """Start a program in the lab that outlives us; it ends by itself, or with ./run down."""
    assert scene.stack is not None
    container = scene.stack.container("lab")
    subprocess.run([*DOCKER, "exec", "-d", container, *argv], check=True, capture_output=True)


def where_next(scene: Scene) -> None:
    """Say how to go on."""
    user, password = scene.cast.secrets[LEADER]
    edge = scene.cast.edge
    say(f"""
── where to look next ───────────────────────────────────────────────────────────
The stack stays up. With a softphone on this machine:
  registrar {edge}, user {LEADER}, Authentication ID {user}, password {password}
  dial {ZONE} to page (1008 and 1009 go on answering for an hour), 1008 to call one speaker
What happened:  ./run bellhop report      the newest page
                ./run bellhop calls       the newest calls, attempt by attempt
                ./run bellhop explain 480 --reason 'Q.850;cause=34'
The capture:    build/artifacts/demo/chain.pcapng (Wireshark: Telephony, VoIP Calls)
The site:       config/site.toml; ./run bellhop check /etc/bellhop/site.toml
The end:        ./run down""")


def ulaw_tone(hertz: float, seconds: float) -> bytes:
    """Return a sine at half of full scale as G.711 u-law, 8000 samples a second."""
    samples = (
        int(16_000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(8000 * seconds))
    )
    return bytes(map(_ulaw, samples))


def _ulaw(sample: int) -> int:
    """Encode one 16-bit sample (ITU-T G.711, table 2a)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32_635) + 132
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | exponent << 4 | mantissa) & 0xFF


if __name__ == "__main__":
    sys.exit(main())

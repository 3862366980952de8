"""What the pager tells others over HTTP. How loud a zone is, it tells the devices before the microphone
opens, and gives them back what they had; their API is a double's (tests/unit/fake_vapix.py). What became
of a page, it tells a server of the site's own.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker, until
from tests.chain.paging import SPEAKERS, ZONE, answering, heard, members, page, report, sent_to
from tests.chain.test_bells import again, write
from tests.unit.fake_vapix import PASSWORD, USER

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, VOLUME = 0x35, -12  # dB
LAST = 140  # of the double's address
# One that does as it is asked, one that takes connections and says nothing; and the site's server.
API, MUTE, HOOK = 8080, 8081, 8082
SIGNED_WITH = b"told-to-nobody"
_DOUBLE = (Path(__file__).parents[1] / "unit/fake_vapix.py").read_text("utf-8")
_SERVES = f"""
import socket, time

def tell(what, **more):
    print(json.dumps({{"at": time.time(), "what": what, **more}}), flush=True)

class Loud(House):
    def take(self, params):
        super().take(params)
        tell("set", gains=self.gains)

house = Loud()

def mute(listener):
    while True:
        peer, _ = listener.accept()
        while peer.recv(4096):
            pass
        tell("gave up")
        peer.close()

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        tell("report", body=body, signature=self.headers["X-Bellhop-Signature"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

hook = http.server.HTTPServer(("", {HOOK}), Hook)
threading.Thread(target=hook.serve_forever, daemon=True).start()
listener = socket.create_server(("", {MUTE}))
threading.Thread(target=mute, args=(listener,), daemon=True).start()
server = http.server.ThreadingHTTPServer(("", {API}), type("It", (Device,), {{"house": house}}))
tell("serves", gains=house.gains)
server.serve_forever()
"""


@contextmanager
def double(scene: Scene) -> Iterator[str]:
    """Two devices' APIs, at the ports of a container of their own; yields its name."""
    assert scene.stack is not None
    project = scene.stack.project
    name = f"{project}-vapix"
    docker(
        "run", "--detach", "--init", f"--name={name}", f"--network={project}_inside",
        f"--ip={host(scene)}", f"{project}-pager:latest", "python", "-c", _DOUBLE + _SERVES,
    )  # fmt: skip
    try:
        until("the double to serve", lambda: told(name))
        yield name
    finally:
        docker("rm", "-f", name)


def host(scene: Scene) -> str:
    return f"{scene.site.edge.internal.host.rpartition('.')[0]}.{LAST}"


def told(name: str) -> list[dict[str, Any]]:
    """Return what the double has told so far."""
    return [json.loads(line) for line in docker("logs", name).splitlines() if line[:1] == "{"]


@contextmanager
def loud(scene: Scene) -> Iterator[None]:
    """The pager is started anew, with a volume for the zone, and APIs for two of its members."""
    assert scene.stack is not None
    stack, path, state = scene.stack, scene.site.path, scene.site.site.state
    good = path.read_text("utf-8")
    write(stack, f"{state}/vapix", f"* {USER} {PASSWORD}\n".encode())
    write(stack, f"{state}/hook", SIGNED_WITH)
    # Beside site.toml nothing can be written here; a path may lead out of there.
    keys = {
        "vapix_file": f"../..{state}/vapix",
        "webhook": f"http://{host(scene)}:{HOOK}/pages",
        "webhook_secret_file": f"../..{state}/hook",
    }
    lines = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    changed = good.replace("[pager] ", f"[pager]\n{lines}")
    changed = changed.replace(f"[zones.{ZONE}]\n", f"[zones.{ZONE}]\nvolume = {VOLUME}\n")
    for number, port in ((SPEAKERS[0], API), (SPEAKERS[1], MUTE)):
        table = f"[devices.{number}]\n"
        changed = changed.replace(table, f'{table}vapix = "http://{host(scene)}:{port}"\n')
    try:
        path.write_text(changed, "utf-8")  # in place: it is mounted
        again(scene)
        yield
    finally:
        path.write_text(good, "utf-8")
        stack.execute("pager", "rm", f"{state}/vapix", f"{state}/hook")
        again(scene)


def test_a_device_is_as_loud_as_its_zone_while_it_is_paged_a_mute_one_delays_nobody_and_all_is_told(
    scene: Scene,
):
    with double(scene) as name, loud(scene):
        speakers = answering(scene, *SPEAKERS)
        scene.finish(page(scene, VOICE), *speakers)
        whole = report(scene)
        found = members(whole)
        until("the volume to be put back", lambda: len(asked(name, "set")) == 2)
        serves, *_ = told(name)
        until("the report to be sent", lambda: asked(name, "report"))
        [sent] = asked(name, "report")
        (louder, back), (gave_up, *_) = asked(name, "set"), asked(name, "gave up")

    # Of its channels two sound (tests/unit/fake_vapix.py), and no other is touched.
    assert louder["gains"] == [VOLUME, VOLUME, *serves["gains"][2:]]
    assert back["gains"] == serves["gains"]
    voice = [p.at for p in sent_to(scene, SPEAKERS[0]) if VOICE in p.payload]
    assert louder["at"] < voice[0]
    assert voice[-1] < back["at"]
    for number in SPEAKERS:
        assert found[number]["outcome"] == "played"
        assert heard(scene, number, VOICE) >= 0.5
        invite = scene.messages().where(method="INVITE", target=scene.cast.device(number).socket)[0]
        assert invite.at < gave_up["at"]
    whys = [found[number]["why"] for number in SPEAKERS]
    assert (whys[0], whys[2]) == ("", "")
    assert whys[1].startswith("volume: not set: ")
    assert json.loads(sent["body"]) == whole
    proof = hmac.new(SIGNED_WITH, sent["body"].encode(), hashlib.sha256).hexdigest()
    assert sent["signature"] == f"sha256={proof}"


def asked(name: str, what: str) -> list[dict[str, Any]]:
    return [one for one in told(name) if one["what"] == what]

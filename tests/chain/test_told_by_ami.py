"""What became of a page is told to whoever listens to Asterisk's manager interface, by an event."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import docker
from tests.chain.paging import SPEAKERS, ZONE, answering, page, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
# A site's own program: it logs in, and says each event of ours, a header a line.
_LISTENER = """
import socket, sys
host, port, user, secret = sys.argv[1:]
with socket.create_connection((host, int(port)), 30) as ami:
    ami.settimeout(60)
    ami.sendall(f"Action: Login\\r\\nUsername: {user}\\r\\nSecret: {secret}\\r\\n\\r\\n".encode())
    lines, event = ami.makefile(), []
    for line in map(str.strip, lines):
        if line:
            event.append(line)
        elif "Message: Authentication accepted" in event:
            print("listens", flush=True)
            event = []
        else:
            if "UserEvent: BellhopPage" in event:
                print("\\n".join(event), flush=True)
                break
            event = []
"""


@contextmanager
def listening(scene: Scene) -> Iterator["subprocess.Popen[str]"]:
    """Somebody else's program listens, by a user of its own that may read user events alone."""
    assert scene.stack is not None
    pbx, site, secret = scene.stack.container("pbx"), "/run/bellhop/site", secrets.token_hex(8)
    host = scene.site.pager.ami.host
    user = f"\n[listener]\nsecret = {secret}\npermit = {host}/255.255.255.255\nread = user\n"
    docker("exec", pbx, "cp", f"{site}/manager.conf", f"{site}/manager.kept")
    docker("exec", "-i", pbx, "sh", "-c", f"cat >>{site}/manager.conf", given=user.encode())
    scene.pbx.command("manager reload")
    argv = ["python3", "-c", _LISTENER, host, str(scene.site.pager.ami.port), "listener", secret]
    process = subprocess.Popen(scene.stack.command("pbx", *argv), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "listens"
        yield process
    finally:
        process.kill()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()
        docker("exec", pbx, "mv", f"{site}/manager.kept", f"{site}/manager.conf")
        scene.pbx.command("manager reload")


def test_whoever_listens_to_ami_is_told_of_a_page_that_is_over(scene: Scene):
    speakers = answering(scene, *SPEAKERS[:2])
    with listening(scene) as program:
        scene.finish(page(scene, VOICE, talk=1500), *speakers)
        found = report(scene)
        said, _ = program.communicate(timeout=20)

    event = dict(line.split(": ", 1) for line in said.splitlines())
    expected = {
        "Event": "UserEvent",
        "UserEvent": "BellhopPage",
        "Page": found["page"],
        "Zone": ZONE,
        "Leader": "1020",
        "Members": "3",
        "Played": "2",
        "Incomplete": "yes",
    }
    assert {key: event.get(key) for key in expected} == expected
    assert event["Report"].startswith("2 of 3 played, in ")
    assert event["Report"].endswith("; 1010 did not: not registered")

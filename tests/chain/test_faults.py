"""Faults of the edge itself: one of its processes dies, it is stopped in the middle of a call. It is
back at once, knows who is registered, and calls go on.
"""

import time

import pytest

from tests.chain.calling import calls, dial
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

SPEAKER, OUTSIDE = "1009", "441632960100"
BACK = 10.0  # s, on a busy machine too


def answered_after(peer: Raw, began: float, mark: str) -> float:
    """Ask with OPTIONS until an answer comes; return how long that took."""
    for n in range(1, 100):
        peer.send(request(peer.who, "OPTIONS", number=n, mark=mark))
        if (came := peer.receive(0.1)) is not None:
            assert came.message.code == 200
            return time.monotonic() - began
    raise AssertionError("no answer to any OPTIONS")


def test_a_worker_is_killed_and_kamailio_is_back_with_its_registrations(scene: Scene, place):
    """Kamailio ends as a whole when one of its processes dies."""
    [device] = scene.register(SPEAKER)
    until("its binding in the database", lambda: scene.edge.stored_contacts(SPEAKER), 15)
    life = scene.edge.life()
    workers = [
        one["PID"]
        for one in scene.edge.rpc("core.psx")
        if one["DSC"].startswith("udp receiver") and str(scene.cast.edge) in one["DSC"]
    ]
    assert len(workers) > 1
    asker = scene.cast.stranger(scene.cast.devices_door)
    with raw(place, asker, scene.directory) as peer:
        assert scene.stack is not None
        began = time.monotonic()
        scene.stack.execute("edge", "sh", "-c", f"kill -9 {workers[0]}")
        until("another Kamailio", lambda: scene.edge.is_new(life), 30)
        took = answered_after(peer, began, f"{scene.began}")
    assert took < BACK

    assert scene.edge.contacts(SPEAKER) == [f"sip:{SPEAKER}@{device.socket}"]
    speaker = scene.play(device, "speaker/answers")
    scene.finish(dial(scene, SPEAKER), speaker)


def test_a_call_from_before_a_restart_can_be_ended(scene: Scene):
    """Kamailio is stopped with SIGTERM in the middle of it, and knows no dialog afterwards."""
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    caller = dial(scene, OUTSIDE, pause=12_000)

    def talking() -> bool:
        return "ACK" in north.file("messages").read_text("utf-8", "replace")

    until("the call to be taken", talking, 15)
    scene.edge.restart()
    assert caller.process.poll() is None, "it ended before the restart did"
    scene.finish(caller, north)
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    scene.finish(dial(scene, OUTSIDE), north)

    ended, _ = calls(scene.messages())
    assert len(ended.where(method="BYE", target=north.who.socket).once()) == 1
    told = ended.where(answers="BYE", target=caller.who.socket).one()
    assert told.code == 200

"""Keys of phones that show whether a zone is paged: SUBSCRIBE and NOTIFY through the edge."""

import re
import time

import pytest

from tests.chain.harness.peer import Peer
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Messages
from tests.chain.harness.stack import until
from tests.chain.pager import connected, told
from tests.chain.paging import answering

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE, HORNS = "8010", ("1008", "1015")
OF = re.compile(rf"^{ZONE}@bellhop-in .*State:(\S+) .*Watchers +([0-9]+)", re.MULTILINE)


def hint(scene: Scene) -> tuple[str, int]:
    """Return how Asterisk has the zone's hint, "" while it has none, and how many watch it."""
    found = OF.search(scene.pbx.command("core show hints"))
    return (found[1], int(found[2])) if found else ("", 0)


def watching(scene: Scene) -> Peer:
    """Have the phone watch the zone; return once Asterisk knows of it."""
    before = hint(scene)[1]
    watcher = scene.play(scene.cast.device("1020"), "caller/watches", dialled=ZONE, receive=40_000)
    until("a watcher", lambda: hint(scene)[1] > before, 10)
    return watcher


def paging(scene: Scene) -> list[Peer]:
    speakers = answering(scene, *HORNS)
    reception = scene.cast.trunk("reception")
    leader = scene.play(
        reception, "pbx/calls-and-talks", number="2001", dialled=ZONE,
        stream=scene.voice(0x35), pause=2500, receive=20_000,
    )  # fmt: skip
    return [leader, *speakers]


def states(messages: Messages, watcher: Peer) -> list[str]:
    """Return the states that a watcher was told, in order."""
    told = messages.where(method="NOTIFY", target=watcher.who.socket).once()
    return [re.findall(r"<state>(\w+)", m.body)[0] for m in told]


def test_a_phone_sees_a_zone_idle_then_paged_then_idle(scene: Scene):
    watcher = watching(scene)
    scene.finish(*paging(scene), watcher)
    messages = scene.messages()
    # The last one says that the subscription has ended.
    assert states(messages, watcher) == ["terminated", "confirmed", "terminated", "terminated"]
    until("the hint", lambda: hint(scene) == ("Idle", 0), 10)
    # Asterisk is where no phone can reach it: all of it passes the edge.
    assert {m.source for m in messages.where(method="NOTIFY", target=watcher.who.socket)} == {
        str(scene.site.edge.devices[0].address)
    }


def test_hints_are_right_after_a_restart_of_asterisk(scene: Scene):
    """It has kept what it was told before; the pager tells it anew."""
    assert scene.stack is not None
    scene.pbx.command(f"devstate change Custom:bellhop-{ZONE} INUSE")
    until("yesterday's state", lambda: hint(scene)[0] == "InUse", 10)
    since = time.time()
    scene.stack.restart("pbx")
    connected(scene, since)
    until("the hint", lambda: hint(scene)[0] == "Idle", 10)


REFUSED = (("1021", ZONE, 403), ("1016", ZONE, 403), ("1020", "1008", 404), ("1020", "9", 404))


def test_who_may_not_page_a_zone_sees_nothing_of_it(scene: Scene):
    for number, dialled, _ in REFUSED:
        watcher = scene.play(
            scene.cast.device(number), "caller/watches-and-is-refused", dialled=dialled
        )
        scene.finish(watcher)
    answers = [
        m.code for m in scene.messages().where(answers="SUBSCRIBE") if m.code not in {100, 407}
    ]
    assert answers == [code for _, _, code in REFUSED]


def test_a_zone_that_a_reload_brings_is_told_too(scene: Scene):
    """Its hint in the dialplan is Asterisk's own reload; what it looks at is the pager's word."""
    good = scene.site.path.read_text("utf-8")
    new = f'{good}\n[zones.8999]\nname = "New"\nmembers = ["1008"]\n'
    shown = re.compile(r"Name: 'Custom:bellhop-8999'  State: 'NOT_INUSE'", re.MULTILINE)
    try:
        told(scene, lambda _: new, "reload=taken")
        until("its state", lambda: shown.search(scene.pbx.command("devstate list")), 10)
    finally:
        told(scene, lambda _: good, "reload=taken")
        scene.pbx.command("database del CustomDevstate bellhop-8999")

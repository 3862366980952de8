"""Feature codes: a speaker is taken out of zones and put back, a page is stopped."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.chain.calling import assert_all_settled, dial
from tests.chain.harness.peer import Peer
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Messages
from tests.chain.pager import connected
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    outcomes,
    page,
    registered,
    report,
    speaking,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
EVACUATION = "8019"
REFUSING = "caller/calls-and-is-refused"


def bellhop(scene: Scene, *argv: str) -> str:
    assert scene.stack is not None
    return scene.stack.execute("pager", "bellhop", *argv, timeout=60)


@pytest.fixture(autouse=True)
def everybody_is_back(scene: Scene) -> Iterator[None]:
    """Leave nobody out of a zone."""
    yield
    bellhop(scene, "zones", "in", "1008")


def codes(scene: Scene, *numbers: str) -> list[Peer]:
    """Have the phone dial codes, one after the other, until each call is ended by the pbx."""
    made = []
    for number in numbers:
        made.append(dial(scene, number, "caller/calls-until-it-ends"))
        scene.finish(made[-1])
    return made


def states(scene: Scene, zone: str) -> dict[str, tuple[str, str]]:
    [found] = json.loads(bellhop(scene, "zones", zone, "--json"))
    return {m["member"]: (m["state"], m["why"]) for m in found["members"]}


def test_a_speaker_that_is_taken_out_hears_no_page_until_it_is_put_back(scene: Scene):
    _, *there = registered(scene, *SPEAKERS)
    others = [scene.play(who, "speaker/answers") for who in there]
    codes(scene, "*811008")
    scene.finish(page(scene, VOICE, talk=2000), *others)
    found = report(scene)
    state, why = states(scene, ZONE)["1008"]

    assert outcomes(found) == {"1008": "taken-out", "1009": "played", "1010": "played"}
    [out] = [m for m in found["members"] if m["device"] == "1008"]
    assert out["why"].startswith("taken out by 1020 since 20")
    assert (state, why) == ("taken-out", out["why"])
    codes(scene, "*821008")
    assert states(scene, ZONE)["1008"][0] == "ready"
    horn = scene.cast.device("1008").socket
    messages = scene.messages()
    assert not messages.where(method="INVITE", target=horn)
    assert_all_settled(messages)


def test_out_of_one_zone_is_in_the_others_and_an_emergency_is_for_everybody(scene: Scene):
    registered(scene, *SPEAKERS)
    codes(scene, "*811008*8000")
    assert states(scene, "8000")["1008"][0] == "taken-out"
    assert states(scene, "8001")["1008"][0] == "ready"  # which names it itself, too
    codes(scene, "*811008")
    assert states(scene, "8001")["1008"][0] == "taken-out"
    assert states(scene, EVACUATION)["1008"][0] == "ready"


def test_who_is_out_is_out_after_a_restart_of_the_pager(scene: Scene):
    assert scene.stack is not None
    scene.register("1008")
    assert json.loads(bellhop(scene, "zones", "out", "1008", ZONE, "--json")) == {}
    before = states(scene, ZONE)["1008"]
    since = time.time()
    scene.stack.restart("pager")
    connected(scene, since)
    assert states(scene, ZONE)["1008"] == before
    assert before[1].startswith("taken out by program:")


# Who dials what, and what he is answered: no right to, in no zone, no member of that zone, no number,
# no page runs, may not page that zone.
REFUSED = (
    ("1021", "*811008", 403),
    ("1020", "*811021", 404),
    ("1020", "*811008*8011", 404),
    ("1020", "*81", 404),
    ("1020", "*808000", 404),
    ("1016", "*808000", 403),
)


def test_a_code_that_may_not_be_done_is_refused_and_changes_nothing(scene: Scene):
    callers = []
    for who, dialled, _ in REFUSED:
        callers.append(scene.play(scene.cast.device(who), REFUSING, dialled=dialled))
        scene.finish(callers[-1])
    assert states(scene, ZONE)["1008"][0] != "taken-out"
    messages = scene.messages()
    for (who, dialled, code), caller in zip(REFUSED, callers, strict=True):
        mine = Messages(m for m in messages if f"sip:{dialled}@" in (m.header("to") or ""))
        assert [m.code for m in mine.where(answers="INVITE", target=caller.who.socket)
                if m.code > 199 and m.code != 407] == [code], (who, dialled)  # fmt: skip


def test_a_page_is_stopped_by_a_code_and_by_a_command(scene: Scene):
    for stop in ("code", "command"):
        speakers = answering(scene, *SPEAKERS)
        leader = dial(scene, ZONE, "caller/calls-until-it-ends", receive=20_000)
        speaking(scene, ZONE)
        if stop == "code":
            other = scene.play(
                scene.cast.trunk("reception"), "pbx/calls", number="2001", dialled="*808000"
            )
            scene.finish(other)
        else:
            bellhop(scene, "page", ZONE, "--stop")
        scene.finish(leader, *speakers)
        found = report(scene)
        by = "trunk:reception:2001" if stop == "code" else "program:"
        assert found["stopped_by"].startswith(by)

"""Pages at random that want the same members, on the wire: a sample of what the model is asked fifty
at a time (tests/unit/test_ami_random_pages.py).
"""

import random
from itertools import pairwise
from typing import Any

import pytest

from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.harness.stack import until
from tests.chain.paging import SPEAKERS, registered, reports, tells, tone

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

# Each zone's voice, and what it counts for: two pages of 8000 are equals, and so is one of 8011.
ZONES = {"8000": ("low", 5), "8011": ("middle", 5), "8010": ("high", 7), "8019": ("top", 10)}
MEMBERS = {
    "8000": set(SPEAKERS), "8011": {"1009"}, "8010": {"1008", "1015"},
    "8019": {*SPEAKERS, "1015"},
}  # fmt: skip
ASKED = ["8000"] * 4 + ["8010"] * 3 + ["8011"] * 3 + ["8019"]
PAGES, SEED = len(ASKED), 8


def test_pages_at_random_keep_every_speaker_in_one_room_and_all_end_and_are_reported(scene: Scene):
    zones = random.Random(SEED).sample(ASKED, PAGES)
    listed = scene.directory / "pages.csv"
    voices = {zone: tone(scene, voice) for zone, (voice, _) in ZONES.items()}
    listed.write_text("SEQUENTIAL\n" + "".join(f"{zone};{voices[zone]}\n" for zone in zones))
    speakers = [
        scene.play(who, "speaker/answers-unless-cancelled", calls=PAGES, receive=40_000)
        for who in registered(scene, *SPEAKERS, "1015")
    ]
    leaders = scene.play(
        scene.cast.trunk("reception"), "pbx/pages-from-list", number="2001", calls=PAGES,
        options=("-inf", scene.place.there(listed), "-r", "3", "-rp", "2000"),
    )  # fmt: skip
    scene.finish(leaders)
    found = until("all pages to be reported", lambda: ended(scene), 15)
    scene.pbx.settled()
    for speaker in speakers:
        speaker.end()

    assert sorted(one["zone"] for one in found) == sorted(zones)
    for one in found:
        assert_ranks_kept(one)
    outcomes = {member["outcome"] for one in found for member in one["members"]}
    assert outcomes >= {"played", "pre-empted", "refused"}, "this seed has them in no other's way"
    for number in (*SPEAKERS, "1015"):
        messages = scene.messages()
        assert_one_call_at_a_time(messages, scene.cast.device(number).socket)
        heard = {stretch.tone for stretch in tells(scene, number)}
        assert heard <= {ZONES[zone][0] for zone, who in MEMBERS.items() if number in who}


def ended(scene: Scene) -> list[dict[str, Any]] | None:
    found = reports(scene)
    return found if len(found) == PAGES and all(one["ended"] for one in found) else None


def assert_ranks_kept(one: dict[str, Any]) -> None:
    """Nobody was taken but by a page that goes before."""
    for member in one["members"]:
        for taken in member["why"].split("; "):
            if taken.startswith("taken by "):
                by = taken.split(" ")[2]
                assert ZONES[by][1] > ZONES[one["zone"]][1], (one["zone"], taken)


def assert_one_call_at_a_time(messages: Messages, socket: str) -> None:
    """A speaker is rung only when its call before has ended: many take one alone."""
    calls = messages.where(method="INVITE", target=socket).once()
    assert calls
    for first, second in pairwise(calls):
        assert over(messages, first) < second.at, f"two at once:\n{messages.ladder()}"


def over(messages: Messages, invite: Message) -> float:
    """Return when a call was over: its BYE, or its CANCEL."""
    mine = messages.where(call_id=invite.call_id)
    return min(m.at for m in (*mine.where(method="BYE"), *mine.where(method="CANCEL")))

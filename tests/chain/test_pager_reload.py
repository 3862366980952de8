"""The pager takes a changed site in the middle of a page: it goes on as it began, the next is other."""

import pytest

from tests.chain.calling import CALLER, dial
from tests.chain.harness.scene import Scene
from tests.chain.harness.talker import talker
from tests.chain.pager import told, with_rules
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    of_zone,
    outcomes,
    sent_to,
    speaking,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, OTHER_VOICE = 0x35, 0x2A


def test_a_page_goes_on_through_a_reload_and_the_next_one_is_of_the_new_site(scene: Scene):
    """8000 loses two members while it is paged, and 8010 gets one of them."""
    good = scene.site.path.read_text("utf-8")
    speakers = answering(scene, *SPEAKERS, "1015")
    try:
        with talker(scene.place, scene.cast.device(CALLER).address[0]) as voice:
            first = dial(scene, ZONE, "caller/is-spoken-for")
            voice.said("hears")
            speaking(scene, ZONE)
            told(scene, lambda text: text.replace("schema = 1", "schema = 0"), "reload=refused")
            told(scene, lambda _: changed(good), "reload=taken")
            second = scene.play(
                scene.cast.trunk("reception"), "pbx/calls-and-talks",
                number="2001", dialled="8010", stream=scene.voice(OTHER_VOICE), pause=2000,
            )  # fmt: skip
            scene.finish(second)
            voice.say(VOICE, 1)
            voice.press("*0")
            scene.finish(first, *speakers)
    finally:
        told(scene, lambda _: good, "reload=taken")

    messages = scene.messages()
    for number in (*SPEAKERS, "1015"):
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
    assert outcomes(of_zone(scene, "8010")) == {"1009": "played", "1015": "played"}
    kept = of_zone(scene, ZONE)
    assert outcomes(kept) == {"1008": "played", "1009": "pre-empted", "1010": "played"}
    others = [p.at for p in sent_to(scene, "1009") if p.payload.count(OTHER_VOICE) > 80]
    for number in SPEAKERS:  # also after the other page, which took one and gave it back
        later = [p for p in sent_to(scene, number) if p.at > others[-1]]
        assert sum(packet.payload.count(VOICE) for packet in later) / 8000 >= 0.3


def changed(text: str) -> str:
    text = with_rules(text, "8000", {'"1008", "1009", "1010"': '"1008"'})
    return with_rules(text, "8010", {'"1008", "1015"': '"1009", "1015"'})

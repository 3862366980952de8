"""Rules that a zone may have, and none of the site's has: a quorum, and members in use left out."""

import json

import pytest

from tests.chain.calling import CALLER, dial
from tests.chain.harness.scene import Scene
from tests.chain.harness.talker import talker
from tests.chain.pager import ruled
from tests.chain.paging import (
    ZONE,
    answering,
    heard,
    of_zone,
    outcomes,
    page,
    registered,
    report,
    sentence,
    speaking,
)
from tests.chain.test_programs import bellhop

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, OTHER_VOICE = 0x35, 0x2A


def test_the_microphone_opens_when_a_quorum_is_there(scene: Scene):
    """Two of three are there at once; for the third, or the head start, nobody has the patience."""
    one, two, three = registered(scene, "1008", "1009", "1010")
    speakers = [
        *(scene.play(who, "speaker/answers") for who in (one, two)),
        scene.play(three, "speaker/rings-only"),
    ]
    rules = {
        "quorum = 100": "quorum = 60",
        'head_start = "3s"': 'head_start = "30s"',
        'ring_timeout = "6s"': 'ring_timeout = "30s"',
    }
    with ruled(scene, ZONE, rules):
        scene.finish(page(scene, VOICE, talk=5000), *speakers)

    assert outcomes(report(scene)) == {"1008": "played", "1009": "played", "1010": "failed"}
    for number in ("1008", "1009"):
        assert heard(scene, number, VOICE) >= 1


def test_a_member_in_use_is_left_out_where_the_zone_says_so(scene: Scene):
    speakers = answering(scene, "1009", "1010")
    with (
        ruled(scene, "8012", {'in_use = "wait"': 'in_use = "skip"'}),
        talker(scene.place, scene.cast.device(CALLER).address[0]) as voice,
    ):
        first = dial(scene, "8011", "caller/is-spoken-for")
        voice.said("hears")
        speaking(scene, "8011")
        [office, warehouse] = (
            json.loads(bellhop(scene, "zones", zone, "--json"))[0]["members"]
            for zone in ("8012", ZONE)
        )
        second = scene.play(
            scene.cast.trunk("reception"), "pbx/calls-and-talks",
            number="2001", dialled="8012", stream=scene.voice(OTHER_VOICE), pause=2500,
        )  # fmt: skip
        scene.finish(second)
        voice.press("*0")
        scene.finish(first, *speakers)

    assert {m["member"]: m["state"] for m in office} == {"1009": "busy", "1010": "ready"}
    assert {m["member"]: m["state"] for m in warehouse} == {
        "1008": "absent", "1009": "busy", "1010": "ready",
    }  # fmt: skip
    found = sentence(of_zone(scene, "8012"))
    assert found["1010"][0] == "played"
    assert found["1009"] == ("failed", 17, 486, "in another page")
    assert outcomes(of_zone(scene, "8011")) == {"1009": "played"}
    assert scene.messages().where(method="INVITE", target=scene.cast.device("1009").socket).one()
    assert heard(scene, "1009", OTHER_VOICE) < 0.2

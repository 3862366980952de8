"""Pages that want the same members: who goes before whom, told by what each speaker heard."""

import pytest

from tests.chain.calling import assert_all_settled, dial
from tests.chain.harness.peer import Peer
from tests.chain.harness.scene import Scene
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    members,
    of_zone,
    outcomes,
    speaking,
    tells,
    tone,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

GATE, DOCK, OFFICE, EVACUATION = "8010", "8011", "8012", "8019"


def by_phone(scene: Scene, zone: str, voice: str, talk: int) -> Peer:
    """Have the site's phone page a zone, in this tone."""
    return dial(
        scene, zone, "caller/calls-and-talks", stream=tone(scene, voice), pause=talk, receive=20_000
    )


def by_reception(scene: Scene, zone: str, voice: str, talk: int, number: str = "2001") -> Peer:
    """Have a phone behind the PBX page a zone, in this tone."""
    return scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-talks", receive=20_000,
        number=number, dialled=zone, stream=tone(scene, voice), pause=talk,
    )  # fmt: skip


def test_a_page_of_higher_priority_takes_the_shared_speaker_and_gives_it_back(scene: Scene):
    speakers = answering(scene, *SPEAKERS, "1015")
    lower = by_phone(scene, ZONE, "low", 9000)
    speaking(scene, ZONE)
    higher = by_reception(scene, GATE, "high", 3000)
    scene.finish(higher, lower, *speakers)

    messages = scene.messages()
    for number in (*SPEAKERS, "1015"):  # one call each, which nobody renegotiates
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert messages.where(method="BYE", target=scene.cast.device(number).socket).one()
    heard = tells(scene, "1008")
    assert [one.tone for one in heard] == ["low", "high", "low"]
    for number in ("1009", "1010"):
        assert [one.tone for one in tells(scene, number)] == ["low"]
    assert [one.tone for one in tells(scene, "1015")] == ["high"]
    assert heard[1].seconds >= 1

    lost, won = of_zone(scene, ZONE), of_zone(scene, GATE)
    assert outcomes(won) == {"1008": "played", "1015": "played"}
    assert outcomes(lost) == {"1008": "pre-empted", "1009": "played", "1010": "played"}
    assert members(lost)["1008"]["why"].startswith(f"taken by {GATE} at ")
    assert ", back at " in members(lost)["1008"]["why"]
    assert_all_settled(messages)

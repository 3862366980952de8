"""Members that are no devices, and pages in which members are heard."""

import pytest

from tests.chain.calling import CALLER, assert_all_settled, dial
from tests.chain.harness.multicast import horn
from tests.chain.harness.scene import Scene
from tests.chain.pager import ruled
from tests.chain.paging import (
    answering,
    blocks,
    counting,
    heard,
    members,
    missing,
    outcomes,
    page,
    registered,
    report,
    sent_by,
    sent_to,
    stood_still,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, OTHER_VOICE = 0x35, 0x2A
GROUP = "multicast:239.1.2.3:5004"
OUTSIDE = "tel:442079460000"


def test_horns_of_a_group_and_a_horn_by_sip_hear_the_same_page(scene: Scene):
    """Two horns, one stream; the report says what cannot be known of them."""
    speakers = answering(scene, "1008")
    at = [scene.cast.device(number).address[0] for number in ("1009", "1010")]
    with (
        horn(scene.place, "239.1.2.3", 5004, at[0]) as one,
        horn(scene.place, "239.1.2.3", 5004, at[1]) as other,
    ):
        leader = dial(scene, "8101", "caller/calls-and-talks", stream=counting(scene), pause=3500)
        scene.finish(leader, *speakers)
        found = report(scene)

    sip = sent_to(scene, "1008")
    for group in (one, other):
        assert {(p.source, p.kind) for p in group.packets} == {(scene.site.pbx.media, 0)}
        assert len({p.stream for p in group.packets}) == 1
        assert group.lost() == 0
        got = blocks(group.packets)
        assert len(got) >= 25
        assert not missing(got) or stood_still(sip) > 0.04
        assert got[0].number == blocks(sip)[0].number
    assert missing(blocks(one.packets)) == missing(blocks(other.packets))
    spoken = blocks(sent_by(scene, CALLER))
    assert not missing(spoken)
    assert outcomes(found) == {GROUP: "sent", "1008": "played"}
    assert members(found)[GROUP]["why"] == "sent by multicast; who heard it is not known"
    # One stream left Asterisk, whoever listens.
    assert len([s for s in scene.wire.rtp() if s.target == "239.1.2.3:5004"]) == 1


def test_a_telephone_outside_is_rung_through_the_carriers(scene: Scene):
    speakers = answering(scene, "1008")
    carrier = scene.play(scene.cast.carrier("south"), "carrier/answers")
    scene.finish(page(scene, VOICE, "8102", talk=3500), carrier, *speakers)

    messages = scene.messages()
    invite = messages.where(method="INVITE", target=carrier.who.socket).one()
    assert "442079460000" in invite.uri
    assert not invite.all("call-info")
    found = report(scene)
    assert outcomes(found) == {"1008": "played", OUTSIDE: "played"}
    assert_all_settled(messages)


def test_a_telephone_outside_has_its_own_time_to_be_answered(scene: Scene):
    """Longer than horns have: its leader waits for it, and is not sent away. The zone is one that
    Asterisk does not page by itself: in such a page he would wait for somewhat longer.
    """
    rules = {
        'members = ["1008"]': f'members = ["{OUTSIDE}"]\nring_timeout = "1s"\nhead_start = "0s"',
        'pin_file = "secrets/pins-8104"': 'chime = "none"',
    }
    with ruled(scene, "8104", rules):
        carrier = scene.play(scene.cast.carrier("south"), "carrier/answers-late", pause=6500)
        scene.finish(page(scene, VOICE, "8104", talk=10_000), carrier)

    found = report(scene)
    assert outcomes(found) == {OUTSIDE: "played"}
    assert members(found)[OUTSIDE]["answered_ms"] >= 6500
    assert_all_settled(scene.messages())


def test_who_may_not_call_carriers_pages_nobody_outside(scene: Scene):
    speakers = answering(scene, "1008")
    door = scene.cast.device("1016")
    leader = scene.play(
        door, "caller/calls-and-talks", dialled="8102", stream=scene.voice(VOICE), pause=3000
    )
    scene.finish(leader, *speakers)

    messages = scene.messages()
    for carrier in scene.site.carriers.values():
        assert not messages.where(target=str(carrier.gateways[0]))
    found = members(report(scene))
    assert found["1008"]["outcome"] == "played"
    assert (found[OUTSIDE]["outcome"], found[OUTSIDE]["cause"]) == ("failed", 21)


def test_in_a_two_way_page_the_member_is_heard_by_who_may(scene: Scene):
    [device] = registered(scene, "1008")
    gate = scene.play(device, "speaker/answers-and-speaks", stream=scene.voice(OTHER_VOICE))
    scene.finish(page(scene, VOICE, "8103"), gate)

    assert heard(scene, "1008", VOICE) >= 0.5
    assert heard(scene, CALLER, OTHER_VOICE) >= 0.5


def test_in_a_two_way_page_no_microphone_opens_for_who_may_not(scene: Scene):
    [device] = registered(scene, "1008")
    gate = scene.play(device, "speaker/answers-and-speaks", stream=scene.voice(OTHER_VOICE))
    reception = scene.cast.trunk("reception")
    leader = scene.play(
        reception, "pbx/calls-and-talks",
        number="2001", dialled="8103", stream=scene.voice(VOICE), pause=3500,
    )  # fmt: skip
    scene.finish(leader, gate)

    assert heard(scene, "1008", VOICE) >= 0.5
    packets = [p for p in scene.wire.packets() if p.target.startswith(f"{reception.address[0]}:")]
    assert sum(p.payload.count(OTHER_VOICE) for p in packets) / 8000 < 0.1

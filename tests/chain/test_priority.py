"""Pages that want the same members: who goes before whom, told by what each speaker heard."""

import pytest

from tests.chain.calling import assert_all_settled, dial
from tests.chain.harness.peer import Peer
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until
from tests.chain.pager import ruled, stopped
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    members,
    of_zone,
    outcomes,
    registered,
    sent_to,
    sentence,
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
    lower = by_phone(scene, ZONE, "low", 10_000)
    speaking(scene, ZONE)
    higher = by_reception(scene, GATE, "high", 2500)
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
    assert heard[1].seconds >= 0.5

    lost, won = of_zone(scene, ZONE), of_zone(scene, GATE)
    assert outcomes(won) == {"1008": "played", "1015": "played"}
    assert outcomes(lost) == {"1008": "pre-empted", "1009": "played", "1010": "played"}
    assert members(lost)["1008"]["why"].startswith(f"taken by {GATE} at ")
    assert ", back at " in members(lost)["1008"]["why"]
    assert_all_settled(messages)


def test_an_emergency_takes_every_speaker_and_locks_the_others_out(scene: Scene):
    """The leader of the page that lost them all hears it, and is hung up."""
    speakers = answering(scene, *SPEAKERS, "1015")
    lower = dial(scene, ZONE, "caller/calls-until-it-ends", receive=20_000)
    speaking(scene, ZONE)
    emergency = by_reception(scene, EVACUATION, "high", 6000)
    scene.finish(lower)
    speaking(scene, EVACUATION)
    locked_out = dial(scene, GATE, "caller/calls-and-is-refused")
    scene.finish(locked_out, emergency, *speakers)

    messages = scene.messages()
    [busy] = messages.where(code=486, target=locked_out.who.socket).once()
    assert busy.header("reason") == "Q.850;cause=17"
    for number in (*SPEAKERS, "1015"):
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert [one.tone for one in tells(scene, number)] == ["high"]
    assert outcomes(of_zone(scene, ZONE)) == dict.fromkeys(SPEAKERS, "pre-empted")
    assert outcomes(of_zone(scene, EVACUATION)) == dict.fromkeys((*SPEAKERS, "1015"), "played")
    assert outcomes(of_zone(scene, GATE)) == {"1008": "refused", "1015": "refused"}


def test_a_zone_that_queues_begins_when_the_page_before_it_ends(scene: Scene):
    [who] = registered(scene, "1009")
    speaker = scene.play(who, "speaker/answers", calls=2)
    first = by_phone(scene, DOCK, "low", 4500)
    speaking(scene, DOCK)
    second = by_reception(scene, DOCK, "high", 8000)
    scene.finish(first, second, speaker)

    assert [one.tone for one in tells(scene, "1009")] == ["low", "high"]
    assert outcomes(of_zone(scene, DOCK)) == {"1009": "played"}


def in_a_call(scene: Scene, number: str, scenario: str, **options: object) -> Peer:
    """Have the site's phone call a speaker, past Asterisk; returns when the edge knows the call."""
    caller = dial(scene, number, scenario, **options)
    until("the call at the edge", lambda: scene.edge.rpc("dlg.profile_list", "bellhop_devices"), 15)
    return caller


def test_a_page_that_goes_before_calls_ends_the_call_of_its_speaker(scene: Scene):
    speakers = [
        scene.play(who, "speaker/answers", calls=1 + (who.name == "1008"))
        for who in registered(scene, "1008", "1015")
    ]
    caller = in_a_call(scene, "1008", "caller/calls-until-it-ends")
    pager = by_reception(scene, GATE, "high", 4000)
    scene.finish(caller, pager, *speakers)

    messages = scene.messages()
    ended = messages.where(method="BYE", target=caller.who.socket).one()
    first, second = messages.where(method="INVITE", target=scene.cast.device("1008").socket)
    assert first.at < ended.at < second.at
    assert [one.tone for one in tells(scene, "1008")] == ["high"]
    assert outcomes(of_zone(scene, GATE)) == {"1008": "played", "1015": "played"}
    assert_all_settled(messages)


def test_a_speaker_in_a_call_that_the_page_does_not_go_before_is_reported_busy(scene: Scene):
    """And its call goes on."""
    speakers = answering(scene, *SPEAKERS)
    caller = in_a_call(scene, "1008", "caller/calls", pause=7000)
    scene.finish(by_reception(scene, ZONE, "high", 3500), caller, *speakers)

    messages = scene.messages()
    assert messages.where(method="INVITE", target=scene.cast.device("1008").socket).one()
    found = sentence(of_zone(scene, ZONE))
    assert found["1008"] == ("failed", 17, 486, "in a call")
    assert [found[n][0] for n in ("1009", "1010")] == ["played", "played"]


def test_a_speaker_in_a_call_is_waited_for_where_its_zone_says_so(scene: Scene):
    speakers = [
        scene.play(who, "speaker/answers", calls=1 + (who.name == "1010"))
        for who in registered(scene, "1009", "1010")
    ]
    caller = in_a_call(scene, "1010", "caller/calls", pause=3500)
    scene.finish(by_reception(scene, OFFICE, "high", 7500), caller, *speakers)

    found = members(of_zone(scene, OFFICE))
    assert {one["outcome"] for one in found.values()} == {"played"}
    missed = float(found["1010"]["why"].removeprefix("missed the first ").removesuffix(" ms"))
    [early], [late] = tells(scene, "1009"), tells(scene, "1010")
    assert late.start - early.start == pytest.approx(missed / 1000, abs=0.5)
    assert (early.tone, late.tone) == ("high", "high")


def test_who_is_given_back_to_a_page_whose_leader_still_waits_hears_all_of_it(scene: Scene):
    """Nobody else is in its room yet, so Asterisk hangs it up: it is rung anew."""
    first, second = registered(scene, "1008", "1009")
    longer = {
        'head_start = "3s"': 'head_start = "12s"',
        'ring_timeout = "6s"': 'ring_timeout = "12s"',
    }
    with ruled(scene, ZONE, longer):
        speakers = [
            scene.play(first, "speaker/answers", calls=2),
            scene.play(second, "speaker/answers-late", pause=7000),
        ]
        lower = by_phone(scene, ZONE, "low", 10_000)
        until("1008 to be in its room", lambda: "page-" in scene.pbx.command("confbridge list"), 15)
        higher = by_reception(scene, GATE, "high", 1000)
        scene.finish(higher, lower, *speakers)

    assert [one.tone for one in tells(scene, "1008")] == ["high", "low"]
    assert [one.tone for one in tells(scene, "1009")] == ["low"]
    assert outcomes(of_zone(scene, GATE)) == {"1008": "played", "1015": "failed"}
    assert sentence(of_zone(scene, ZONE))["1008"] == ("played", None, None, "")
    assert_all_settled(scene.messages())


def test_who_was_taken_while_it_rang_and_is_back_is_reported_with_all_that_went_to_it(scene: Scene):
    first, *others = registered(scene, "1008", "1009", "1015")
    speakers = [
        scene.play(first, "speaker/answers-late", pause=3500),
        *(scene.play(who, "speaker/answers") for who in others),
    ]
    lower = by_phone(scene, ZONE, "low", 11_000)
    until("1008 to ring", lambda: "!Ringing!" in scene.pbx.command("core show channels concise"))
    higher = by_reception(scene, GATE, "high", 6000)
    scene.finish(higher, lower, *speakers)

    assert [one.tone for one in tells(scene, "1008")] == ["high", "low"]
    parts = [members(of_zone(scene, zone))["1008"]["sent"] for zone in (ZONE, GATE)]
    assert all(part >= 50 for part in parts)
    assert sum(parts) == pytest.approx(len(sent_to(scene, "1008")), abs=10)


def test_a_room_that_is_over_is_no_place_to_go_back_to_for_whom_it_had_before(scene: Scene):
    """The pager brings back whom an emergency ended for while it was on its way to that one's room. When
    its own is over, others leave it yet.
    """
    speakers = answering(scene, *SPEAKERS)
    leader = dial(scene, ZONE, "caller/calls-and-talks", stream=tone(scene, "low"), pause=7000)
    room = f"page-{speaking(scene, ZONE)['page']}"

    def inside() -> list[str]:
        lines = scene.pbx.command(f"confbridge list {room}").splitlines()
        return [line.split()[0] for line in lines if line.startswith("PJSIP/bellhop-member")]

    until("all to be in the room", lambda: len(inside()) == len(SPEAKERS), 5)
    channel, *others = inside()
    homes = f"page-1-1/60/bellhop_member&{room}/60/bellhop_member"
    scene.pbx.command(f"dialplan set chanvar {channel} BELLHOP_HOMES {homes}")
    assert homes in scene.pbx.command(f"dialplan show chanvar {channel}")
    with stopped(scene):  # it would hang up who came back
        scene.pbx.command(f"confbridge kick {room} {channel}")
        until("its call to end", lambda: channel not in scene.pbx.channels(), 3)
        assert inside() == others
        scene.finish(leader, *speakers)
    assert_all_settled(scene.messages())

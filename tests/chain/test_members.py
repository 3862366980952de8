"""Members that do not play, or not to the end: the others play, and the report tells why."""

import pytest

from tests.chain.calling import CALLER, assert_all_settled, dial, final
from tests.chain.harness.peer import Peer
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until
from tests.chain.paging import (
    SPEAKERS,
    ZONE,
    answering,
    heard,
    members,
    newest,
    outcomes,
    page,
    registered,
    report,
    reports,
    sent_to,
    sentence,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE, OTHER_VOICE = 0x35, 0x2A
GOOD, BAD = SPEAKERS[:2], SPEAKERS[2]
ELSEWHERE = "441632960199"


def others_answer(scene: Scene, bad: str, **options: object) -> tuple[list[Peer], Peer]:
    """Register all three; two answer, and the third plays this scenario."""
    devices = registered(scene, *SPEAKERS)
    good = [scene.play(who, "speaker/answers") for who in devices[:2]]
    return good, scene.play(devices[2], bad, **options)


def assert_the_others_played(scene: Scene, seconds: float = 1.0) -> None:
    for number in GOOD:
        assert heard(scene, number, VOICE) >= seconds
        assert members(report(scene))[number]["outcome"] == "played"


@pytest.mark.parametrize(
    ("scenario", "expected", "talk"),
    [
        ("is-busy-486", (17, 486, "busy"), 3000),
        ("rejects-480", (18, 480, "does not take the call"), 3000),
        ("rings-only", (19, None, "no answer"), 8000),
        ("is-silent", (18, 408, "does not respond"), 6500),
    ],
)
def test_a_member_that_does_not_answer_is_told_with_its_cause_and_the_others_play(
    scene: Scene, scenario: str, expected: tuple[int, int, str], talk: int
):
    patience = {"pause": 3500} if scenario == "is-silent" else {}
    good, bad = others_answer(scene, f"speaker/{scenario}", **patience)
    leader = page(scene, VOICE, talk=talk)
    scene.finish(leader, *good, bad)

    assert_the_others_played(scene)
    assert sentence(report(scene))[BAD] == ("failed", *expected)
    assert members(report(scene))[BAD]["answered_ms"] is None
    messages = scene.messages()
    assert final(messages, leader).code == 200
    assert_all_settled(messages)


def test_a_member_that_is_not_registered_is_not_rung_and_is_told_so(scene: Scene):
    good = answering(scene, *GOOD)
    scene.finish(page(scene, VOICE, talk=3000), *good)

    assert_the_others_played(scene)
    assert sentence(report(scene))[BAD] == ("failed", 20, 480, "not registered")
    messages = scene.messages()
    assert not messages.where(method="INVITE", target=scene.cast.device(BAD).socket)


def test_when_nobody_is_registered_the_caller_is_refused_before_he_is_answered(scene: Scene):
    registered(scene)
    caller = dial(scene, ZONE, "caller/calls-and-is-refused")
    scene.finish(caller)

    answer = final(scene.messages(), caller)
    assert (answer.code, answer.header("reason")) == (480, "Q.850;cause=20")


def test_a_late_member_hears_the_rest_and_the_report_says_what_it_missed(scene: Scene):
    good, late = others_answer(scene, "speaker/answers-late", pause=5500)
    scene.finish(page(scene, VOICE, talk=8000), *good, late)

    found = members(report(scene))[BAD]
    assert found["outcome"] == "played"
    assert found["answered_ms"] >= 5400
    missed = int(found["why"].removeprefix("missed the first ").removesuffix(" ms"))
    # The room opened at the head start of 3 s, after chime and beep; it came at 5.5 s.
    assert 0 < missed <= 2500
    assert_the_others_played(scene, 1.5)
    assert heard(scene, BAD, VOICE) == pytest.approx(
        heard(scene, GOOD[0], VOICE) - missed / 1000, abs=0.3
    )


def test_a_member_that_answers_302_is_followed_nowhere(scene: Scene):
    moved_to = f"sip:{ELSEWHERE}@{scene.cast.edge}"
    good, bad = others_answer(scene, "speaker/moves-302", moved_to=moved_to)
    scene.finish(page(scene, VOICE, talk=3000), *good, bad)

    messages = scene.messages()
    assert_the_others_played(scene)
    # That it would have moved the call, the edge keeps to itself.
    assert sentence(report(scene))[BAD] == ("failed", 18, 480, "does not take the call")
    assert not [m for m in messages.where(method="INVITE") if ELSEWHERE in m.uri]
    for carrier in scene.site.carriers.values():
        assert not messages.where(target=str(carrier.gateways[0]))


def test_a_member_that_sends_refer_is_refused_and_the_page_goes_on(scene: Scene):
    refer_to = f"sip:{ELSEWHERE}@{scene.cast.edge}"
    good, bad = others_answer(scene, "speaker/refers", refer_to=refer_to)
    scene.finish(page(scene, VOICE, talk=3000), *good, bad)

    messages = scene.messages()
    assert [m.code for m in messages.where(answers="REFER").once()] == [403]
    assert not messages.where(method="REFER", target=str(scene.site.pbx.address))
    assert not [m for m in messages.where(method="INVITE") if ELSEWHERE in m.uri]
    assert_the_others_played(scene)
    assert heard(scene, BAD, VOICE) >= 1
    assert outcomes(report(scene))[BAD] == "played"


def test_a_member_that_hangs_up_leaves_the_page_to_the_others(scene: Scene):
    good, bad = others_answer(scene, "speaker/answers-and-hangs-up", pause=3000)
    scene.finish(page(scene, VOICE, talk=6000), *good, bad)

    assert_the_others_played(scene, 2)
    assert 0.5 <= heard(scene, BAD, VOICE) <= heard(scene, GOOD[0], VOICE) - 1.5
    assert sentence(report(scene))[BAD][0] == "played"
    assert "left" in sentence(report(scene))[BAD][3]


def test_a_member_that_puts_the_page_on_hold_is_told_so(scene: Scene):
    good, bad = others_answer(scene, "speaker/answers-and-holds", pause=2300)
    scene.finish(page(scene, VOICE, talk=5000), *good, bad)

    assert_the_others_played(scene, 2)
    assert 0.2 <= heard(scene, BAD, VOICE) <= heard(scene, GOOD[0], VOICE) - 1.5
    found = members(report(scene))[BAD]
    assert found["outcome"] == "played"
    assert found["why"].startswith(f"audio was sent to it for {found['sent'] * 20} of ")
    assert found["why"].endswith("it put the call on hold")


def test_a_leader_who_has_lost_all_members_hears_it_and_is_hung_up(scene: Scene):
    devices = registered(scene, *GOOD)
    speakers = [scene.play(who, "speaker/answers-and-hangs-up", pause=2000) for who in devices]
    leader = dial(scene, ZONE, "caller/calls-until-it-ends")
    scene.finish(leader, *speakers)

    messages = scene.messages()
    left = max(m.at for m in messages.where(method="BYE", target=scene.cast.devices_door[0]))
    bye = messages.where(method="BYE", target=leader.who.socket).one()
    assert 1.5 <= bye.at - left <= 8
    # The congestion tone: on for 250 ms, off for 250 ms.
    assert [p for p in sent_to(scene, CALLER) if p.at > left + 0.1 and len(set(p.payload)) > 4]
    assert report(scene)["ended"]


def test_when_every_member_is_busy_the_leader_hears_it_and_is_hung_up(scene: Scene):
    devices = registered(scene, *GOOD)
    speakers = [scene.play(who, "speaker/is-busy-486") for who in devices]
    leader = dial(scene, ZONE, "caller/calls-until-it-ends")
    scene.finish(leader, *speakers)

    found = sentence(report(scene))
    assert {found[number] for number in GOOD} == {("failed", 17, 486, "busy")}


def test_a_leader_who_goes_before_anybody_answers_leaves_nothing_ringing(scene: Scene):
    devices = registered(scene, *GOOD)
    speakers = [scene.play(who, "speaker/rings-only") for who in devices]
    leader = dial(scene, ZONE, pause=1500)
    scene.finish(leader, *speakers)

    messages = scene.messages()
    gone = messages.where(method="BYE", source=leader.who.socket)[0]
    for speaker in speakers:
        cancel = messages.where(method="CANCEL", target=speaker.who.socket).one()
        assert cancel.at - gone.at <= 3
    found = sentence(report(scene))
    for number in GOOD:
        assert found[number][0] == "failed"
        assert found[number][3] == "no answer before the page ended"


def test_a_leader_who_goes_before_his_microphone_opens_has_paged_nobody(scene: Scene):
    speakers = answering(scene, *GOOD)
    leader = dial(scene, ZONE, pause=600)  # they have answered, and the chime is not over
    scene.finish(leader, *speakers)

    messages = scene.messages()
    gone = messages.where(method="BYE", source=leader.who.socket)[0]
    for speaker in speakers:
        bye = messages.where(method="BYE", target=speaker.who.socket).one()
        assert bye.at - gone.at <= 3
    assert set(outcomes(report(scene)).values()) == {"failed"}


def test_a_leader_who_goes_while_the_pager_is_asked_rings_nobody_for_long(scene: Scene):
    """He may be gone before his members are rung, while they ring, or when they have answered."""
    devices = registered(scene, *GOOD)
    speakers = [scene.play(who, "speaker/answers-unless-cancelled") for who in devices]
    leader = dial(scene, ZONE, pause=0)
    scene.finish(leader)
    assert set(outcomes(report(scene)).values()) == {"failed"}
    rung = [s for s in speakers if "\nINVITE " in s.file("messages").read_text("utf-8")]
    for speaker in speakers:
        if speaker not in rung:
            speaker.end()
    scene.finish(*rung)

    messages = scene.messages()
    gone = messages.where(method="BYE", source=leader.who.socket)[0]
    for speaker in rung:
        bye = messages.where(method="BYE", target=speaker.who.socket)
        cancel = messages.where(method="CANCEL", target=speaker.who.socket)
        assert max(m.at for m in (*bye, *cancel)) - gone.at <= 3
    assert_all_settled(messages)


def test_two_pages_at_once_share_no_member(scene: Scene):
    speakers = answering(scene, *SPEAKERS, "1015")
    first = page(scene, VOICE, talk=6000)
    until("the first page", lambda: newest(scene), 15)
    second = scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-talks",
        number="2001", dialled="8001", stream=scene.voice(OTHER_VOICE), pause=3500,
    )  # fmt: skip
    scene.finish(second, first, *speakers)

    messages = scene.messages()
    for number in SPEAKERS:
        assert messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert heard(scene, number, VOICE) >= 4
        assert heard(scene, number, OTHER_VOICE) < 0.2
    assert heard(scene, "1015", OTHER_VOICE) >= 1.5
    assert heard(scene, "1015", VOICE) < 0.2
    found = until(
        "the second page's report",
        lambda: [r for r in [newest(scene)] if r and r["zone"] == "8001" and r["ended"]],
    )[0]
    assert outcomes(found)["1015"] == "played"
    for number in SPEAKERS:
        assert sentence(found)[number] == ("failed", 17, 486, "in another page")


def test_a_zone_that_is_wholly_in_another_page_is_busy(scene: Scene):
    speakers = answering(scene, *SPEAKERS)
    first = page(scene, VOICE, talk=4000)
    until("the first page", lambda: newest(scene), 15)
    second = scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-is-refused", number="2001", dialled=ZONE
    )
    scene.finish(second, first, *speakers)

    messages = scene.messages()
    answer = final(messages, second)
    assert (answer.code, answer.header("reason")) == (486, "Q.850;cause=17")
    played, refused = reports(scene)
    assert outcomes(played) == dict.fromkeys(SPEAKERS, "played")
    assert (refused["leader"], refused["cause"]) == ("trunk:reception:2001", 17)
    assert outcomes(refused) == dict.fromkeys(SPEAKERS, "refused")
    for number in SPEAKERS:
        assert heard(scene, number, VOICE) >= 2

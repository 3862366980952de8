"""What a member's channel has counted, read from what Asterisk says of its RTP."""

import pytest
from msgspec import structs

from ami.counts import Counts, counts
from ami.progress import Progress
from bellhop.members import NO_AUDIO, Member
from bellhop.pages import SILENT_BEHIND_NAT, Outcome
from tests.unit.fake_asterisk import counted
from tests.unit.test_pages import IN, page


def left(now, before="", member="1008"):
    return {
        "Event": "UserEvent",
        "UserEvent": "BellhopLeft",
        "Page": "1",
        "Member": member,
        "Before": before,
        "Counted": now,
    }


@pytest.mark.parametrize(
    ("missed", "trip", "received"),
    [
        (7, "0.020340", 143),
        (0, "0.000400", 150),
        (0, "0.000000", None),
        (7, "0.000000", None),
        (200, "0.02", 0),
        (16777213, "0.02", 150),  # 3 more came than were sent
        (0, "nan", None),
    ],
)
def test_what_a_member_received_is_known_from_its_own_rtcp_or_not_at_all(missed, trip, received):
    assert counts(left(counted(150, missed, trip))) == Counts(150, received)


def test_that_audio_came_from_it_is_known_by_what_asterisk_received():
    assert counts(left(counted(150).replace("rxcount=0", "rxcount=7"))) == Counts(
        150, None, came=True
    )


def test_what_was_before_this_page_is_taken_off():
    before, now = counted(100, 9, "0.02"), counted(250, 12, "0.02")
    assert counts(left(now, before)) == Counts(150, 147)


def test_what_came_twice_before_this_page_is_not_missed_in_it():
    before, now = counted(100, 16777213, "0.02"), counted(250, 2, "0.02")
    assert counts(left(now, before)) == Counts(150, 145)


def test_counts_that_begin_anew_are_no_fewer_than_none():
    assert counts(left(counted(20), counted(150))) == Counts(0, None)


@pytest.mark.parametrize(
    "said",
    ["150", "txcount=;rlp=0;rtt=0", "rlp=0;rtt=0", "txcount=1;rlp=x;rtt=0", "txcount=1;rlp=0;rtt=", "=;;"],
)  # fmt: skip
def test_counts_of_another_form_are_not_known(said):
    assert counts(left(said)) is None


@pytest.mark.parametrize("event", [{}, {"UserEvent": "BellhopSpoke", "Counted": ""}, {"UserEvent": "BellhopLeft"}])  # fmt: skip
def test_another_event_counts_nothing(event):
    assert counts(event) is None


def test_a_channel_without_rtp_says_so():
    assert counts(left("")) == Counts(0, None, has_rtp=False)


@pytest.mark.parametrize(("member", "why"), [("1008", NO_AUDIO), ("multicast:239.1.1.1:5004", "")])
def test_a_speaker_without_rtp_has_no_audio_and_a_group_never_has_rtp(member, why):
    found = Progress(page(Member(device=member)))
    found.count(left("", member=member))
    assert found.page.members[member].why == why
    assert found.page.members[member].sent == 0


BEHIND_NAT = structs.replace(IN, elsewhere=True)


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (BEHIND_NAT.counted(150), SILENT_BEHIND_NAT),
        (BEHIND_NAT.counted(100).counted(50), SILENT_BEHIND_NAT),
        (BEHIND_NAT.counted(150, came=True), ""),  # audio goes to where its own comes from
        (BEHIND_NAT.counted(100, came=True).counted(50), ""),
        (BEHIND_NAT.counted(150, 149), ""),  # by its RTCP
        (IN.counted(150), ""),
    ],
)
def test_of_a_silent_member_behind_nat_it_is_told_that_it_may_have_heard_nothing(member, why):
    left = member.hung_up(3000, 16, None)
    assert page(left, opened_ms=500, ended=9.0).outcome(left) == (Outcome.PLAYED, why)

"""A page as values: what becomes of members, when the leader may speak, what the report says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bellhop.members import NO_AUDIO, Member, State, failure_text
from bellhop.pages import Outcome, Page, Refusal


def page(*members, **fields):
    defaults = {
        "id": "1-a", "zone": "8000", "leader": "1020", "started": 0.0, "quorum": 100,
        "head_start": 3000,
    }  # fmt: skip
    return Page(**{**defaults, **fields}).with_members(*members)


NEW = Member(device="1008")
IN = NEW.answered(40).joined(45)


def test_a_member_goes_from_requested_to_left():
    states = [NEW, NEW.answered(40), IN, IN.hung_up(900, 16, None)]
    assert [m.state for m in states] == [State.REQUESTED, State.ANSWERED, State.JOINED, State.LEFT]
    assert (states[-1].answered_ms, states[-1].joined_ms, states[-1].left_ms) == (40, 45, 900)


def test_a_member_that_joins_before_its_answer_is_told_has_answered_then():
    late = NEW.joined(45).answered(60)
    assert (late.state, late.answered_ms) == (State.JOINED, 45)


def test_a_hangup_before_the_answer_is_a_failure_with_its_cause():
    gone = NEW.hung_up(20, 17, 486)
    assert (gone.state, gone.cause, gone.sip, gone.why) == (State.FAILED, 17, 486, "busy")


def test_the_first_failure_that_is_known_stands():
    assert NEW.hung_up(20, 17, 486).failed(19, None, "no answer").cause == 17


def test_a_member_cancelled_with_the_page_did_not_answer():
    gone = NEW.hung_up(4000, 16, None)
    assert (gone.cause, gone.why) == (19, "no answer before the page ended")


def test_what_is_over_stays_over():
    left = IN.hung_up(900, 16, None)
    failed = NEW.hung_up(20, 17, 486)
    for over in (left, failed):
        assert over.joined(1000) == over
        assert over.answered(1000) == over
        assert over.hung_up(1000, 16, None) == over
        assert over.failed(34, 503, "busy") == over
        assert over.taken(1000, "8010") == over
    assert failed.hung_up(1000, 34, 503) == failed


@pytest.mark.parametrize(
    ("cause", "sip", "said"),
    [
        (1, 404, "no such device"), (17, 486, "busy"), (18, 408, "does not respond"),
        (19, None, "no answer"), (20, 480, "not registered"), (21, 603, "rejected the call"),
        (34, 503, "refused with SIP 503: no circuit/channel available"),
        (None, 503, "refused with SIP 503"), (0, 503, "refused with SIP 503"),
        (127, 415, "refused with SIP 415"), (3, 420, "refused with SIP 420"), (3, None, "no route to destination"),
        (58, 488, "takes no audio that Asterisk sends (G.711)"), (58, None, "takes no audio that Asterisk sends (G.711)"),
        (200, 500, "refused with SIP 500"), (None, None, "no answer"),
    ],
)  # fmt: skip
def test_a_failure_is_said_in_words(cause, sip, said):
    assert failure_text(cause, sip) == said


def test_the_microphone_stays_shut_while_the_room_is_empty():
    assert not page(NEW).may_open(60_000)


def test_the_microphone_opens_when_all_reachable_members_are_there():
    absent = Member(device="1010").failed(20, 480, "not registered")
    assert page(IN, absent).may_open(50)
    assert not page(IN, Member(device="1009")).may_open(50)


def test_the_microphone_opens_at_the_quorum():
    others = [Member(device=str(n)) for n in range(3)]
    assert not page(IN, *others, quorum=26).may_open(50)
    assert page(IN, *others, quorum=25).may_open(50)


def test_the_microphone_opens_when_the_head_start_is_over_and_somebody_is_there():
    assert not page(IN, Member(device="1009")).may_open(2999)
    assert page(IN, Member(device="1009")).may_open(3000)


def test_the_microphone_waits_for_nobody_who_has_hung_up_again():
    others = [replace(IN, device=n) for n in ("1009", "1010")]
    for gone in (NEW.answered(40).hung_up(60, 16, None), IN.hung_up(60, 16, None)):
        assert page(gone, *others).may_open(70)
    assert not page(NEW, *others).may_open(70)


def test_a_page_is_lost_when_nobody_is_there_and_nobody_will_come():
    failed = NEW.hung_up(20, 17, 486)
    assert page(failed).alive == 0
    assert page(IN.hung_up(900, 16, None)).alive == 0
    assert page(failed, Member(device="1009")).alive == 1
    assert page(failed, replace(IN, device="1009")).alive == 1


LEFT = IN.counted(150).hung_up(3000, 16, None)


@pytest.mark.parametrize(
    ("member", "opened", "outcome", "why"),
    [
        (LEFT, 500, Outcome.PLAYED, ""),
        (IN.counted(150), 500, Outcome.PLAYED, ""),  # nobody told that it left
        (LEFT, 45, Outcome.PLAYED, ""),
        (LEFT, 40, Outcome.PLAYED, "missed the first 5 ms"),
        (LEFT, None, Outcome.FAILED, "joined, but nobody spoke"),
        (LEFT, 3001, Outcome.FAILED, "left before anybody spoke"),
        (replace(LEFT, sent=0), 3001, Outcome.FAILED, "left before anybody spoke"),
        (replace(LEFT, sent=0), 500, Outcome.FAILED, "joined, but no audio was sent to it (an answer that says hold?)"),
        (replace(LEFT, sent=None), 500, Outcome.FAILED, "joined, but no audio is known to have been sent to it"),
        (replace(LEFT, sent=0).without_audio(), 3001, Outcome.FAILED, NO_AUDIO),
        (replace(LEFT, sent=0).without_audio(), 500, Outcome.FAILED, NO_AUDIO),
        (IN, 500, Outcome.FAILED, "not known: nobody watched it to the end"),
        (NEW.answered(40).hung_up(50, 16, None), 500, Outcome.FAILED, "answered, but never came into the room"),
        (NEW.hung_up(20, 17, 486), 500, Outcome.FAILED, "busy"),
    ],
)  # fmt: skip
def test_only_a_member_that_audio_was_sent_to_has_played(member, opened, outcome, why):
    assert page(member, opened_ms=opened, ended=9.0).outcome(member) == (outcome, why)


@pytest.mark.parametrize(
    ("member", "why"),
    [(NEW, "being rung"), (NEW.answered(40), "answered"), (IN, "in the room")],
)
def test_while_the_page_runs_nothing_is_settled_of_who_is_in_it(member, why):
    assert page(member, opened_ms=500).outcome(member) == (Outcome.PENDING, why)


def test_a_member_that_has_failed_has_failed_while_the_page_still_runs():
    assert page(NEW.hung_up(20, 17, 486)).outcome(NEW.hung_up(20, 17, 486))[0] is Outcome.FAILED


def test_each_member_of_a_refused_page_was_refused():
    absent = Member(device="1010").failed(20, 480, "not registered")
    refused = page(NEW, absent).refused(Refusal(17, "every member is in another page"), 9.0)
    assert refused.outcome(NEW) == (Outcome.REFUSED, "")
    assert refused.outcome(absent) == (Outcome.REFUSED, "not registered")


@pytest.mark.parametrize(
    ("spoken", "outcome", "why"),
    [
        (0, Outcome.FAILED, "joined, but no audio came from the leader"),
        (1, Outcome.PLAYED, ""),
        (None, Outcome.PLAYED, ""),
    ],
)
def test_a_page_whose_leader_sent_nothing_has_not_been_played(spoken, outcome, why):
    assert page(LEFT, opened_ms=45, spoken=spoken).outcome(LEFT) == (outcome, why)


@pytest.mark.parametrize(
    ("closed", "why"),
    [
        (None, ""), (2990, ""), (3500, ""),
        (3501, "left 501 ms before the end"), (5480, "left 2480 ms before the end"),
    ],
)  # fmt: skip
def test_a_member_that_left_before_the_leader_is_told_so(closed, why):
    found = page(LEFT, opened_ms=45, closed_ms=closed).outcome(LEFT)
    assert found == (Outcome.PLAYED, why)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (75, "audio was sent to it for 1500 of 5000 ms"),
        (187, "audio was sent to it for 3740 of 5000 ms"),
        (188, ""),  # a machine that is out of breath
        (250, ""),
    ],
)
def test_a_member_that_puts_a_page_on_hold_is_told_so_and_no_other(sent, why, held):
    """Asterisk sends nothing either while it gets no CPU."""
    there = NEW.answered(40).joined(45)
    member = (there.holds() if held else there).left(5045).counted(sent)
    why = f"{why}: it put the call on hold" if held and why else why
    ended = page(member, opened_ms=50, closed_ms=5040, ended=1.0)
    assert ended.outcome(member) == (Outcome.PLAYED, why)
    late = replace(ended, opened_ms=1600)  # 75 packets had gone to it by then
    silence = held and sent == 75
    assert late.outcome(member) == (Outcome.FAILED if silence else Outcome.PLAYED, why)


@pytest.mark.parametrize(("opened", "missed"), [(99, True), (100, False), (None, True)])
def test_who_was_taken_and_back_when_the_leader_began_has_missed_nothing(opened, missed):
    member = IN.taken(50, "8010").counted(0).joined(100).hung_up(3000, 16, None).counted(145)
    told, why = page(member, opened_ms=opened, ended=1.0).outcome(member)
    assert told is (Outcome.PREEMPTED if missed else Outcome.PLAYED)
    assert ("8010" in why) is missed


def test_a_480_that_is_no_unanswered_ring_does_not_say_that_it_is_dead():
    assert failure_text(18, 480) == "does not take the call"
    assert failure_text(18, 408) == "does not respond"


EVENTS = st.lists(
    st.one_of(
        st.just(("answered",)),
        st.just(("joined",)),
        st.tuples(st.just("counted"), st.none() | st.integers(0, 500)),
        st.tuples(
            st.just("hung_up"), st.none() | st.integers(0, 127), st.none() | st.integers(300, 699)
        ),
        st.tuples(st.just("failed"), st.integers(1, 127), st.just(480), st.just("x")),
    ),
    max_size=8,
)


@given(EVENTS, st.none() | st.integers(0, 9))
def test_no_order_of_events_makes_a_member_play_that_did_not_join_and_was_sent_nothing(
    events, opened
):
    member = NEW
    for at, (name, *rest) in enumerate(events):
        timed = [at, *rest] if name in {"answered", "joined", "hung_up"} else rest
        member = getattr(member, name)(*timed)
    outcome, why = page(member, opened_ms=opened).outcome(member)
    if outcome is Outcome.PLAYED:
        assert member.joined_ms is not None
        assert member.sent
        assert opened is not None
    else:
        assert why


GROUP = Member(device="multicast:239.1.2.3:5004").joined(5)


def test_of_a_group_it_is_said_that_nobody_knows_who_heard_it():
    heard = page(GROUP.hung_up(9000, 16, None), opened_ms=10, closed_ms=9000, spoken=400, ended=1.0)
    one = heard.members[GROUP.device]
    for said in (one, one.counted(0)):  # Asterisk counts none of its packets
        assert heard.outcome(said) == (Outcome.SENT, "sent by multicast; who heard it is not known")
    assert one.is_counted


def test_a_group_to_which_nobody_spoke_was_sent_nothing():
    gone = GROUP.hung_up(9000, 16, None)
    unopened = page(gone, ended=1.0)
    unheard = page(gone, opened_ms=10, closed_ms=9000, spoken=0, ended=1.0)
    for one in (unopened, unheard):
        assert one.outcome(one.members[GROUP.device])[0] is Outcome.FAILED


def test_what_a_member_received_is_summed_over_gaps_unless_one_part_is_not_known():
    member = Member(device="1008").answered(1).joined(2)
    assert member.counted(100, 98).counted(50, 50).received == 148
    assert member.counted(100, None).counted(50, 50).received is None
    assert member.counted(100, 98).counted(50, None).received is None
    assert member.counted(100, 98).counted(50, None).sent == 150


def test_what_went_to_a_member_is_known_when_it_was_told_of_each_time_that_it_was_there():
    member = Member(device="1008").answered(1).joined(2)
    taken = member.taken(10, "8010")
    assert not taken.is_told
    assert taken.counted(0).is_told
    left = taken.counted(0).joined(20).hung_up(90, 16, None)
    assert not left.is_told
    assert left.counted(3).is_told
    rang = Member(device="1008").taken(10, "8010")
    assert rang.is_told  # it was never there
    assert not NEW.is_told
    assert not member.counted(9).is_told  # it is there yet
    assert rang.joined(20).hung_up(90, 16, None).counted(3).is_told

"""A member that another page took, or that left; and what is told of a message that was cut off."""

import pytest

from bellhop.members import Member, State
from bellhop.pages import Outcome
from tests.unit.test_pages import IN, NEW, page


def test_a_message_that_was_cut_off_is_said_to_be():
    """Its page's time was up, or somebody stopped it. One that repeats was heard whole at least once."""
    member = IN.counted(300).hung_up(6000, 16, None)
    for announced, times, said in (
        (True, 0, "it was not played to its end"),
        (True, 1, ""),
        (False, 0, ""),
    ):
        found = page(
            member, announced=announced, times=times, opened_ms=50, closed_ms=6000, ended=6.0
        )
        assert found.outcome(member) == (Outcome.PLAYED, said)


def test_who_was_taken_while_it_rang_is_told_of_when_it_is_counted_after_it_came_back():
    """It answers into the first page's room, and is moved from there: Asterisk counts that, too."""
    back = NEW.taken(760, "8010").counted(0).joined(4145).hung_up(9400, 16, None)
    assert not back.is_told
    whole = back.counted(260)
    assert (whole.is_told, whole.sent) == (True, 260)


def test_who_is_rung_anew_is_as_if_it_had_never_come():
    was = IN.counted(40).taken(500, "8010")
    assert was.rung_anew() == Member(device="1008")


def test_who_was_to_be_taken_and_was_not_is_in_the_room_as_it_was():
    assert IN.taken(500, "8010").kept() == IN
    assert IN.hung_up(900, 16, None).kept().state is State.LEFT


@pytest.mark.parametrize(
    ("cause", "told", "why"),
    [
        (None, None, ""), (0, None, ""), (16, None, ""), (127, None, ""),
        (41, 41, " (temporary failure, cause 41)"), (52, 52, " (cause 52)"),
    ],
)  # fmt: skip
def test_why_a_member_left_is_told_when_it_said_so_before_it_left_or_with_it_or_after(
    cause, told, why
):
    begun = IN.counted(150)
    first = begun.going(cause, None, "it hangs up").left(3000).hung_up(3001, 16, None)
    late = begun.left(3000).going(cause, None, "it hangs up").hung_up(3001, 16, None)
    last = begun.left(3000).hung_up(3001, cause, None)
    for left in (begun.hung_up(3000, cause, None), first, late, last):
        assert (left.left_ms, left.cause) == (3000, told)
        assert left.failed(19, None, "no answer before the page ended") == left
        text = page(left, opened_ms=45, closed_ms=5480).outcome(left)[1]
        assert text == f"left 2480 ms before the end{why}"

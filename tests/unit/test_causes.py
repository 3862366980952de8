from bellhop.causes import CAUSES, Cause, cause, title

# Q.850 §2.2.5: the upper three bits of the seven.
CLASSES = (
    "normal",
    "normal",
    "resource unavailable",
    "service or option not available",
    "service or option not implemented",
    "invalid message",
    "protocol error",
    "interworking",
)


def test_a_cause_is_found_by_its_number():
    assert cause(34) == Cause(34, "No circuit/channel available", "resource unavailable")


def test_a_number_that_q850_does_not_assign_is_no_cause():
    assert [cause(n) for n in (None, 0, 13, 52, 126, 128, -1)] == [None] * 7


def test_all_71_assigned_causes_are_there_in_order():
    assert len(CAUSES) == 71
    assert list(CAUSES) == sorted(CAUSES)
    assert set(CAUSES) <= set(range(1, 128))


def test_the_upper_three_bits_of_a_cause_are_its_class():
    assert all(c.group == CLASSES[c.number >> 4] for c in CAUSES.values())


def test_a_title_is_a_line_for_people_whatever_the_number():
    assert title(17) == "17 User busy"
    assert title(52) == "52 (a number that Q.850 does not assign)"

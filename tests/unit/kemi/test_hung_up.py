"""A caller who says BYE while it rings is called on for by nobody (RFC 3261 §15)."""

import pytest

from kemi import dialog
from tests.unit.kemi.house import NORTH, PHONE


@pytest.fixture
def hangs_up(house):
    """Have the one whose tag it is say BYE in a dialog of that state, and then the call go out: the
    fake holds one transaction at a time, and the edge looks at the BYE as an attempt ends.
    """

    def go(state, *, tag="from-1", mark=None):
        good = dialog.mark(house.key, "call-1", "from-1", ("carrier:north",))
        house.arrives("BYE", f"sip:x@{NORTH}", mark=mark or good, next_hop=NORTH, ft=tag,
                      tt="to-1", source=PHONE, DLG_status=state)  # fmt: skip
        house.calls("4412")
        return house

    return go


@pytest.mark.parametrize("code", [503, 404, 408, 487, 600, 302, None])
@pytest.mark.parametrize("state", [1, 2])
def test_after_a_bye_while_it_rings_no_other_carrier_is_tried(hangs_up, state, code):
    house = hangs_up(state)
    before = len(house.sent_to)
    house.fails(code)
    assert len(house.sent_to) == before
    assert house.answers == [487]
    assert house.rows[-1].rule == "caller-cancelled"


@pytest.mark.parametrize(
    ("state", "tag", "mark"),
    [(4, "from-1", None), (None, "from-1", None), (2, "to-1", None), (2, "from-1", "0123456789")],
    ids=["it was answered", "not known to the module", "the callee's", "a stranger's"],
)
def test_another_bye_ends_no_search(hangs_up, state, tag, mark):
    house = hangs_up(state, tag=tag, mark=mark)
    before = len(house.sent_to)
    house.fails(503)
    assert len(house.sent_to) == before + 1

"""Early media by policy: what becomes of a carrier's 18x."""

import pytest


@pytest.fixture
def house(make_house_of):
    return make_house_of(
        lambda text: text.replace("[carriers.north]", '[carriers.north]\nearly_media = "suppress"')
    )


def shaped(house):
    """Return what was done to the reply in hand."""
    changed = house.fake.called("textopsx.change_reply_status")
    return len(house.fake.called("textopsx.remove_body")), changed


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (183, True, (1, [(180, "Ringing")])),
        (180, True, (1, [])),
        (182, True, (1, [])),
        (183, False, (0, [])),
        (100, True, (0, [])),
    ],
)
def test_a_carrier_that_may_not_announce_only_rings(house, code, body, expected):
    house.calls("4412")
    house.fake.returns["textops.has_body"] = 1 if body else -1
    house.replies(code)
    assert shaped(house) == expected


def test_a_reliable_183_is_left_as_it_is(house):
    house.calls("4412")
    house.fake.returns["textops.has_body"] = 1
    house.replies(183, headers=[("RSeq", "1")])
    assert shaped(house) == (0, [])


def test_the_next_carrier_may_announce_and_is_offered_100rel(house):
    house.calls("4412")
    assert house.fake.called("textopsx.exclude_hf_value") == [("Supported", "100rel")]
    house.fails(503)
    house.fake.returns["textops.has_body"] = 1
    house.replies(183, branch=1)
    assert shaped(house) == (0, [])
    assert len(house.fake.called("textopsx.exclude_hf_value")) == 1


@pytest.mark.parametrize("code", [100, 180, 183])
def test_what_an_abandoned_carrier_sends_is_not_heard(house, code):
    house.calls("4412")
    house.fails()
    house.replies(code, branch=0)
    assert house.fake.called("set_drop") == [()]
    house.replies(code, branch=1)
    assert house.fake.called("set_drop") == [()]

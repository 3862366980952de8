"""The reply to the caller: ours, with what he needs of the attempt's own and nothing else of it."""

import pytest


def hears(house):
    """Return code, phrase and headers of the one answer."""
    [reply] = house.fake.transaction.replies
    return reply.code, reply.reason, [line.strip() for line in house.fake.headers.to_reply]


def test_a_carriers_302_takes_its_contact_to_the_caller_and_no_words(house):
    house.calls("4412")
    house.fails(
        302,
        phrase="Moved By MegaTel",
        headers=[("Contact", '"MegaTel" <sip:900123@198.51.100.9>;q=0.5'), ("Server", "MegaTel")],
    )
    assert hears(house) == (
        302,
        "Moved Temporarily",
        [],
    )
    # Kamailio writes a Contact of it, whatever else is there.
    assert house.fake.pv["$ru"] == "sip:900123@198.51.100.9"


def test_a_quote_that_is_never_closed_hides_no_place_of_another_line(house):
    house.calls("4412")
    house.fails(302, headers=[("Contact", '"Bob <sip:1@x>'), ("Contact", "<sip:2@x>, <sip:3@x>")])
    assert hears(house)[0::2] == (302, ["Contact: <sip:2@x>"])
    assert str(house.fake.pv["$ru"]) == "sip:3@x"


def test_a_302_with_several_has_the_preferred_as_kamailios_own(house):
    house.calls("4412")
    said = "<sip:1@x>;q=0.5, <sip:2@x>;q=0.9, <sip:3@x>;q=0.1"
    house.fails(302, headers=[("Contact", said)])
    assert hears(house)[2] == ["Contact: <sip:1@x>;q=0.500, <sip:3@x>;q=0.100"]
    assert house.fake.pv["$ru"] == "sip:2@x"


def test_a_302_with_several_that_are_alike_has_them_as_they_stood(house):
    """Kamailio's own comes last, and has no q; who reads none takes the first."""
    house.calls("4412")
    said = "<sip:1@x>;q=0.5, <sip:2@x>;q=0.5, <sip:3@x>;q=0.1"
    house.fails(302, headers=[("Contact", said)])
    assert hears(house)[2] == ["Contact: <sip:1@x>, <sip:3@x>;q=0.100"]
    assert house.fake.pv["$ru"] == "sip:2@x"


@pytest.mark.parametrize("contact", [b"<sip:\xff@x>", "<sip:1@x\r\nEvil: yes>", "*", None])
def test_a_302_with_no_contact_that_can_be_read_is_a_480(house, contact):
    house.calls("4412")
    house.fails(302, headers=[("Contact", contact)] if contact else [])
    assert hears(house) == (480, "Temporarily Unavailable", [])


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (420, ("Unsupported", "100rel, x-new"), ["Unsupported: 100rel, x-new"]),
        (422, ("Min-SE", "1800"), ["Min-SE: 1800"]),
        (421, ("Require", '"MegaTel"'), []),
        (420, ("Unsupported", b"\xff"), []),
        (422, ("Server", "MegaTel"), []),
        (407, ("Proxy-Authenticate", 'Digest realm="megatel"'), []),
        (503, ("Retry-After", "120"), []),
    ],
)
def test_what_a_code_asks_for_passes_and_no_other_header(house, code, said, expected):
    house.calls("4412")
    for branch in range(3):
        if not house.answers:
            house.fails(code, branch=branch, headers=[said, ("Warning", '399 megatel "x"')])
    assert hears(house)[0] == code
    assert hears(house)[2] == expected


def test_a_code_that_is_told_has_its_own_replys_headers_and_not_the_last_ones(house):
    house.calls("4412")
    house.fails(404, reason=["Q.850;cause=34"])
    house.fails(422, branch=1, headers=[("Min-SE", "90")])
    house.fails(500, branch=2, headers=[("Min-SE", "1800")])
    assert hears(house) == (422, "Session Interval Too Small", ["Min-SE: 90"])


def test_a_device_that_asks_for_a_longer_session_is_heard_too(house):
    house.calls("1009")
    house.fails(422, headers=[("Min-SE", "1800")])
    assert hears(house) == (
        422, "Session Interval Too Small", ["Reason: Q.850;cause=31", "Min-SE: 1800"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("relay", []), ("rewrite", ["Reason: Q.850;cause=17"]), ("add", ["Reason: Q.850;cause=17"]), ("none", [])],
)  # fmt: skip
def test_the_site_says_which_reason_a_caller_gets(make_house_of, policy, expected):
    house = make_house_of(
        lambda text: text.replace("[edge]", f'[edge]\nreason_to_caller = "{policy}"')
    )
    house.calls("4412")
    house.fails(486)
    assert hears(house) == (486, "Busy Here", expected)


def test_a_trunk_may_have_its_own_reason_and_a_refusal_follows_it_too(make_house_of):
    house = make_house_of(
        lambda text: text.replace(
            "[trunks.reception]", '[trunks.reception]\nreason_to_caller = "none"'
        ).replace("[trunks.annex]", '[trunks.annex]\nreason_to_caller = "add"')
    )
    house.calls("4412", user=None, door="trunks", source="192.0.2.40")
    house.fails(486, reason=["Q.850;cause=17"])
    assert hears(house) == (486, "Busy Here", [])
    house.arrives("INVITE", "sip:999@edge", door="trunks", source="192.0.2.40")
    assert hears(house) == (404, "Unknown Number", [])
    house.arrives("INVITE", "sip:999@edge", door="trunks", source="192.0.2.41")
    assert hears(house) == (404, "Unknown Number", ["Reason: Q.850;cause=1"])


def test_the_pbx_always_hears_a_cause(make_house_of):
    house = make_house_of(lambda text: text.replace("[edge]", '[edge]\nreason_to_caller = "none"'))
    house.calls("1009", user=None, door="internal", source="198.51.100.20")
    house.fails(486)
    assert hears(house) == (486, "Busy Here", ["Reason: Q.850;cause=17"])

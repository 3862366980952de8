"""A redirect that a profile follows: it chooses among our own ways, and opens none."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kamailio_kemi.fake import installed

NORTH, SOUTH, WEST, EAST = (f"203.0.113.{n}:5060" for n in (1, 2, 3, 4))


def following(text):
    """Routes 44 and 61 follow redirects; 48 is routed too, and 900 is not; up to six attempts."""
    text = text.replace("attempts = 3", "attempts = 6").replace(
        'prefix = "44"\n', 'prefix = "44"\nprofile = "follower"\n'
    )
    return text + (
        '\n[profiles.follower]\nredirect = "follow"\n'
        '\n[[routes]]\nprefix = "61"\ncarriers = ["north"]\nprofile = "follower"\n'
        '\n[[routes]]\nprefix = "48"\ncarriers = ["east"]\n'
    )


@pytest.fixture
def house(make_house_of):
    return make_house_of(following)


def moves(house, *contacts, branch=0, code=302):
    house.fails(code, branch=branch, headers=[("Contact", ", ".join(contacts))])


def targets(house):
    return [f"{relay.ruri}" for relay in house.relays if relay.result > 0]


def test_targets_are_tried_one_by_one_the_preferred_first_and_then_the_other_carriers(house):
    house.calls("4412")
    moves(house, f"<sip:4412@{EAST}>;q=0.3", f"<sip:4412@{WEST}>;q=0.9")
    house.fails(503, branch=1)
    house.fails(503, branch=2)
    house.fails(503, branch=3)
    assert targets(house) == [
        f"sip:4412@{NORTH}", f"sip:912@{WEST}", f"sip:4412@{EAST}", f"sip:004412@{SOUTH}"
    ]  # fmt: skip
    assert [(r.leg, r.verdict, r.rule) for r in house.rows[:2]] == [
        ("carrier:north", "redirect", "redirect-followed"),
        ("carrier:west", "advance", "server-failure"),
    ]
    assert house.answers == [503]


def test_another_number_is_routed_anew_and_only_to_where_our_plan_sends_it(house):
    house.calls("4412")
    moves(house, f"<sip:4855@{NORTH}>", f"<sip:+4866@{EAST}>", "<sip:4412@198.51.100.66>")
    assert targets(house)[1:] == [f"sip:+4866@{EAST}"]


def test_a_tel_uri_takes_the_plans_carriers_in_their_order(house):
    house.calls("4412")
    moves(house, "<tel:+4877>")
    assert targets(house)[1:] == [f"sip:+4877@{EAST}"]


REFUSED = [
    "<sip:900123@203.0.113.4:5060>",  # no route has it
    "<sip:4412@198.51.100.66>",  # a stranger's host
    "<sip:4412@203.0.113.4:5080>",  # not a gateway's port
    "<sip:4412@evil.example>",
    "<sip:1009@192.0.2.10>",  # our own device
    "<sip:8000@192.0.2.10>",  # a page
    "<tel:8000>",
    "<tel:1009>",
    "<tel:2001>",  # behind a trunk
    "<sips:4412@203.0.113.4>",
    "<sip:4412@203.0.113.4;maddr=198.51.100.66>",
    "<sip:4412%0d%0a@203.0.113.4:5060>",
    "<sip:4412@203.0.113.1:5060>",  # where it comes from
    "",
]


@pytest.mark.parametrize("contact", REFUSED)
def test_a_target_that_our_plan_does_not_have_is_not_called_and_the_next_carrier_is(house, contact):
    house.calls("4412")
    moves(house, contact)
    assert targets(house)[1:] == [f"sip:004412@{SOUTH}"]
    assert (house.rows[0].verdict, house.rows[0].rule) == ("advance", "redirect-refused")


def test_a_redirect_that_leads_nowhere_is_no_302_to_the_caller(house):
    house.calls("6112")
    moves(house, "<sip:6112@198.51.100.66>")
    assert house.answers == [480]
    assert not [line for line in house.fake.headers.to_reply if line.startswith("Contact")]


def test_one_that_was_followed_is_no_302_to_the_caller_either(house):
    house.calls("6112")
    moves(house, f"<sip:4855@{EAST}>")
    moves(house, f"<sip:6112@{NORTH}>", branch=1)  # back again: it has been there
    assert len(targets(house)) == 2
    assert house.answers == [302]  # route 48 does not follow: its carrier's redirect is relayed


def test_redirects_that_go_round_in_circles_end(house):
    house.calls("4412")
    for branch in range(9):
        if house.answers:
            break
        moves(
            house,
            *(f"<sip:4412{branch}{n}@{gw}>" for n, gw in enumerate((NORTH, EAST))),
            branch=branch,
        )
    assert len(targets(house)) <= 6
    assert len(set(targets(house))) == len(targets(house))
    assert house.answers == [480]


def test_the_carrier_may_name_the_number_in_the_form_that_it_got(house):
    house.calls("4412")
    house.fails(503)
    moves(house, f"<sip:004412@{EAST}>", branch=1)
    assert targets(house)[2:] == [f"sip:4412@{EAST}"]


def test_a_second_redirect_moves_the_number_that_the_first_one_named_and_not_the_dialled_one(house):
    house.calls("4412")
    moves(house, f"<sip:4455@{EAST}>")
    moves(house, f"<sip:4455@{WEST}>", branch=1)
    assert targets(house) == [f"sip:4412@{NORTH}", f"sip:4455@{EAST}", f"sip:955@{WEST}"]


def test_a_call_of_a_carrier_is_sent_nowhere_by_a_redirect(make_house_of):
    house = make_house_of(
        lambda text: following(text).replace(
            'to = ["2000", "1020"]', 'to = ["2000", "1020"]\nprofile = "follower"'
        )
    )
    house.calls("442071838750", user=None, door="trunks", source="203.0.113.1", fU="49")
    moves(house, f"<sip:4855@{EAST}>")
    assert house.sent_to == ["sip:192.0.2.40:5060", "sip:1020@192.0.2.77:5060"]


@pytest.mark.parametrize("user", ["1020", None])
def test_a_trunk_is_followed_for_as_a_device_is(house, user):
    said = {} if user else {"door": "trunks", "source": "192.0.2.40"}
    house.calls("4412", user=user, **said)
    moves(house, f"<sip:4855@{EAST}>")
    assert targets(house)[1:] == [f"sip:4855@{EAST}"]


def test_a_profile_that_relays_calls_nobody(make_house_of):
    house = make_house_of(lambda text: following(text).replace('"follow"', '"relay"'))
    house.calls("4412")
    moves(house, f"<sip:4412@{EAST}>")
    assert len(targets(house)) == 1
    assert house.answers == [302]


def test_the_dialogs_mark_has_every_carrier_where_a_redirect_may_lead_to_it(house):
    from kemi import dialog  # noqa: PLC0415 - there is a KSR to import only now

    house.calls("6112")
    [(parameter,)] = house.fake.called("rr.add_rr_param")
    mark = parameter.partition("=")[2]
    for peer, expected in (("carrier:east", True), ("trunk:reception", False)):
        assert dialog.allowed(house.key, "call-1", ("from-1",), peer, mark) is expected


NUMBERS = st.sampled_from(["4412", "4499", "4855", "900", "1009", "8000", "2001", "%00", "004412"])
HOSTS = st.sampled_from([NORTH, SOUTH, WEST, EAST, "198.51.100.66", "evil.example", "192.0.2.10"])
CONTACTS = st.lists(
    st.tuples(NUMBERS, HOSTS, st.integers(0, 9)).map(lambda t: f"<sip:{t[0]}@{t[1]}>;q=0.{t[2]}")
    | NUMBERS.map(lambda number: f"<tel:{number}>"),
    max_size=5,
)


@settings(
    deadline=None, derandomize=True, max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(said=st.lists(CONTACTS | st.sampled_from([503, 404]), min_size=1, max_size=8))
def test_whatever_a_carrier_says_only_our_own_gateways_are_called_each_target_once(
    make_house_changed, said
):
    house = make_house_changed(following)
    with installed(house.fake):
        house.calls("4412")
        for branch, what in enumerate(said):
            if house.answers:
                break
            if isinstance(what, int):
                house.fails(what, branch=branch)
            else:
                moves(house, *what, branch=branch)
    assert house.logged == []
    went = targets(house)
    assert len(went) == len(set(went)) <= 6
    assert {uri.partition("@")[2] for uri in went} <= {NORTH, SOUTH, WEST, EAST}
    assert not any(uri.startswith(("sip:900", "sip:1009", "sip:8000", "sip:2")) for uri in went)
    assert len(house.answers) <= 1

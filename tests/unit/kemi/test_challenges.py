"""Carriers that ask for credentials: who gets them, and how often."""

import pytest

from kemi import challenges, dialog
from tests.unit.kemi.house import NORTH, PHONE, RECEPTION

HA1 = "0123456789abcdef0123456789abcdef"
KEYS = '[carriers.north]\nauth_user = "site"\nsecret_file = "north.htdigest"'


@pytest.fixture
def house(make_house_of, tmp_path):
    secret = tmp_path / "north.htdigest"
    secret.write_text(f"site:north.invalid:{HA1}\n")
    secret.chmod(0o600)
    made = make_house_of(lambda text: text.replace("[carriers.north]", KEYS))
    made.asked = []

    def uac_auth_mode(mode):
        names = ("realm", "user", "secret")
        made.asked.append((mode, *(made.fake.pv[f"$avp(bellhop_{name})"] for name in names)))
        return made.known

    made.known = 1
    made.fake.returns["uac.uac_auth_mode"] = uac_auth_mode
    return made


@pytest.mark.parametrize("code", [401, 407])
def test_a_carrier_that_asks_is_sent_the_call_once_more(house, code):
    house.calls("4412")
    house.fails(code)
    assert house.sent_to == ["sip:203.0.113.1:5060"] * 2
    assert house.asked == [(1, "north.invalid", "site", HA1)]
    assert house.answers == []
    assert house.rows == []
    assert house.call.current.challenged
    assert house.fake.pv["$avp(bellhop_secret)"] is None


def test_reply_route_knows_whose_challenges_are_ours_to_answer(house):
    """Of other calls' it changes nothing: whom they are for may know better ways than MD5."""
    noted = house.fake.tables["bellhop_proofs"].values
    house.calls("4412")
    assert list(noted) == [house.fake.pv["$ci"]]
    noted.clear()
    house.fails(503)
    assert house.call.leg.name != "north"
    assert not noted


def test_what_comes_to_the_call_that_was_sent_once_more_counts(house):
    house.calls("4412")
    house.fails(401)
    house.replies(180, branch=1)
    house.replies(200, branch=1)
    assert [(row.code, row.rang) for row in house.rows] == [(200, True)]
    assert [end.code for end in house.endings] == [200]


def test_what_rang_before_the_challenge_does_not_ring_behind_it(house):
    house.calls("4412", cs="7")
    house.replies(180)
    house.fails(401)
    house.fails(480, branch=1)
    assert [row.rang for row in house.rows] == [False]


def test_a_second_challenge_is_a_failure(house):
    house.calls("4412")
    house.fails(401)
    house.fails(401, branch=1)
    assert (len(house.sent_to), house.answers) == (2, [401])
    assert [(row.leg, row.code, row.challenged) for row in house.rows] == [
        ("carrier:north", 401, True)
    ]


def test_a_challenge_that_cannot_be_answered_is_a_failure(house):
    house.known = -1
    house.calls("4412")
    house.fails(407)
    assert (len(house.sent_to), house.answers) == (1, [407])
    assert [row.challenged for row in house.rows] == [False]


def test_a_carrier_without_credentials_of_ours_gets_none(house):
    house.calls("4412")
    house.fails(503)
    house.fails(407, branch=1)
    assert (house.asked, house.answers) == ([], [407])


def test_another_address_than_a_gateways_gets_none(house):
    house.calls("4412")
    elsewhere = house.fake.pv["$avp(bellhop)"].replace("203.0.113.1:5060", "203.0.113.66:5060")
    house.fake.pv["$avp(bellhop)"] = elsewhere
    house.fails(401)
    assert (house.asked, house.answers) == ([], [401])


def test_a_caller_who_gave_up_has_nothing_sent(house):
    house.calls("4412")
    house.fake.returns["tm.t_is_canceled"] = 1
    house.fails(401)
    assert (house.asked, len(house.sent_to)) == ([], 1)


def test_the_next_carriers_cseq_goes_on_from_the_raised_one(house):
    house.calls("4412", cs="7")
    house.fails(401)
    house.fails(503, branch=1)
    assert "P-K-CSeq-Auth: 8\r\n" in house.fake.headers.appended
    assert house.sent_to[-1] == "sip:203.0.113.2:5060"


def test_no_caller_writes_what_raises_the_cseq(house):
    house.calls("4412")
    removed = {args[0] for args in house.fake.called("textops.remove_hf")}
    assert removed >= {"P-K-CSeq-Auth", "P-K-CSeq-Refresh"}


def test_nor_does_anybody_within_a_call(house):
    mark = dialog.mark(house.key, "call-1", "from-1", ("carrier:north",))
    house.arrives("BYE", f"sip:x@{NORTH}", source=PHONE, next_hop=NORTH, mark=mark, tt="to-1")
    removed = {args[0] for args in house.fake.called("textops.remove_hf")}
    assert removed >= {"P-K-CSeq-Auth", "P-K-CSeq-Refresh"}
    assert house.sent_to == [f"sip:x@{NORTH}"]


def asks_within(house, method, *codes, peers=("carrier:north",), to=NORTH):
    """A request within the call goes to a peer, who says this, and that when it comes again."""
    mark = dialog.mark(house.key, "call-1", "from-1", peers)
    house.arrives(method, f"sip:x@{to}", source=PHONE, next_hop=to, mark=mark, tt="to-1")
    assert len(house.relays) == 1
    for made, code in enumerate(codes, 1):
        house.fake.pv["$T_branch_idx"] = made
        house.fake.failure(code, "No")
        house.app.ksr_failure_dialog(None)
    return house.fake.called("tm.t_on_failure")


@pytest.mark.parametrize("method", ["BYE", "INVITE", "INFO"])
@pytest.mark.parametrize("code", [401, 407])
def test_a_carrier_may_ask_within_a_call_too(house, method, code):
    assert asks_within(house, method, code, code) == [("ksr_failure_dialog",)]
    assert (len(house.relays), house.asked) == (2, [(1, "north.invalid", "site", HA1)])
    assert list(house.fake.tables["bellhop_proofs"].values) == ["call-1"]


def test_what_is_no_challenge_within_a_call_or_of_another_realm_is_its_senders_to_hear(house):
    asks_within(house, "BYE", 481)
    assert (len(house.relays), house.asked) == (1, [])
    house.known = -1
    asks_within(house, "BYE", 407)
    assert len(house.relays) == len(house.asked) == 1


def test_within_a_call_nobody_else_gets_credentials_and_an_ack_expects_none(house):
    assert asks_within(house, "ACK") == []
    south = house.site.carriers["south"].gateways[0].host
    assert asks_within(house, "BYE", peers=("carrier:south",), to=south) == []
    assert asks_within(house, "BYE", peers=("trunk:reception",), to=RECEPTION) == []
    assert asks_within(house, "BYE", peers=("",), to=PHONE) == []
    assert not house.fake.tables["bellhop_proofs"].values


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(("gateway", "expected"), [(NORTH, 0), ("203.0.113.8", 1)])
def test_of_two_carriers_at_one_gateway_nobody_could_tell_whose_call_it_is(
    make_house_of, gateway, expected
):
    other = f'\n[carriers.other]\ngateway = "{gateway}:5060"\n'
    two = make_house_of(lambda text: text.replace("[carriers.north]", KEYS) + other)
    assert len(asks_within(two, "BYE")) == expected


def test_a_site_without_credentials_pays_nothing(make_house_of):
    house = make_house_of(lambda text: text)
    challenges.strip(house.site)
    assert house.fake.called("textops.remove_hf") == []

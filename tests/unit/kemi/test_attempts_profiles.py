"""Whose word decides: causes that are believed, and profiles."""

import msgspec
import pytest
from kamailio_kemi.fake import installed

from bellhop.recursion import Failure, Verdict, decide


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ([b'Q.850;cause=17;text="Occup\xe9"'], 17),
        ([b'SIP;cause=480;text="\xff"', b"Q.850;cause=34"], 34),
        ([b"Q.850\xff;cause=17"], None),
        ([b"Q.850;cause=\xb9\xb7"], None),
    ],
)
def test_of_a_reason_that_is_not_utf8_what_can_be_read_counts(house, said, counts):
    house.calls("4412")
    house.fails(503, reason=said)
    assert house.rows[-1].cause == counts
    assert len(house.relays) == 2


def test_causes_of_a_carrier_that_is_not_trusted_do_not_decide(house):
    house.calls("4412")
    house.fails(503)
    house.fails(503, branch=1)
    assert house.call.leg.name == "west"
    house.fails(404, branch=2, reason=["Q.850;cause=34"])
    believed = decide(Failure(404, cause=34)).verdict
    alone = decide(Failure(404)).verdict
    assert (believed, alone) == (Verdict.ADVANCE, house.rows[-1].verdict)
    assert "not believed" in house.rows[-1].why


def test_where_the_sites_own_profile_heeds_no_cause_none_chooses_the_answer_either(
    make_house_changed,
):
    """17 would make of the first carrier's 503 the most meaningful answer: it speaks of the callee."""

    def own(text):
        mine = '[profiles.deaf]\nextends = "carrier"\ntrust_reason = false\n\n[[routes]]'
        return text.replace("[[routes]]", mine, 1).replace(
            'prefix = "44"', 'prefix = "44"\nprofile = "deaf"'
        )

    told = []
    for make in (lambda text: text, own):
        one = make_house_changed(make)
        with installed(one.fake):
            one.calls("4412")
            one.fails(503, reason=["Q.850;cause=17"])
            while not one.answers[-1:] or one.answers[-1] < 300:
                one.fails(500, branch=len(one.relays) - 1)
            told.append((one.rows[0].trusted, one.rows[0].believed, one.answers[-1]))
    assert told == [(True, True, 503), (True, False, 500)]


def _decided_by(house, **names):
    """Give the call and its first leg other profiles, as another site would have."""
    call = house.call
    leg = msgspec.structs.replace(call.legs[0], profile=names.get("leg", ""))
    call = msgspec.structs.replace(
        call, legs=(leg, *call.legs[1:]), profile=names.get("call", "carrier")
    )
    house.fake.pv["$avp(bellhop)"] = msgspec.json.encode(call).decode()


@pytest.mark.parametrize(
    ("names", "answers", "profile"),
    [
        ({}, [], "carrier"),
        ({"call": "broadworks-inbound"}, [404], "broadworks-inbound"),
        ({"leg": "broadworks-inbound"}, [404], "broadworks-inbound"),
        ({"leg": "carrier", "call": "broadworks-inbound"}, [], "carrier"),
    ],
)
def test_a_carriers_own_profile_decides_else_the_calls_and_the_ledger_has_its_name(
    house, names, answers, profile
):
    house.calls("4412")
    _decided_by(house, **names)
    house.fails(404)
    assert house.answers == answers
    assert house.rows[0].profile == profile


def test_a_profile_that_a_reload_took_away_is_carrier_and_that_is_logged(house):
    house.calls("4412")
    _decided_by(house, leg="gone")
    house.fails(404)
    assert len(house.sent_to) == 2
    [line] = house.logged
    assert "profile=gone is no longer in the site; carrier decides" in line

"""The decision. Expectations stand in data/*.tsv (written by hand) and in the sentences below."""

import csv
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.profiles import BROADWORKS_INBOUND, BUILT_IN, CARRIER, Profile
from bellhop.recursion import Failure, Verdict, decide
from tests.unit.failures import EMPTY, OPEN_4XX

ADVANCE, STOP = Verdict.ADVANCE, Verdict.STOP


def table(name):
    text = (Path(__file__).parent / "data" / name).read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def numbers(cell):
    for part in cell.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def verdict(code, profile=CARRIER, earlier=(), **facts):
    return decide(Failure(code, **facts), profile, earlier).verdict


DECISIONS = table("decision_table.tsv")
DEPENDS = table("depends.tsv")


@pytest.mark.parametrize(
    ("cause", "expected"),
    [(int(r["cause"]), r["recommend"]) for r in DECISIONS if r["recommend"] != "depends"],
)
@pytest.mark.parametrize("profile", [CARRIER, BROADWORKS_INBOUND], ids=lambda profile: profile.name)
def test_a_definite_cause_decides_on_every_4xx_that_asks_it(cause, expected, profile):
    codes = [code for code in OPEN_4XX if profile.of_code(code) is None]
    for code, rang, location in itertools.product(codes, (False, True), (None, "U", "LN")):
        assert verdict(code, profile, cause=cause, rang=rang, location=location) == expected, code


def headers(causes, location):
    place = "" if location == "-" else f";location={location}"
    for cause in causes.split(","):
        if cause == "-":
            yield ""
        else:
            yield ", ".join(f"Q.850;cause={number}{place}" for number in cause.split("&"))


@pytest.mark.parametrize("row", DEPENDS, ids=lambda r: f"{r['causes']}-on-{r['codes']}"[:40])
def test_a_cause_that_depends_decides_as_the_table_says(row):
    for code, header, rang, profile in itertools.product(
        numbers(row["codes"]),
        [h for place in row["location"].split(",") for h in headers(row["causes"], place)],
        [rang == "yes" for rang in row["rang"].split(",")],
        row["profile"].split(","),
    ):
        failure = Failure(code, rang=rang).with_reason(header)
        decision = decide(failure, BUILT_IN[profile])
        assert decision.verdict == row["verdict"], (failure, profile, decision.rule, row["reason"])


def test_the_table_of_what_depends_leaves_nothing_out():
    said = {
        (cause, code, rang, profile)
        for row in DEPENDS
        for cause, code, rang, profile in itertools.product(
            row["causes"].split(","),
            numbers(row["codes"]),
            row["rang"].split(","),
            row["profile"].split(","),
        )
        if "-" in row["location"].split(",")
    }
    causes = {row["cause"] for row in DECISIONS if row["recommend"] == "depends"}
    expected = itertools.product(
        causes | {"-", "0", "17&34"}, OPEN_4XX, ("yes", "no"), ("carrier", "broadworks-inbound")
    )
    assert set(expected) - said == set()


def test_every_cause_of_q850_is_in_the_decision_table():
    assert len(DECISIONS) == 71


def test_no_reply_advances_and_ringing_without_an_answer_stops():
    for code in (None, 408, 500, 503):
        for cause in (None, 17, 34):
            assert verdict(code, replied=False, cause=cause) is ADVANCE
            assert verdict(code, replied=False, cause=cause, rang=True) is STOP
    assert decide(Failure(None, replied=False)).rule == "no-reply"
    assert decide(Failure(None, replied=False, rang=True)).rule == "ring-timeout"


def test_a_provisional_reply_is_no_final_reply():
    assert decide(Failure(100)).rule == "no-reply"
    assert decide(Failure(183, rang=True)).rule == "ring-timeout"


def test_after_an_answer_nothing_is_tried():
    assert decide(Failure(200)).rule == "answered"
    assert verdict(299, cause=34) is STOP


@pytest.mark.parametrize("code", [-1, 0, 99, 700, 4040, 10**12])
def test_what_is_no_sip_code_stops(code):
    assert decide(Failure(code, cause=34)).rule == "not-a-code"
    assert verdict(code, cause=34) is STOP


def test_towards_broadworks_403_and_404_stop_whatever_the_cause():
    for code, cause in itertools.product((403, 404), (None, 1, 3, 21, 26, 34, 57)):
        assert decide(Failure(code, cause=cause), BROADWORKS_INBOUND).rule == "profile-stop-code"
        assert verdict(code, BROADWORKS_INBOUND, cause=cause) is STOP


def test_the_local_timeout_and_a_408_from_the_peer_are_two_things():
    assert verdict(408, cause=19) is STOP
    assert verdict(408, cause=19, replied=False) is ADVANCE
    assert verdict(408, cause=34, rang=True) is ADVANCE
    assert verdict(408, cause=34, rang=True, replied=False) is STOP


@pytest.mark.parametrize("code", [400, 483, 488])
@pytest.mark.parametrize("cause", [None, 16, 34, 41, 58, 65, 88, 96])
def test_what_a_second_carrier_repeats_is_the_callers_own(code, cause):
    first = Failure(code, cause=cause)
    again = decide(first, CARRIER, [first])
    assert (again.verdict, again.rule) == (STOP, "code-again")


def test_a_cause_that_an_earlier_profile_ignored_is_not_said_again():
    first = Failure(404, cause=27, heeded=False)
    assert decide(Failure(404, cause=27), CARRIER, [first]).rule != "cause-again"
    assert (
        decide(Failure(404, cause=27), CARRIER, [replace(first, heeded=True)]).rule == "cause-again"
    )


@pytest.mark.parametrize("code", [400, 483, 488])
def test_the_first_of_them_advances_and_so_does_one_after_another_failure(code):
    assert verdict(code) is ADVANCE
    assert verdict(code, earlier=[Failure(503), Failure(404)]) is ADVANCE
    assert verdict(code, earlier=[Failure(code, replied=False)]) is ADVANCE


def test_other_codes_may_repeat():
    for code in (402, 403, 404, 480, 499, 503):
        assert verdict(code, earlier=[Failure(code)] * 3) is ADVANCE


def test_a_destination_out_of_order_is_worth_one_more_attempt():
    assert verdict(480, cause=27) is ADVANCE
    assert verdict(480, cause=27, earlier=[Failure(503, cause=34)]) is ADVANCE
    assert verdict(480, cause=27, earlier=[Failure(502, cause=27)]) is STOP
    assert verdict(480, cause=27, earlier=[Failure(502, cause=27, trusted=False)]) is ADVANCE
    assert verdict(480, cause=34, earlier=[Failure(480, cause=34)]) is ADVANCE


def test_codecs_are_worth_one_more_attempt():
    assert verdict(488, cause=88) is ADVANCE
    assert verdict(488, cause=88, earlier=[Failure(488, cause=88)]) is STOP
    assert verdict(480, cause=88) is STOP


@pytest.mark.parametrize(
    ("on_480", "quiet_one", "rang_one"),
    [("by-ringing", ADVANCE, STOP), ("advance", ADVANCE, ADVANCE), ("stop", STOP, STOP)],
)
def test_a_profile_says_what_a_480_without_a_useful_cause_means(on_480, quiet_one, rang_one):
    profile = Profile(name="x", on_480=on_480)
    for cause in EMPTY:
        assert verdict(480, profile, cause=cause) is quiet_one
        assert verdict(480, profile, cause=cause, rang=True) is rang_one
    for rang in (False, True):
        assert verdict(480, profile, cause=17, rang=rang) is STOP
        assert verdict(480, profile, cause=34, rang=rang) is ADVANCE


def test_a_profile_may_believe_the_users_causes_on_a_5xx():
    profile = Profile(name="x", refine_5xx=True)
    for code in (500, 502, 503, 504, 580):
        for cause in (17, 19, 22, 28):
            assert decide(Failure(code, cause=cause), profile).rule == "refined-5xx"
            assert verdict(code, profile, cause=cause) is STOP
            assert verdict(code, profile, cause=cause, trusted=False) is ADVANCE
        assert verdict(code, profile, cause=21, location="U") is STOP
        for cause, location in (
            (21, None),
            (21, "LN"),
            (20, "U"),
            (34, None),
            (16, "U"),
            (None, None),
        ):
            assert verdict(code, profile, cause=cause, location=location) is ADVANCE


def test_a_profile_may_let_the_cause_decide_on_a_6xx():
    profile = Profile(name="x", trust_6xx=False)
    assert verdict(603, profile, cause=41) is ADVANCE
    assert verdict(603, profile, cause=44) is ADVANCE
    assert verdict(603, profile, cause=17) is STOP
    assert verdict(606, profile, cause=88) is ADVANCE
    assert verdict(606, profile, cause=88, trusted=False) is STOP
    for code, cause in itertools.product((600, 603, 604, 607, 608), [*EMPTY, 21]):
        assert verdict(code, profile, cause=cause) is STOP


@pytest.mark.parametrize(
    ("code", "header", "rang", "expected"),
    [
        (486, 'Q.850;cause=63;text="User is busy, on another call."', False, STOP),
        (486, "Q.850;cause=34", False, STOP),
        (480, "Q.850;cause=34", False, ADVANCE),
        (480, "Q.850;cause=34", True, ADVANCE),
        (480, 'Q.850;cause=47;text="RESOURCE"', False, ADVANCE),
        (480, "Q.850;cause=16", False, ADVANCE),
        (480, "Q.850;cause=16", True, STOP),
        (603, "Q.850;cause=41", False, STOP),
        (503, "Q.850;cause=17", False, ADVANCE),
        (503, "Q.850;cause=0", False, ADVANCE),
        (402, 'Q.850;cause=21;text="Call Rejected"', False, ADVANCE),
        (408, "Q.850 ;cause=18", False, ADVANCE),
        (408, "Q.850 ;cause=18", True, STOP),
        (480, "SIP;cause=503", True, STOP),
        (480, "SIP;cause=486", False, ADVANCE),
        (480, "RELEASE_CAUSE;cause=17", False, ADVANCE),
        (480, 'SIP;cause=486;text="user busy",Q.850;cause=17', False, STOP),
        (480, "Q.850;cause=17;location=U, SIP;cause=503", False, STOP),
        (480, 'SIP;cause=200;text="Call completed elsewhere", Q.850;cause=26', False, STOP),
        (487, "Q.850;cause=26", False, STOP),
        (404, "Q.850;cause=26", False, ADVANCE),
        (403, "Q.850;cause=21;location=u", False, STOP),
        (403, "SIP;cause=21;location=U, Q.850;cause=21", False, ADVANCE),
        (403, "Q.850;cause=21;eri-location=U", False, ADVANCE),
        (480, 'Q.850;text="fake;cause=17, SIP;cause=486";cause=34', True, ADVANCE),
        (484, "Q.850;cause=100", False, STOP),
        (482, "Q.850;cause=25", False, STOP),
    ],
)
def test_a_pair_from_the_wild_is_decided(code, header, rang, expected):
    assert decide(Failure(code, rang=rang).with_reason(header)).verdict is expected


def test_the_why_tells_what_became_of_the_cause():
    def why(code, profile=CARRIER, **facts):
        return decide(Failure(code, **facts), profile).why

    assert "34 No circuit" in why(480, cause=34)
    assert "16 Normal call clearing" in why(480, cause=16)
    assert "no Q.850 cause" in why(480)
    assert "two Q.850 causes that differ" in why(480, conflicting=True)
    assert "not trusted" in why(480, cause=34, trusted=False)
    assert "nothing is known of it" in why(480, cause=52)
    again = decide(Failure(400, cause=41), CARRIER, [Failure(400)]).why
    assert "beside cause 41 Temporary failure" in again
    differing = Failure(480).with_reason("Q.850;cause=17, Q.850;cause=34")
    assert differing == Failure(480, conflicting=True)
    assert "41 Temporary failure does not count here" in why(603, cause=41)


@pytest.mark.parametrize("code", [400, 403, 404, 408, 480, 483, 488])
def test_the_codes_that_carriers_use_most_have_a_why_of_their_own(code):
    anything = decide(Failure(499)).why.removeprefix("499")
    assert decide(Failure(code)).rule == decide(Failure(499)).rule == "code-advance"
    assert anything not in decide(Failure(code)).why

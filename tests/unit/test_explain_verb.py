"""`bellhop explain` and `bellhop reason`: what would be done, and what a header says."""

import json

import pytest

EXPLAIN_KEYS = ["verdict", "rule", "why", "source", "code", "cause", "profile"]


@pytest.fixture
def explained(bellhop):
    def run(*arguments):
        code, out, err = bellhop("explain", *arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return run


def test_explain_prints_the_contract(explained):
    said = explained("480", "--reason", "Reason: Q.850;cause=34", "--rang")
    assert list(said) == EXPLAIN_KEYS
    assert (said["verdict"], said["code"], said["cause"]) == ("advance", 480, 34)
    assert said["profile"] == "carrier"
    assert isinstance(said["rule"], str)
    assert isinstance(said["why"], str)
    assert isinstance(said["source"], str)


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        ("480", "advance"),
        ("480 --rang", "stop"),
        ("480 --cancelled --reason Q.850;cause=34", "stop"),
        ("408", "advance"),
        ("408 --rang", "stop"),
        ("408 --rang --reason Q.850;cause=34", "advance"),
        ("--no-reply", "advance"),
        ("--no-reply --rang", "stop"),
        ("--no-reply --rang --reason Q.850;cause=34", "stop"),
        ("503 --no-reply", "advance"),
        ("302", "redirect"),
        ("603 --reason Q.850;cause=41", "stop"),
        ("404", "advance"),
        ("404 --profile broadworks-inbound", "stop"),
        ("404 --profile carrier --reason Q.850;cause=1;location=RLN", "stop"),
        ("480 --reason SIP;cause=486 --reason Q.850;cause=17", "stop"),
        ("480 --reason Q.850;cause=17 --reason Q.850;cause=34", "advance"),
        ("480 --rang --reason Q.850;cause=17 --reason Q.850;cause=34", "stop"),
    ],
)
def test_explain_decides(explained, arguments, verdict):
    assert explained(*arguments.split())["verdict"] == verdict


def test_without_a_code_and_a_reply_408_is_assumed(explained):
    assert explained("--no-reply")["code"] == 408
    assert explained("--no-reply", "503")["code"] == 503


def test_no_cause_is_null(explained):
    for header in ("", "SIP;cause=486", "Q.850;cause=0", "Q.850;cause=128"):
        assert explained("480", "--reason", header)["cause"] is None


def test_explain_tells_people_in_five_short_paragraphs(bellhop):
    code, out, err = bellhop("explain", "404", "--reason", "Q.850;cause=1;location=LN")
    assert (code, err) == (0, "")
    words = [line.split()[0] for line in out.splitlines() if not line.startswith("   ")]
    assert words == ["advance:", "why", "source", "cause", "profile"]
    told = " ".join(out.split())
    assert "advance: try the next carrier" in told
    assert "1 Unallocated (unassigned) number, class normal; location LN, public network" in told
    assert "carrier; broadworks-inbound says stop [profile-stop-code]" in told


def test_reason_prints_the_contract(bellhop):
    header = 'REASON: sip;cause=486;text="a \\"b\\"", q.850;cause=17;location=u, STIR;cause=0'
    code, out, err = bellhop("reason", header, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {"protocol": "SIP", "cause": 486, "text": 'a "b"', "location": None},
        {"protocol": "Q.850", "cause": 17, "text": None, "location": "U"},
        {"protocol": "STIR", "cause": 0, "text": None, "location": None},
    ]


@pytest.mark.parametrize("header", ["", ";cause=1", '"Q.850";cause=17', "Reason:"])
def test_a_header_without_values_is_an_empty_list(bellhop, header):
    assert bellhop("reason", header, "--json") == (0, "[]\n", "")
    assert bellhop("reason", header) == (0, "no value in it\n", "")


def test_reason_tells_people_which_cause_counts(bellhop):
    assert "takes cause 17" in bellhop("reason", "SIP;cause=486, Q.850;cause=17")[1]
    assert "takes none" in bellhop("reason", "Q.850;cause=34, Q.850;cause=17")[1]
    assert "SIP code alone" in bellhop("reason", "SIP;cause=486")[1]
    assert "no valid cause" in bellhop("reason", "Q.850;cause=0")[1]


@pytest.mark.parametrize(("header", "said"), [("34", 'none in "34"'), ("SIP;cause=200", "none in")])
def test_a_reason_without_a_cause_is_told_with_what_it_was(bellhop, header, said):
    code, out, _ = bellhop("explain", "480", "--reason", header)
    assert code == 0
    assert f"  cause    {said}" in out

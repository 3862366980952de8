"""The one log line of a decision and of a call's end: whole, and never more or less than a line."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.entries import Ending, Entry
from tests.unit.records import ending, entry


def test_an_attempts_line_has_all_that_the_decision_stood_on():
    one = entry(location="LN", gateway="203.0.113.1:5060", number="004412")
    assert one.line() == (
        "call=c1 call-id=id-c1 caller=1020 dialled=4412 profile=carrier attempt=1 "
        "leg=carrier:north gateway=203.0.113.1:5060 number=004412 after-ms=3 ms=40 ring-ms=none "
        "sip=503 q850=34 location=LN conflicting=false trusted=true challenged=false rang=false "
        "verdict=advance rule=5xx conflict=false"
    )


def test_a_calls_last_line_has_what_its_caller_got():
    assert ending(attempts=2).line() == (
        "call=c1 call-id=id-c1 caller=1020 dialled=4412 attempts=2 ended=nobody-left "
        "answered-by=none told=503 told-q850=34 of=1 ms=1250 prefix=none"
    )


def test_where_nothing_came_a_line_says_none():
    line = entry(code=None, cause=None, rule="", caller="").line()
    assert " sip=none q850=none " in line
    assert " caller=none " in line


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a b", "a%20b"),
        ("a\r\nVia: x", "a%0D%0AVia:%20x"),
        ("a=b", "a%3Db"),
        ("100%", "100%25"),
        ('"', "%22"),
        ("é", "%C3%A9"),
        ("\u2028", "%E2%80%A8"),
        ("none", "%6E%6F%6E%65"),
        ("+44*#", "+44*#"),
    ],
)
def test_what_a_peer_writes_stays_one_value(text, written):
    assert f" call-id={written} " in entry(call_id=text).line()


TEXTS = st.text(max_size=12)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(one=st.tuples(TEXTS, TEXTS, TEXTS), other=st.tuples(TEXTS, TEXTS, TEXTS))
def test_no_two_entries_have_the_same_line(one, other):
    lines = []
    for call_id, caller, dialled in (one, other):
        line = entry(call_id=call_id, caller=caller, dialled=dialled).line()
        assert line.isascii()
        assert line.isprintable()
        pairs = [pair.split("=") for pair in line.split(" ")]
        assert len(pairs) == 22
        assert all(len(pair) == 2 and all(pair) for pair in pairs)
        lines.append(line)
    assert (lines[0] == lines[1]) == (one == other)


def test_every_field_that_a_person_can_use_is_in_the_line():
    # The log has its own clock; the rule has the words; believed is trusted, and the profile's word.
    left_out = {"at", "why", "replied", "believed"}
    assert entry().line().count("=") == len(msgspec.structs.fields(Entry)) - len(left_out)
    assert ending().line().count("=") == len(msgspec.structs.fields(Ending)) - 1

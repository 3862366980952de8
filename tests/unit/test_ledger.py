"""The ledger: one row an attempt, in order, bounded, and found by what is known of a call."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.ledger import Ledger, decode, encode
from bellhop.searches import Search
from tests.unit.records import ending, entry


@pytest.fixture
def ledger(tmp_path):
    made = Ledger.writing(tmp_path / "calls.db")
    yield made
    made.close()


def test_an_attempt_is_read_as_it_was_written(ledger):
    for number, one in enumerate(
        [
            entry(),
            entry(code=None, cause=None, rang=True),
            entry(code=200, cause=None, verdict="answered", rule="answered", at=5.0),
            entry(
                caller="",
                dialled="1" * 4096,
                why="«é\u2028\U0001f514» \x00'\"; DROP TABLE attempts",
            ),
            entry(call_id="null", caller="0017", leg="007"),
        ]
    ):
        named = msgspec.structs.replace(one, call=f"c{number}")
        ledger.add([named])
        assert ledger.call(f"c{number}").attempts == (named,)


def test_what_only_an_answered_attempt_or_only_a_failed_one_has_is_read_as_written(ledger):
    one = entry(
        gateway="203.0.113.1:5060", number="004412", location="RPN", conflicting=True,
        replied=False, trusted=False, challenged=True, ring_ms=17, conflict=True,
    )  # fmt: skip
    ledger.add([one])
    assert ledger.call("c1").attempts == (one,)


def test_a_call_ends_once_and_tells_what_its_caller_got(ledger):
    ledger.add([entry("a", 1)])
    assert ledger.call("a").ending is None
    ledger.add([entry("a", 2, leg="carrier:south"), ending("a", attempts=2)])
    told = ledger.call("a")
    assert told.ending == ending("a", attempts=2)
    assert (told.caller, told.dialled, len(told.attempts)) == ("1020", "4412", 2)
    assert [call.call for call in ledger.calls()] == ["a"]


def test_a_call_that_nobody_was_tried_for_is_there_too(ledger):
    none = ending("a", attempts=0, cause=None, of=0, code=487, why="cancelled")
    ledger.add([none])
    assert ledger.call("id-a").ending == none
    assert ledger.call("id-a").attempts == ()


def test_the_newest_call_comes_first_and_its_attempts_in_order(ledger):
    ledger.add([entry("a", 1), entry("b", 1), entry("a", 2)])
    ledger.add([entry("c", 1)])
    assert [[(e.call, e.attempt) for e in call.attempts] for call in ledger.calls()] == [
        [("c", 1)],
        [("b", 1)],
        [("a", 1), ("a", 2)],
    ]
    assert len(list(ledger.calls(last=2))) == 2


def test_a_call_is_found_by_our_name_or_by_its_call_id(ledger):
    ledger.add([entry("a", 1), entry("a", 2), entry("b", 1)])
    assert [e.attempt for e in ledger.call("id-a").attempts] == [1, 2]
    assert ledger.call("a") == ledger.call("id-a")
    assert ledger.call("nobody") is None


def test_a_callers_call_id_puts_nothing_into_another_call(ledger):
    ledger.add([entry("a", 1), entry("b", 1, call_id="a")])
    assert [e.call for e in ledger.call("a").attempts] == ["a"]
    assert [[e.call for e in call.attempts] for call in ledger.calls()] == [["b"], ["a"]]


def test_two_calls_of_one_call_id_are_not_taken_for_one(ledger):
    ledger.add([entry("a", 1, call_id="x"), entry("b", 1, call_id="x"), entry("a", 2, call_id="x")])
    assert [(e.call, e.attempt) for e in ledger.call("x").attempts] == [("b", 1)]


def test_the_oldest_attempts_go(tmp_path):
    ledger = Ledger.writing(tmp_path / "calls.db", keep=10)
    for start in range(0, 40, 5):
        ledger.add(entry(f"c{n}") for n in range(start, start + 5))
        assert sum(len(call.attempts) for call in ledger.calls(last=100)) <= 10
    assert [call.call for call in ledger.calls(last=100)] == [f"c{n}" for n in range(39, 29, -1)]
    ledger.add(entry(f"d{n}") for n in range(25))
    assert next(call.call for call in ledger.calls(last=100)) == "d24"
    assert len(list(ledger.calls(last=100))) == 10
    ledger.close()


def test_a_call_goes_with_the_last_of_its_attempts(tmp_path):
    ledger = Ledger.writing(tmp_path / "calls.db", keep=10)
    for n in range(12):
        ledger.add([*(entry(f"c{n}", attempt) for attempt in (1, 2, 3, 4)), ending(f"c{n}")])
    kept = [(call.call, len(call.attempts)) for call in ledger.calls(last=100)]
    assert kept == [("c11", 4), ("c10", 4), ("c9", 2)]
    ledger.close()


def test_the_same_record_twice_is_one(ledger):
    for _ in range(2):
        assert ledger.add([entry("a", 1), entry("a", 2), ending("a")]) == 0
    assert [e.attempt for e in ledger.call("a").attempts] == [1, 2]
    assert len(list(ledger.calls())) == 1


def test_legs_that_were_out_are_told_apart(ledger):
    out = {"verdict": "skipped", "code": None, "cause": None}
    ledger.add(
        [
            entry("a", 0, gateway="203.0.113.1:5060", **out),
            entry("a", 0, gateway="203.0.113.2:5060", **out),
            entry("a", 0, leg="carrier:south", **out),
            entry("a", 1, leg="carrier:west"),
        ]
    )
    assert [e.attempt for e in ledger.call("a").attempts] == [0, 0, 0, 1]


def test_a_record_that_cannot_be_written_keeps_no_other_from_it(ledger):
    assert ledger.add([entry("a"), entry("b", ms=2**63), entry("c")]) == 1
    assert [call.call for call in ledger.calls()] == ["c", "a"]


def found(ledger, **conditions):
    return [call.call for call in ledger.calls(100, Search(**conditions))][::-1]


@pytest.fixture
def searched(ledger):
    fill(ledger)
    return ledger


def fill(ledger):
    """Write down five calls: a (south answered after north), b, c (failed), d (nobody), e (goes on)."""
    ledger.add(
        [
            entry("a", 1), entry("a", 2, leg="carrier:south", code=200, cause=None, verdict="answered"),
            ending("a", code=200, cause=None, at=10.0),
            entry("b", 1, code=486, cause=63, verdict="stop", conflict=True, caller="trunk:pbx"),
            ending("b", code=486, cause=None, at=20.0, caller="trunk:pbx"),
            entry("c", 1, leg="trunk:reception", dialled="+44201", code=None, cause=None),
            ending("c", code=408, at=30.0, dialled="+44201"),
            ending("d", code=487, at=40.0, dialled="4921", attempts=0),
            entry("e", 1, at=50.0),
        ]
    )  # fmt: skip


SEARCHES = [
    ({}, "abcde"),
    ({"answered": True}, "a"),
    ({"answered": False}, "bcd"),
    ({"caller": "trunk:pbx"}, "b"),
    ({"caller": "trunk"}, ""),
    ({"dialled": "44"}, "abce"),
    ({"dialled": "+44"}, "abce"),
    ({"dialled": "4420"}, "c"),
    ({"dialled": "%"}, ""),
    ({"since": 20.0}, "bcde"),
    ({"since": 20.0, "until": 40.0}, "bc"),
    ({"carrier": "north"}, "abe"),
    ({"carrier": "trunk:reception"}, "c"),
    ({"code": 486}, "b"),
    ({"cause": 34}, "ae"),
    ({"verdict": "answered"}, "a"),
    ({"conflicts": True}, "b"),
    ({"carrier": "north", "verdict": "answered"}, ""),  # of one and the same attempt
    ({"carrier": "south", "code": 200, "answered": True}, "a"),
]


@pytest.mark.parametrize(("conditions", "calls"), SEARCHES)
def test_calls_are_found_by_what_is_known_of_them(searched, conditions, calls):
    assert found(searched, **conditions) == list(calls)


def test_a_half_written_batch_leaves_nothing(ledger):
    def broken():
        yield entry("a")
        raise RuntimeError("the writer died here")

    with pytest.raises(RuntimeError):
        ledger.add(broken())
    assert ledger.call("a") is None


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    call_id=st.text(max_size=20),
    why=st.text(max_size=20),
    code=st.one_of(st.none(), st.integers(100, 699)),
    at=st.floats(0, 4e9),
)
def test_an_entry_survives_the_queue_in_one_line(call_id, why, code, at):
    one = entry(call_id=call_id, why=why, code=code, at=at)
    assert "\n" not in encode(one)
    assert decode(encode(one)) == [one]

"""The ledger: one row an attempt, in order, bounded, and there again after a restart."""

import sqlite3

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.ledger import Entry, Ledger, decode, encode


def entry(call="c1", attempt=1, **fields):
    made = {
        "call": call, "call_id": f"id-{call}", "caller": "1020", "dialled": "4412",
        "profile": "carrier", "attempt": attempt, "leg": "carrier:north", "at": 1_700_000_000.25,
        "after_ms": 3, "ms": 40, "code": 503, "cause": 34, "rang": False, "verdict": "advance",
        "rule": "5xx", "why": "no circuit there",
    }  # fmt: skip
    return Entry(**(made | fields))


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
        assert ledger.call(f"c{number}") == (named,)


def test_the_newest_call_comes_first_and_its_attempts_in_order(ledger):
    ledger.add([entry("a", 1), entry("b", 1), entry("a", 2)])
    ledger.add([entry("c", 1)])
    assert [[(e.call, e.attempt) for e in call] for call in ledger.calls()] == [
        [("c", 1)],
        [("a", 1), ("a", 2)],
        [("b", 1)],
    ]
    assert len(list(ledger.calls(last=2))) == 2


def test_a_call_is_found_by_our_name_or_by_its_call_id(ledger):
    ledger.add([entry("a", 1), entry("a", 2), entry("b", 1)])
    assert [e.attempt for e in ledger.call("id-a")] == [1, 2]
    assert ledger.call("a") == ledger.call("id-a")
    assert ledger.call("nobody") == ()


def test_a_callers_call_id_puts_nothing_into_another_call(ledger):
    ledger.add([entry("a", 1), entry("b", 1, call_id="a")])
    assert [e.call for e in ledger.call("a")] == ["a"]
    assert [[e.call for e in call] for call in ledger.calls()] == [["b"], ["a"]]


def test_two_calls_of_one_call_id_are_not_taken_for_one(ledger):
    ledger.add([entry("a", 1, call_id="x"), entry("b", 1, call_id="x"), entry("a", 2, call_id="x")])
    assert [(e.call, e.attempt) for e in ledger.call("x")] == [("a", 1), ("a", 2)]


def test_the_oldest_attempts_go(tmp_path):
    ledger = Ledger.writing(tmp_path / "calls.db", keep=10)
    for start in range(0, 40, 5):
        ledger.add(entry(f"c{n}") for n in range(start, start + 5))
        assert sum(map(len, ledger.calls(last=100))) <= 10
    assert [call[0].call for call in ledger.calls(last=100)] == [f"c{n}" for n in range(39, 29, -1)]
    ledger.add(entry(f"d{n}") for n in range(25))
    assert next(call[0].call for call in ledger.calls(last=100)) == "d24"
    assert len(list(ledger.calls(last=100))) == 10
    ledger.close()


def test_what_was_written_is_there_after_a_restart(tmp_path):
    first = Ledger.writing(tmp_path / "calls.db")
    first.add([entry("a")])
    first.close()
    second = Ledger.writing(tmp_path / "calls.db")
    second.add([entry("b")])
    assert [call[0].call for call in second.calls()] == ["b", "a"]
    second.close()


def test_what_was_written_is_there_when_the_writer_dies(tmp_path):
    writer = Ledger.writing(tmp_path / "calls.db")
    writer.add([entry("a")])
    reader = Ledger.reading(tmp_path / "calls.db")  # the writer has closed nothing
    assert [call[0].call for call in reader.calls()] == ["a"]
    writer.add([entry("b")])
    assert [call[0].call for call in reader.calls()] == ["b", "a"]
    reader.close()
    writer.close()


def test_a_reader_cannot_write(tmp_path):
    Ledger.writing(tmp_path / "calls.db").close()
    reader = Ledger.reading(tmp_path / "calls.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.add([entry()])
    reader.close()


def test_a_reader_makes_no_database(tmp_path):
    with pytest.raises(sqlite3.Error):
        Ledger.reading(tmp_path / "calls.db")
    assert not (tmp_path / "calls.db").exists()
    (tmp_path / "text.db").write_text("not a database, and long enough to be looked at " * 20)
    with pytest.raises(sqlite3.Error):
        Ledger.reading(tmp_path / "text.db")


def test_a_path_with_any_character_is_that_path(tmp_path):
    path = tmp_path / "a?mode=rw#%41 é.db"
    Ledger.writing(path).close()
    Ledger.reading(path).close()
    assert path.exists()


def test_a_half_written_batch_leaves_nothing(ledger):
    def broken():
        yield entry("a")
        raise RuntimeError("the writer died here")

    with pytest.raises(RuntimeError):
        ledger.add(broken())
    assert ledger.call("a") == ()


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
    assert decode(encode(one)) == one


def test_a_log_line_says_none_where_nothing_came():
    assert entry(code=None, cause=None, rule="").line() == (
        "call=c1 caller=1020 dialled=4412 attempt=1 leg=carrier:north sip=none q850=none "
        "rang=false verdict=advance rule=none ms=40"
    )

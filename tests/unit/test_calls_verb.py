"""`bellhop calls`: what became of a call, for a person and for a program."""

import functools
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bellhop import causes
from bellhop.cli import run
from bellhop.ledger import Ending, Entry, Ledger
from tests.unit import records

GOOD = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")
entry = functools.partial(
    records.entry, at=1_700_000_000.5, ms=500, why="the next one may have a circuit"
)


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    site = tmp_path / "site.toml"
    site.write_text(GOOD.replace("/var/lib/bellhop", str(tmp_path)))
    monkeypatch.setenv("BELLHOP_SITE", str(site))
    return tmp_path


@pytest.fixture
def calls(state, capsys):
    def go(*arguments):
        code = run(["calls", *arguments])
        return code, *capsys.readouterr()

    ledger = Ledger.writing(state / "calls.db")
    ledger.add(
        [
            entry("a", 1, gateway="203.0.113.1:5060", number="4412"),
            entry("a", 2, leg="carrier:south", code=200, cause=None, rang=True, ms=9_000, ring_ms=250,
                  after_ms=504, verdict="answered", rule="answered", why="answered",
                  gateway="203.0.113.2:5060", number="004412", at=1_700_000_001.0),
            Ending(call="a", call_id="id-a", caller="1020", dialled="4412", at=1_700_000_001.0,
                   ms=9_500, attempts=2, leg="carrier:south", code=200, of=2, why="answered", prefix="44"),
            entry("b", 1, caller="", dialled="1\x1b[31m", code=None, cause=None, verdict="stop",
                  at=1_699_999_999.9),
            Ending(call="c", call_id="id-c", caller="1020", dialled="4413", at=1_700_000_001.0,
                   ms=120, attempts=0, code=487, why="cancelled"),
        ]
    )  # fmt: skip
    ledger.close()
    return go


def test_a_call_is_told_in_full(calls):
    code, out, err = calls("a")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "1020 called 4412: answered by carrier:south",
        "  began       2023-11-14 22:13:11 UTC",
        "  call        a, Call-ID id-a",
        "  route       44",
        "  caller got  200, as attempt 2 said; after 9.5 s [answered]",
        "",
        "  +3 ms     --> 1. carrier:north at 203.0.113.1:5060",
        (
            f"  +503 ms   <-- 503, Q.850 34 {causes.title(34)[3:]}: "
            "advance [5xx], the next one may have a circuit"
        ),
        "  +504 ms   --> 2. carrier:south at 203.0.113.2:5060, as 004412",
        "  +754 ms   <-- it rings",
        "  +9504 ms  <-- 200: answered",
    ]


def test_the_newest_come_first_a_line_each_and_a_terminal_is_given_no_escape(calls):
    code, out, _ = calls()
    assert code == 0
    assert out.splitlines() == [
        "began (UTC)          call  caller    dialled    caller got  after   tried",
        "2023-11-14 22:13:20  c     1020      4413       487         120 ms  nobody",
        "2023-11-14 22:13:19  b     somebody  1\\x1b[31m  not known           north silent",
        "2023-11-14 22:13:11  a     1020      4412       200         9.5 s   north 503/34 > south 200",
    ]
    assert "\x1b" not in out


def test_a_carrier_that_was_out_is_no_attempt_and_told(calls, state):
    ledger = Ledger.writing(state / "calls.db")
    out = entry("x", 0, verdict="skipped", code=None, cause=None, rule="breaker", why="it is open")
    ledger.add([out, entry("x", 1, leg="carrier:south")])
    ledger.close()
    assert "north out > south 503/34" in calls()[1]
    assert "+3 ms    --- carrier:north: not tried [breaker], it is open" in calls("x")[1]


def test_an_answer_that_came_too_late_does_not_look_like_one(calls, state):
    ledger = Ledger.writing(state / "calls.db")
    late = entry("x", 0, verdict="late", code=200, cause=None, rule="late-answer", why="too late")
    ledger.add([entry("x", 1, code=None, cause=None), late])
    ledger.close()
    assert "north silent > north answered too late\n" in calls()[1]
    assert calls("--code", "200", "--carrier", "north")[0] == 0


def test_a_conflict_is_marked_and_explained(calls, state):
    ledger = Ledger.writing(state / "calls.db")
    ledger.add([entry("x", 1, code=486, cause=63, verdict="stop", conflict=True)])
    ledger.close()
    assert "north 486/63!" in calls("--conflicts")[1]
    assert "the cause alone would have decided otherwise" in calls("x")[1]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--answered"], ["a"]),
        (["--failed"], ["c"]),
        (["--carrier", "south"], ["a"]),
        (["--dialled", "4413"], ["c"]),
        (["--caller", "1020", "--code", "503"], ["a"]),
        (["--cause", "34", "--verdict", "advance"], ["a"]),
        (["--since", "2023-11-14 22:13:21"], ["c", "a"]),
        (["--until", "2023-11-14T22:13:20+00:00"], ["b"]),
    ],
)
def test_calls_are_filtered(calls, arguments, found):
    code, out, _ = calls("--json", *arguments)
    assert code == 0
    assert [call["call"] for call in json.loads(out)] == found


def test_a_filter_that_finds_nothing_says_so(calls):
    assert calls("--since", "1s") == (1, "", "bellhop: calls: none such\n")


def test_a_program_gets_an_empty_list_of_what_is_not_there(calls):
    assert calls("--since", "1s", "--json") == (0, "[]\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"), ("--until", ""), ("--code", "99"), ("--cause", "0"),
        ("--verdict", "maybe"), ("--since", "999999d"),
    ],
)  # fmt: skip
def test_a_filter_that_is_none_is_told_in_one_line(calls, arguments):
    code, out, err = calls(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["\udcff"], ["--caller", "\udcff"]])
def test_what_no_ledger_can_hold_is_asked_for_in_vain_and_is_no_defect(calls, arguments):
    code, out, err = calls(*arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)


@pytest.mark.parametrize(
    ("spoilt", "left"), [(["a"], ["c", "b"]), (["a", "b"], ["c"]), (["a", "b", "c"], [])]
)
def test_a_call_that_cannot_be_read_hides_no_other(calls, state, spoilt, left):
    with closing(sqlite3.connect(state / "calls.db")) as db:
        db.executemany("UPDATE calls SET ms = 'long' WHERE call = ?", [(one,) for one in spoilt])
        db.executemany("UPDATE attempts SET ms = 'long' WHERE call = ?", [(one,) for one in spoilt])
        db.commit()
    code, out, err = calls()
    assert code == 1
    assert [line.split()[2] for line in out.splitlines()[1:]] == left
    assert err.count("\n") == 1
    assert "a row of call " in err
    assert err.endswith(f", nor can {len(spoilt) - 1} more\n") is (len(spoilt) > 1)
    code, out, _ = calls("--json")
    assert code == 1
    assert [one["call"] for one in json.loads(out)] == left


def test_last_bounds_what_is_shown(calls):
    assert len(calls("--last", "1")[1].splitlines()) == 2
    for bad in ("0", "-1", "100001", "x"):
        assert calls("--last", bad)[0] == 2


def test_json_has_each_call_with_what_its_caller_got_and_its_attempts(calls):
    code, out, _ = calls("--json")
    assert code == 0
    last, goes_on, first = json.loads(out)
    assert [e["attempt"] for e in first["attempts"]] == [1, 2]
    assert set(first["attempts"][0]) == set(Entry.__struct_fields__)
    assert set(first["ending"]) == set(Ending.__struct_fields__)
    assert (first["answered"], first["ending"]["code"]) == (True, 200)
    assert (goes_on["answered"], goes_on["ending"]) == (False, None)
    assert goes_on["attempts"][0]["code"] is None
    assert (last["attempts"], last["ending"]["code"]) == ([], 487)
    assert first["began"] == 1_700_000_001.0 - 9.5


def test_a_call_is_found_by_its_call_id(calls):
    assert calls("id-a")[1] == calls("a")[1]


@pytest.mark.parametrize(
    ("arguments", "said"), [(("zz",), "no call zz"), (("zz", "--json"), "no call zz")]
)
def test_a_call_that_is_not_there_is_told(calls, arguments, said):
    assert calls(*arguments) == (1, "", f"bellhop: calls: {said}\n")


def test_an_empty_ledger_is_told(state, capsys):
    Ledger.writing(state / "calls.db").close()
    assert run(["calls"]) == 1
    assert capsys.readouterr().err == "bellhop: calls: none yet\n"


def test_no_ledger_and_no_site_are_told_in_one_line(state, capsys):
    for arguments, said in (
        ([], "calls.db: No such file or directory (no call yet? it is on the edge's machine)"),
        (["--site", str(state / "no.toml")], "no.toml: No such file or directory"),
        (
            ["--database", "postgresql://bellhop:pass@127.0.0.1:1/calls"],
            "postgresql://127.0.0.1:1/calls: ",
        ),
        (["--database", str(state)], f"{state}: Is a directory"),
    ):
        assert run(["calls", *arguments]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err
        assert err.count("\n") == 1


def test_a_database_can_be_named_without_a_site(calls, state):
    code, out, _ = calls("a", "--site", "/nowhere", "--database", str(state / "calls.db"))
    assert code == 0
    assert "answered by carrier:south" in out

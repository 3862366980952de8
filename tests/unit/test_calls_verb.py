"""`bellhop calls`: what became of a call, for a person and for a program."""

import json
from pathlib import Path

import pytest

from bellhop import causes
from bellhop.cli import run
from bellhop.ledger import Entry, Ledger

GOOD = (Path(__file__).parent / "sites" / "good.toml").read_text("utf-8")


def entry(call, attempt, **fields):
    made = {
        "call": call, "call_id": f"id-{call}", "caller": "1020", "dialled": "4412",
        "profile": "carrier", "attempt": attempt, "leg": "carrier:north", "at": 1_700_000_000.5,
        "after_ms": 3, "ms": 500, "code": 503, "cause": 34, "rang": False, "verdict": "advance",
        "rule": "5xx", "why": "the next one may have a circuit",
    }  # fmt: skip
    return Entry(**(made | fields))


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
            entry("a", 1),
            entry("a", 2, leg="carrier:south", code=200, cause=None, rang=True, ms=9_000,
                  after_ms=503, verdict="answered", rule="answered", why="answered"),
            entry("b", 1, caller="", dialled="1\x1b[31m", code=None, cause=None, verdict="stop"),
        ]
    )  # fmt: skip
    ledger.close()
    return go


def test_a_call_is_told_attempt_by_attempt(calls):
    code, out, err = calls("a")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "1020 called 4412: answered by carrier:south",
        "  began  2023-11-14 22:13:20 UTC, call a",
        (
            f"  1.     carrier:north (+3 ms, 500 ms): 503, Q.850 34 {causes.title(34)[3:]}: "
            "advance [5xx], the next one may have a circuit"
        ),
        "  2.     carrier:south (+503 ms, 9000 ms): 200, it rang: answered",
    ]


def test_the_newest_come_first_and_a_terminal_is_given_no_escape(calls):
    code, out, _ = calls()
    assert code == 0
    assert out.splitlines()[0] == "somebody called 1\\x1b[31m: not answered"
    assert out.index("somebody") < out.index("1020 called")
    assert "\x1b" not in out
    assert ": no reply: stop [5xx], " in out


def test_last_bounds_what_is_shown(calls):
    assert calls("--last", "1")[1].count(" called ") == 1
    for bad in ("0", "-1", "10001", "x"):
        assert calls("--last", bad)[0] == 2


def test_json_is_a_list_of_calls_each_a_list_of_attempts(calls):
    code, out, _ = calls("--json")
    assert code == 0
    told = json.loads(out)
    assert [[e["call"] for e in call] for call in told] == [["b"], ["a", "a"]]
    assert told[1][0]["rang"] is False
    assert told[0][0]["code"] is None
    assert set(told[0][0]) == set(Entry.__struct_fields__)


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
        ([], "calls.db: unable to open database file"),
        (["--site", str(state / "no.toml")], "no.toml: No such file or directory"),
        (["--database", str(state)], f"{state}: "),
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

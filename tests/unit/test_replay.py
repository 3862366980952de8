"""What a profile would have made of past calls."""

import json
import sqlite3
import tomllib
from contextlib import closing

import pytest

from bellhop import cli
from bellhop.conflicts import conflict
from bellhop.entries import Entry
from bellhop.ledger import Ledger
from bellhop.profiles import BUILT_IN, CARRIER, Table, resolve
from bellhop.recursion import Failure, decide
from bellhop.replay import replay, turn
from bellhop.tables import read_table
from tests.unit.test_profile_verb import GOOD, MINE


def profile(text):
    mistakes = []
    table = read_table(Table, tomllib.loads(text), "x", mistakes, name="x")
    found, wrong = resolve({"x": table}, BUILT_IN)
    assert [*mistakes, *wrong] == []
    return found["x"]


def call(*attempts, name="c1", of=CARRIER):
    """Make the ledger's attempts of a call as `of` decided them; None answered."""
    made, earlier = [], []
    for place, one in enumerate(attempts, 1):
        failure = Failure(one) if isinstance(one, int) else one
        decision = decide(failure, of, earlier) if failure else None
        made.append(
            Entry(
                call=name, call_id=f"id-{name}", caller="1020", dialled="4412", profile=of.name,
                attempt=place, leg=f"carrier:{'nsw'[place - 1]}", at=1e9, after_ms=0, ms=10,
                code=failure.code if failure else 200,
                cause=failure.cause if failure else None,
                location=failure.location if failure else None,
                conflicting=failure.conflicting if failure else False,
                replied=failure.replied if failure else True,
                trusted=failure.trusted if failure else True,
                rang=failure.rang if failure else True,
                verdict=decision.verdict.value if decision else "answered",
                rule=decision.rule if decision else "answered",
                why="x",
                conflict=bool(decision and conflict(failure, decision, of)),
            )
        )  # fmt: skip
        if failure:
            earlier.append(failure)
    return made


BROADWORKS = BUILT_IN["broadworks-inbound"]


def test_a_call_that_the_profile_would_have_ended_earlier_is_lost_if_it_was_answered():
    found = turn(call(503, 404, None), BROADWORKS)
    assert (found.entry.attempt, found.decision.rule) == (2, "profile-stop-code")
    assert (found.lost, found.saved) == (True, 1)


def test_a_call_that_failed_anyway_has_only_saved_attempts():
    found = turn(call(404, 503, 503), BROADWORKS)
    assert (found.lost, found.saved) == (False, 2)


def test_a_call_that_would_have_gone_on_says_nothing_of_what_follows():
    found = turn(call(503, 486), profile("advance = [486]"))
    assert (found.entry.attempt, found.decision.verdict) == (2, "advance")
    assert (found.lost, found.saved) == (False, 0)


def test_what_decides_the_same_is_no_turn_whatever_the_rule():
    assert turn(call(486), profile("stop = [486]")) is None
    assert turn(call(503, None), BROADWORKS) is None
    assert turn(call(None), BROADWORKS) is None


def test_the_same_profile_turns_nothing():
    ended = [
        call(503, 404, 480), call(Failure(480, cause=34, rang=True), 486), call(400, 400),
        call(Failure(None, replied=False), Failure(None, replied=False, rang=True)),
        call(Failure(404, cause=17, trusted=False), None), call(Failure(480, conflicting=True)),
        call(Failure(404, cause=1, location="U")), call(Failure(487, cancelled=True)),
    ]  # fmt: skip
    came = replay(ended, CARRIER)
    assert (came.calls, came.turned) == (8, 0)


def test_earlier_attempts_count_as_they_did():
    assert turn(call(400, 400), profile("advance = [400]")).entry.attempt == 2


def test_an_attempt_that_could_not_be_sent_was_not_decided():
    (one,) = call(Failure(None, replied=False))
    unsent = with_(one, rule="not-sent")
    no_reply_stops = profile('stop = ["4xx", "5xx", "6xx"]')
    assert turn([unsent, *call(404, None)], no_reply_stops).entry.code == 404


def with_(entry, **other):
    return Entry(**{name: getattr(entry, name) for name in entry.__struct_fields__} | other)


@pytest.mark.parametrize(
    ("rule", "verdict", "redirect", "would"),
    [
        ("redirect", "redirect", "relay", None),
        ("redirect", "redirect", "follow", "follow"),
        ("redirect", "redirect", "fail", "advance"),
        ("redirect-followed", "redirect", "follow", None),
        ("redirect-followed", "redirect", "relay", "redirect"),
        ("redirect-refused", "advance", "follow", None),
        ("redirect-refused", "advance", "relay", "redirect"),
        ("redirect-refused", "advance", "fail", "advance"),
        ("redirect-as-failure", "advance", "fail", None),
    ],
)
def test_a_redirect_is_told_followed_or_a_failure(rule, verdict, redirect, would):
    first, second = call(503, None)
    moved = with_(first, code=302, rule=rule, verdict=verdict)
    found = turn([moved, second], profile(f'redirect = "{redirect}"'))
    assert (found.would if found else None) == would
    if found:
        assert found.lost is (would == "redirect")


def test_a_leg_that_was_out_is_no_attempt():
    first, second = call(404, None)
    out = with_(first, attempt=0, verdict="skipped", rule="blocked", code=None, replied=False)
    assert turn([out, first, out, second], BROADWORKS).lost
    assert replay([[out, first, out, second]], BROADWORKS).attempts == 2
    assert turn([out, *call(503, None)], BROADWORKS) is None


def test_a_leg_narrows_down_whose_attempts_are_the_profiles():
    attempts = call(404, 404, None)
    assert turn(attempts, BROADWORKS, "carrier:n").entry.attempt == 1
    assert turn(attempts, BROADWORKS, "carrier:s").entry.attempt == 2
    assert turn(attempts, BROADWORKS, "carrier:").entry.attempt == 1
    assert turn(attempts, BROADWORKS, "device:") is None


def test_a_carrier_whose_name_begins_with_anothers_is_not_that_one():
    (one,) = call(404)
    one = with_(one, leg="carrier:north-east")
    assert turn([one], BROADWORKS, "carrier:north") is None
    assert turn([one], BROADWORKS, "carrier:north-east").entry is one


def test_turns_are_counted_by_rule_and_conflicts_by_code_and_cause():
    ended = [call(404, None, name="a"), call(404, 503, name="b"), call(403, None, name="c"),
             call(Failure(503, cause=17), None), call(Failure(503, cause=17), 486),
             call(Failure(486, cause=63))]  # fmt: skip
    came = replay(ended, profile('extends = "broadworks-inbound"\nrefine_5xx = true'))
    groups = {(g.was[1], g.would[1]): (g.calls, g.lost, g.saved) for g in came.groups.values()}
    assert groups == {
        ("code-advance", "profile-stop-code"): (3, 2, 3),
        ("server-failure", "refined-5xx"): (2, 1, 2),
    }
    assert came.conflicts == {
        (503, 17): {"attempts": 2, "otherwise": 2},
        (486, 63): {"attempts": 1, "otherwise": 0},
    }
    assert came.turned == 5


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "calls.db"
    writing = Ledger.writing(path)
    for place in range(5):
        writing.add(call(404, None, name=f"c{place}"))
    writing.add(call(503, None, name="other"))
    writing.close()
    return str(path)


def run(capsys, *arguments):
    code = cli.run(["replay", *arguments])
    return code, *capsys.readouterr()


def test_the_verb_prints_counts_and_what_is_not_known(capsys, ledger):
    code, out, err = run(capsys, ledger, "--profile", "broadworks-inbound", "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert (said["calls"], said["attempts"], said["turned"], said["lost"]) == (6, 12, 5, 5)
    [turned] = said["turns"]
    assert turned["was"] == {"verdict": "advance", "rule": "code-advance"}
    assert (turned["would"]["verdict"], turned["would"]["rule"]) == ("stop", "profile-stop-code")
    assert turned["examples"] == ["c4", "c3", "c2"]
    assert "not asked" in said["unknown"]
    code, out, _ = run(capsys, ledger, "--profile", "broadworks-inbound")
    told = " ".join(out.split())
    assert "5 of 6 calls would have gone another way" in told
    assert "5 answered calls lost" in told


def test_calls_that_cannot_be_read_hide_no_other(capsys, ledger):
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("UPDATE attempts SET ms = 'long' WHERE call IN ('c1', 'c3')")
        db.commit()
    code, out, err = run(capsys, ledger, "--profile", "broadworks-inbound", "--json")
    assert code == 1
    said = json.loads(out)
    assert (said["calls"], said["turned"]) == (4, 3)
    assert "a row of call c3 cannot be read" in err
    assert err.endswith(", nor can 1 more\n")
    assert err.count("\n") == 1


def test_one_is_told_as_one(capsys, ledger):
    _, out, _ = run(capsys, ledger, "--profile", "broadworks-inbound", "--last", "2")
    told = " ".join(out.split())
    assert "1 of 2 calls would have gone another way" in told
    assert "1 later attempt not made, 1 answered call lost" in told


def test_the_verb_takes_a_leg_a_number_of_calls_and_a_sites_profile(capsys, ledger, tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(GOOD + MINE)
    mine = ("--profile", "mine", "--site", str(site), "--json")
    assert json.loads(run(capsys, ledger, *mine)[1])["turned"] == 0  # it advances on 404
    teams = ("--profile", "teams-direct-routing", "--json")
    assert json.loads(run(capsys, ledger, *teams, "--leg", "carrier:s")[1])["turned"] == 0
    code, out, err = run(capsys, ledger, *teams, "--leg", "carrier:nosuch")
    assert (code, out) == (1, "")
    assert "no attempt at carrier:nosuch in these calls; there are some at carrier:" in err
    assert json.loads(run(capsys, ledger, *teams, "--last", "2")[1])["turned"] == 1
    assert run(capsys, ledger, *teams, "--last", str(10**20))[0] == 2, "no database counts so far"


@pytest.mark.parametrize("content", [None, b"", b"not a database"])
def test_a_ledger_that_is_none_is_told_in_one_line(capsys, tmp_path, content):
    path = tmp_path / "calls.db"
    if content is not None:
        path.write_bytes(content)
    code, out, err = run(capsys, str(path), "--profile", "carrier")
    assert (code, out) == (1, "")
    assert "calls.db" in err
    assert err.count("\n") == 1


def test_a_ledger_that_lacks_what_replay_needs_is_told(capsys, tmp_path):
    path = tmp_path / "calls.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE attempts (call TEXT)")
    db.close()
    assert run(capsys, str(path), "--profile", "carrier")[0] == 1

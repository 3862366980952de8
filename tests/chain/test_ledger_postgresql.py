"""The ledger in PostgreSQL: it does what it does in SQLite, and calls go on while it is away."""

from collections.abc import Iterator

import pytest

from bellhop import ledgers
from bellhop.databases import Down
from bellhop.ledger import Ledger
from bellhop.postgresql import Postgresql
from tests.chain.calling import cause, dial, tried
from tests.chain.harness.another_edge import another_edge
from tests.chain.harness.postgres import Server
from tests.chain.harness.stack import docker, until
from tests.unit import test_ledger
from tests.unit.records import ending, entry

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

TO_NORTH = "441632960100"
DSN_FILE = "/run/ledger.dsn"
OPERATIONS = [
    test_ledger.test_what_only_an_answered_attempt_or_only_a_failed_one_has_is_read_as_written,
    test_ledger.test_a_call_ends_once_and_tells_what_its_caller_got,
    test_ledger.test_a_call_that_nobody_was_tried_for_is_there_too,
    test_ledger.test_the_newest_call_comes_first_and_its_attempts_in_order,
    test_ledger.test_a_call_is_found_by_our_name_or_by_its_call_id,
    test_ledger.test_a_callers_call_id_puts_nothing_into_another_call,
    test_ledger.test_two_calls_of_one_call_id_are_not_taken_for_one,
    test_ledger.test_the_same_record_twice_is_one,
    test_ledger.test_a_record_that_cannot_be_written_keeps_no_other_from_it,
    test_ledger.test_a_half_written_batch_leaves_nothing,
]


@pytest.fixture
def ledger(server: Server) -> Iterator[Ledger]:
    """An empty ledger there."""
    server.sql("DROP TABLE IF EXISTS attempts, calls")
    made = Ledger.writing(Postgresql.connect(server.url))
    yield made
    made.close()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda test: test.__name__[5:40])
def test_it_does_there_what_it_does_in_sqlite(operation, ledger):
    operation(ledger)


def test_calls_are_found_there_as_in_sqlite(ledger, subtests):
    test_ledger.fill(ledger)
    for conditions, calls in test_ledger.SEARCHES:
        with subtests.test(conditions=conditions):
            assert test_ledger.found(ledger, **conditions) == list(calls)


def test_a_text_that_postgresql_cannot_hold_is_written_with_a_sign_in_its_place(ledger):
    assert ledger.add([entry("a", why="«é\u2028\U0001f514» \x00'\"; DROP TABLE attempts")]) == 0
    assert ledger.call("a").attempts[0].why == "«é\u2028\U0001f514» \u2400'\"; DROP TABLE attempts"


@pytest.mark.usefixtures("ledger")
def test_the_oldest_go_there_too(server):
    small = Ledger.writing(Postgresql.connect(server.url), keep=10)
    for n in range(40):
        small.add([entry(f"c{n}"), ending(f"c{n}")])
    assert [call.call for call in small.calls(100)] == [f"c{n}" for n in range(39, 29, -1)]
    assert server.sql("SELECT count(*) FROM attempts") == [(10,)]
    small.close()


def test_a_field_that_came_later_is_added_to_the_table(server, ledger):
    ledger.add([entry("a", code=None, cause=None), ending("a")])
    server.sql(
        "ALTER TABLE attempts DROP COLUMN conflict, DROP COLUMN replied, DROP COLUMN gateway"
    )
    with pytest.raises(Down, match="an earlier version's"):
        ledgers.read_named(server.url)
    Ledger.writing(Postgresql.connect(server.url)).close()
    reader = ledgers.read_named(server.url)
    [old] = reader.call("a").attempts
    reader.close()
    assert (old.conflict, old.replied, old.gateway) == (False, False, "")


def test_a_server_that_stands_still_is_away(server, ledger, monkeypatch):
    """Its machine acknowledges what it is asked, so that no time limit of TCP's is over, either."""
    monkeypatch.setattr("bellhop.postgresql._ANSWER", 1.0)
    docker("pause", server.name)
    try:
        with pytest.raises(Down, match="no answer within 1 s"):
            ledger.add([entry("a")])
    finally:
        docker("unpause", server.name)
    again = Ledger.writing(Postgresql.connect(server.url))
    assert again.add([entry("a")]) == 0
    again.close()


def test_calls_go_on_while_it_is_away_and_their_rows_arrive_when_it_is_back(
    stack, place, cast, server
):
    def there(text: str) -> str:
        added = f'[edge]\nledger = "postgresql"\nledger_dsn_file = "{DSN_FILE}"'
        return text.replace("[edge]", added, 1)

    server.sql("DROP TABLE IF EXISTS attempts, calls")
    with another_edge(stack, place, cast, "postgresql", last="118", change=there) as (scene, name):
        docker("exec", name, "sh", "-c", f"umask 077; echo '{server.url}' >{DSN_FILE}")

        def call() -> None:
            north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
            south = scene.play(scene.cast.carrier("south"), "carrier/answers")
            scene.finish(dial(scene, TO_NORTH), north, south)

        def written() -> list[str]:
            try:
                return [str(row[0]) for row in server.sql("SELECT code FROM calls ORDER BY rowid")]
            except Down:  # the table is made with the first row
                return []

        call()
        until("the first call's row", lambda: written() == ["200"], 15)
        server.stop()
        call()
        call()
        server.start()
        call()
        until("the rows of all four calls", lambda: written() == ["200"] * 4, 30)
        legs = "SELECT leg, code, cause FROM attempts ORDER BY rowid"
        expected = [("carrier:north", 503, 34), ("carrier:south", 200, None)]
        assert server.sql(legs) == expected * 4

        messages = scene.messages()
        assert tried(messages, scene) == ["north", "south"] * 4
        told = docker("exec", name, "bellhop", "calls", "--answered", "--json")
        assert told.count('"answered": true') == 4

"""The SIPp suite against an edge that is not the stack's, by the command of docs/suite.md, from a
machine that has no other control of it.
"""

import shutil
from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.adoption.kamailio import Own, own_kamailio
from tests.chain.adoption.suite import Bench, Ran, gateways
from tests.chain.harness.places import Lab
from tests.chain.harness.stack import Stack

pytestmark = [pytest.mark.control, pytest.mark.timeout(900)]


_ATTEMPTS = """
import sqlite3
base = sqlite3.connect("file:/var/lib/bellhop/calls.db?mode=ro", uri=True)
print(*base.execute("SELECT count(*) FROM attempts").fetchone())
"""


@pytest.fixture(scope="module")
def theirs(stack: Stack, site: Site, place: Lab) -> Iterator[tuple[Bench, Own]]:
    """A test machine, and somebody's edge whose carriers and trunk are at that machine."""
    bench = Bench(stack, site)
    try:
        directory = place.artifacts / "adoption-suite-edge"
        with own_kamailio(stack, site, directory, others=gateways(site)) as own:
            yield bench, own
    finally:
        kept = place.artifacts / "adoption-suite"
        shutil.rmtree(kept, ignore_errors=True)
        bench.keep(kept)
        bench.remove()


@pytest.fixture(scope="module")
def ran(theirs: tuple[Bench, Own]) -> Ran:
    """The whole suite, run once."""
    bench, own = theirs
    return bench.run(own.site.path.read_text("utf-8"), own.cast.secrets)


def test_the_whole_suite_passes(ran: Ran):
    assert ran.code == 0, ran.said
    assert set(ran.count()) == {"passed"}, ran.said
    assert ran.count()["passed"] >= 50, ran.said


def test_it_registers_and_takes_calls_past_failing_carriers_at_that_edge(ran: Ran, theirs):
    for name in (
        "test_a_device_registers_with_an_authentication_id_that_is_not_its_number",
        "test_a_503_with_cause_34_takes_the_call_to_the_second_carrier_at_once",
    ):
        assert ran.tests[name] == ("passed", "")
    assert int(theirs[1].machine.run("python3", "-c", _ATTEMPTS)) >= 40


def test_no_test_that_needs_control_of_the_servers_is_run(ran: Ran):
    assert not [name for name in ran.tests if "adoption" in name or "ledger" in name]
    assert "deselected" in ran.said


def test_tests_of_carriers_that_are_elsewhere_are_skipped_and_none_of_them_fails(theirs, site):
    bench, own = theirs
    text = own.site.path.read_text("utf-8")
    for elsewhere, here in gateways(site):
        text = text.replace(here, elsewhere)
    ran = bench.run(text, own.cast.secrets)
    assert ran.code == 0, ran.said
    assert set(ran.count()) == {"passed", "skipped"}, ran.said
    whys = {
        why.partition(" is at ")[0] for outcome, why in ran.tests.values() if outcome == "skipped"
    }
    assert whys == {*site.carriers, *site.trunks}


def test_a_wrong_passwords_file_fails_it_and_says_who_expected_what(theirs):
    bench, own = theirs
    wrong = {number: (user, "wrong") for number, (user, _) in own.cast.secrets.items()}
    name = "test_a_device_registers_with_an_authentication_id_that_is_not_its_number"
    ran = bench.run(own.site.path.read_text("utf-8"), wrong, "-k", name)
    assert ran.code == 1
    outcome, why = ran.tests[name]
    assert outcome == "failure"
    assert "1008 (speaker/registers)" in why
    assert "401" in why


def test_without_passwords_it_says_what_is_missing(theirs):
    bench, own = theirs
    ran = bench.run(own.site.path.read_text("utf-8"), {}, "-k", "authentication_id")
    assert ran.code == 1
    assert "no password for device 1008" in ran.said

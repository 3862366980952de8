"""An exception in each callback: the caller gets an answer, nothing rings for ever, and the next call
is as if nothing had been.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellhop.settings import Site
from tests.chain.calling import assert_all_settled, calls, dial, final, tried
from tests.chain.faulty import TO_NORTH, Home, carriers, home_at
from tests.chain.harness.another_edge import edge_beside, logged, rows
from tests.chain.harness.peer import Peer
from tests.chain.harness.sip import Messages
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

SCRIPT = Path(__file__).parent / "harness" / "faults.py"
ENTRY = Path(__file__).parents[2] / "config" / "kamailio" / "entry-python3s" / "route.py"
TIMERS = {
    "ksr_ledger_write",
    "ksr_site_reload",
    "ksr_names_resolve",
    "ksr_carriers_register",
    "ksr_gateways_load",
}
REQUEST, BRANCH, REPLY, FAILURE, DIALOG = (f"44163296020{n}" for n in range(1, 6))


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    # What follows the app's import in the real script builds it; ours is broken before.
    _, imports, builds = ENTRY.read_text("utf-8").partition("from kemi.app import mod_init")
    assert imports
    broken = SCRIPT.read_text("utf-8") + builds.partition("\n")[2]
    files = {"/etc/kamailio/bellhop/entry-python3s/route.py": broken}
    of_all = "breaker = 0\nprobe = false"
    # Only a branch that is another than the others has a route of its own.
    quiet = carriers(
        {"north": f'{of_all}\nearly_media = "suppress"', "south": of_all, "west": of_all}
    )
    change = lambda text: quiet(text).replace("attempts = 4", 'probe = "60s"\nattempts = 4')  # noqa: E731
    with edge_beside(
        stack, place, cast, "callback-faults", last="124", change=change, files=files
    ) as found:
        yield found


@pytest.fixture
def home(edge, stack, place, cast, request) -> Iterator[Home]:
    with home_at(stack, place, cast, edge, request.node.name) as found:
        yield found


def failures(home: Home) -> set[str]:
    """Return the callbacks that have failed on this edge so far; each failure is one log line."""
    lines = [line for line in logged(home.name).splitlines() if re.search("Fault|two lines", line)]
    line = r" *[0-9]+\([0-9]+\) ERROR: .*callback=(\w+) answered=\w+ error=.*Fault.* two lines"
    found = [re.fullmatch(line, one) for one in lines]
    torn = [one for one, is_line in zip(lines, found, strict=True) if is_line is None]
    assert not torn
    return {one[1] for one in found if one is not None}


def afterwards(home: Home, callback: str, phone: Peer) -> Messages:
    """Place a normal call and return the messages of the one before it."""
    home.takes_a_call()
    assert callback in failures(home)
    messages = home.scene.messages()
    assert_all_settled(messages)
    before, _ = calls(messages)
    assert final(before, phone).at - before[0].at < 10
    return before


def test_in_the_request_route_the_caller_gets_a_500(home: Home):
    phone = dial(home.scene, REQUEST, "caller/calls-and-is-refused")
    home.scene.finish(phone)

    before = afterwards(home, "ksr_request_route", phone)
    assert final(before, phone).code == 500
    assert tried(before, home.scene) == []


def test_in_the_branch_route_the_call_is_made_all_the_same(home: Home):
    north = home.scene.play(home.scene.cast.carrier("north"), "carrier/answers")
    phone = dial(home.scene, BRANCH)
    home.scene.finish(phone, north)

    before = afterwards(home, "ksr_branch_shaped", phone)
    assert tried(before, home.scene) == ["north"]
    assert final(before, phone).code == 200


def test_in_the_reply_route_a_call_that_nobody_takes_rings_no_longer_than_one_that_is_silent(
    home: Home,
):
    north = home.scene.play(home.scene.cast.carrier("north"), "carrier/rings-forever")
    south = home.scene.play(home.scene.cast.carrier("south"), "carrier/answers")
    phone = dial(home.scene, REPLY)
    home.scene.finish(phone, north, south)

    before = afterwards(home, "ksr_reply_call", phone)
    assert tried(before, home.scene) == ["north", "south"]
    assert final(before, phone).code == 200
    assert before.where(method="CANCEL", target=north.who.socket)


def test_in_the_failure_route_the_caller_gets_a_500_and_nobody_else_is_called(home: Home):
    north = home.scene.play(home.scene.cast.carrier("north"), "carrier/rejects-503")
    phone = dial(home.scene, FAILURE, "caller/calls-and-is-refused")
    home.scene.finish(phone, north)

    before = afterwards(home, "ksr_failure_call", phone)
    assert tried(before, home.scene) == ["north"]
    assert final(before, phone).code == 500


def test_in_the_reply_route_of_a_dialog_the_call_ends_all_the_same(home: Home):
    north = home.scene.play(home.scene.cast.carrier("north"), "carrier/answers")
    phone = dial(home.scene, DIALOG)
    home.scene.finish(phone, north)

    before = afterwards(home, "ksr_reply_dialog", phone)
    [ended] = before.where(code=200, answers="BYE", target=phone.who.socket).once()
    assert ended


def test_what_asks_by_http_is_told_500_and_what_runs_by_a_timer_disturbs_no_call(home: Home):
    ask = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=3)"
    url = f"http://{home.scene.site.edge.internal}/RPC"
    with pytest.raises(RuntimeError, match="HTTP Error 500"):
        docker("exec", home.name, "python3", "-c", ask, url)
    until("the timers to have failed", lambda: failures(home) >= TIMERS, 10)
    assert "ksr_xhttp_event" in failures(home)
    home.takes_a_call()
    # The writer failed twice, and then went on.
    query = "SELECT dialled, code FROM calls"
    wanted = [TO_NORTH, 200]
    until("the call in the ledger", lambda: wanted in rows(home.name, "calls.db", query), 10)

"""Carriers whose replies nobody can read, and carriers who are not there: the call goes on to the
next one in time, the caller hears nothing of it, and nothing is left behind.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator

import pytest

from bellhop.settings import Site
from tests.chain.calling import assert_all_settled, calls, dial, final, to, tried
from tests.chain.faulty import TO_NORTH, TO_WEST, Home, carriers, home_at, reply
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.raw import raw
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import Stack

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

PATIENCE = 1.0  # s: how long a carrier may be silent here
TIMERS = 1.4  # s, what tm's timers and a busy machine may add

# Replies that are none: each would end the call, if anybody believed it.
Broken = Callable[[Message], str | bytes]
GARBAGE: dict[str, Broken] = {
    "no SIP": lambda _: bytes(range(256)) * 4,
    "nothing but line ends": lambda _: "\r\n\r\n",
    "another protocol": lambda _: "HTTP/1.1 486 Busy Here\r\n\r\n",
    "60 kB of one letter": lambda _: "x" * 60_000,
    "cut within a header": lambda m: reply(m, "486 Busy Here").partition("Call-Id")[0],
    "no status code": lambda m: reply(m, "Busy Here"),
    "no Via": lambda m: reply(m, "486 Busy Here").replace("Via:", "Was:"),
    "another branch": lambda m: reply(
        m, "486 Busy Here", via=m.header("via").replace(m.branch, m.branch[:-1] + "9")
    ),
    "another's Via": lambda m: reply(
        m, "486 Busy Here", via=m.header("via").replace("UDP ", "UDP 192.0.2.1;x=")
    ),
    "another method": lambda m: reply(m, "486 Busy Here", cseq="2 BYE"),
    "no CSeq": lambda m: reply(m, "486 Busy Here").replace("Cseq:", "Was:"),
}


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    """North's breaker is off; west is an address at which nobody is, and has one."""
    nobody = f"{cast.edge.host.rpartition('.')[0]}.249:5060"
    west = f'gateway = "{cast.site.carriers["west"].gateways[0]}"'
    silent = carriers({"north": "breaker = 0", "west": 'breaker = 2\nbreaker_pause = "60s"'})
    change = lambda text: silent(text).replace(west, f'gateway = "{nobody}"')  # noqa: E731
    with edge_beside(stack, place, cast, "carrier-faults", last="123", change=change) as found:
        yield found


@pytest.fixture
def home(edge, stack, place, cast, request) -> Iterator[Home]:
    shutil.rmtree(place.artifacts / request.node.name, ignore_errors=True)
    with home_at(stack, place, cast, edge, request.node.name) as found:
        yield found


def test_replies_that_nobody_can_read_are_as_silence(home: Home, place, subtests):
    scene, many = home.scene, len(GARBAGE)
    north = scene.cast.carrier("north")
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=many)
    sent: dict[str, str] = {}
    with raw(place, north, scene.directory) as carrier:
        phone = dial(scene, TO_NORTH, calls=many, options=("-r", "20"))
        kinds = iter(GARBAGE.items())
        while len(sent) < many:
            came = carrier.receive(10)
            assert came is not None, f"only {len(sent)} calls came"
            if came.message.method == "INVITE" and came.message.call_id not in sent:
                kind, broken = next(kinds)
                sent[came.message.call_id] = kind
                carrier.send(broken(came.message))
        scene.finish(phone, south)
    home.takes_a_call()

    messages = scene.messages()
    for one in calls(messages)[:many]:
        kind = sent[one[0].call_id]
        with subtests.test(kind=kind):
            assert tried(one, scene) == ["north", "south"]
            told = final(one, phone)
            assert told.code == 200
            first, second = to(one, scene, "north")[0], to(one, scene, "south")[0]
            assert PATIENCE - 0.2 < second.at - first.at < PATIENCE + TIMERS


def test_a_port_that_refuses_costs_a_call_its_answer_timeout_and_no_more(home: Home):
    """ICMP says so at once; but anybody can forge that, and Kamailio does not hear it."""
    scene, many = home.scene, 3
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=many)
    phone = dial(scene, TO_NORTH, calls=many, options=("-r", "20"))
    scene.finish(phone, south)
    home.takes_a_call()

    messages = scene.messages()
    each = calls(messages)[:many]
    assert [tried(one, scene) for one in each] == [["north", "south"]] * many
    for one in each:
        first, second = to(one, scene, "north")[0], to(one, scene, "south")[0]
        assert PATIENCE - 0.2 < second.at - first.at < PATIENCE + TIMERS
    assert_all_settled(messages)


@contextlib.contextmanager
def blackholed(stack: Stack, host: str) -> Iterator[None]:
    """Have the lab drop the datagrams for one of its addresses, and say nothing of it: by a rule before
    the table of its own addresses, for not every kernel has tc's classifiers.
    """
    hole = f"ip rule add pref 5 to {host} ipproto udp blackhole"
    before = ["ip rule add pref 10 lookup local", hole]
    after = ["ip rule add pref 0 lookup local", "ip rule del pref 5", "ip rule del pref 10"]
    stack.execute("lab", "sh", "-c", " && ".join([*before, "ip rule del pref 0"]), user="0")
    try:
        yield
    finally:
        stack.execute("lab", "sh", "-c", "; ".join(after), user="0")


def test_a_carrier_that_is_blackholed_is_left_after_its_answer_timeout(home: Home, stack):
    """It is there, and listens; between it and us everything is lost, and nobody says so."""
    scene, many = home.scene, 3
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=many)
    with blackholed(stack, north.who.address[0]):
        phone = dial(scene, TO_NORTH, calls=many, options=("-r", "20"))
        scene.finish(phone, south)
        home.settled()
    north.end()
    assert "INVITE" not in north.file("messages").read_text("utf-8", "replace")
    home.takes_a_call()

    messages = scene.messages()
    for one in calls(messages)[:many]:
        assert tried(one, scene) == ["north", "south"]
        first, second = to(one, scene, "north")[0], to(one, scene, "south")[0]
        assert PATIENCE - 0.2 < second.at - first.at < PATIENCE + TIMERS
        assert final(one, phone).code == 200
        assert not one.where(source=north.who.socket)


def test_an_address_at_which_nobody_is_is_left_alone_after_two_calls(home: Home):
    scene = home.scene
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=3)
    scene.finish(dial(scene, TO_WEST, calls=2, options=("-r", "20")))
    scene.finish(dial(scene, TO_WEST), south)
    home.takes_a_call()

    messages = scene.messages()
    *both, third = calls(messages)[:3]
    for one in both:
        assert {"west", "south"} >= set(tried(one, scene))
        assert tried(one, scene)[-1] == "south"
        began = one.where(method="INVITE")[0].at
        assert to(one, scene, "south")[0].at - began < PATIENCE + TIMERS
    assert tried(third, scene) == ["south"]
    invites = third.where(method="INVITE")
    assert invites[-1].at - invites[0].at < PATIENCE
    assert_all_settled(messages)

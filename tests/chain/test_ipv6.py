"""A whole edge on IPv6: devices, carriers and PBXs are there; the pbx is where it always is."""

from collections.abc import Iterator

import pytest

from tests.chain.calling import TO_NORTH, assert_all_settled, cause, dial, final, tried
from tests.chain.faulty import Home, home_at
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.raw import raw
from tests.chain.harness.six import Six, six
from tests.chain.test_aliases import names_another
from tests.chain.test_nat import is_reached_where_it_is
from tests.chain.torture import ALL
from tests.chain.torturing import torture

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def net(stack, cast) -> Iterator[Six]:
    with six(stack, cast.edge.host) as made:
        yield made


@pytest.fixture(scope="module")
def started(stack, net, cast):
    with edge_beside(stack, net.lab, cast, "ipv6", last="144", change=net.moved) as found:
        yield found


@pytest.fixture
def home(stack, net, cast, started, request) -> Iterator[Home]:
    with home_at(stack, net.lab, cast, started, f"ipv6-{request.node.name}") as found:
        yield found


def test_a_phone_on_ipv6_has_a_call_that_both_sides_change(home: Home):
    scene = home.scene
    first = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    second = scene.play(scene.cast.carrier("south"), "carrier/is-reinvited-and-reinvites")
    caller = dial(scene, TO_NORTH, "caller/reinvites-and-is-reinvited")
    scene.finish(caller, first, second)

    messages = scene.messages()
    assert tried(messages, scene)[:2] == ["north", "south"]
    assert_all_settled(messages)
    home.settled()


def test_a_trunk_on_ipv6_is_answered_by_the_second_carrier(home: Home):
    scene = home.scene
    first = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    second = scene.play(scene.cast.carrier("south"), "carrier/answers")
    pbx = scene.cast.trunk("reception")
    caller = scene.play(pbx, "pbx/calls", number="2001", dialled=TO_NORTH, pause=100)
    scene.finish(caller, first, second)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert final(messages, caller).code == 200
    for method in ("ACK", "BYE"):
        assert messages.where(method=method, target=second.who.socket).one()
    assert_all_settled(messages)
    home.settled()


def test_a_device_on_ipv6_that_names_another_host_is_reached_where_it_registered_from(home: Home):
    # The edge pings what is behind NAT; a SIPp that waits for an INVITE would take one for it.
    home.kamcmd("nathelper.enable_ping", "0")
    elsewhere = {"contact_host": "[2001:db8::7]", "contact_port": "5062"}
    is_reached_where_it_is(home.scene, elsewhere)


@pytest.mark.parametrize("host", ["its own", "[2001:db8::7]:5060"])
def test_an_alias_that_a_device_on_ipv6_wrote_leads_to_nobody_else(home: Home, net, host: str):
    names_another(home.scene, net.lab, host)


def test_each_torture_message_gets_its_answer_on_ipv6_too(home: Home, net, subtests):
    scene = home.scene
    with raw(net.lab, scene.cast.stranger(scene.cast.devices_door), scene.directory) as peer:
        answers = torture(peer, f"{scene.began:.0f}")
    for one in ALL:
        with subtests.test(name=one.name):
            assert answers[one.name] in one.right, one.why
    home.takes_a_call()

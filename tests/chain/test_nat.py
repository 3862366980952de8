"""Devices whose Contact is not where they are: behind NAT, or lying."""

from collections.abc import Iterator

import pytest

from tests.chain.calling import assert_all_settled, dial, final
from tests.chain.harness.scene import Scene

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

PRIVATE = {"contact_host": "192.168.77.7", "contact_port": "5062"}


@pytest.fixture(autouse=True)
def _no_pings(scene: Scene) -> Iterator[None]:
    """The edge pings what is behind NAT with OPTIONS every 30 s; a SIPp that waits for an INVITE
    would take one for it.
    """
    scene.edge.rpc("nathelper.enable_ping", 0)
    yield
    scene.edge.rpc("nathelper.enable_ping", 1)


def test_a_device_behind_nat_is_reached_where_it_registered_from(scene: Scene):
    is_reached_where_it_is(scene, PRIVATE)
    scene.register("1009")  # as it was: no device behind NAT stays, to be pinged later


def is_reached_where_it_is(scene: Scene, elsewhere: dict[str, str]) -> None:
    """Have a device that says it is elsewhere called: all of the call comes to it."""
    device = scene.cast.device("1009")
    scene.finish(scene.play(device, "speaker/registers", **elsewhere))
    callee = scene.play(device, "speaker/answers-behind-nat", **elsewhere)
    caller = dial(scene, "1009")
    scene.finish(caller, callee)

    messages = scene.messages()
    assert final(messages, caller).code == 200
    for method in ("INVITE", "ACK", "BYE"):
        assert messages.where(method=method, target=device.socket), f"no {method} at the device"
    assert not messages.where(target=elsewhere["contact_host"])
    assert_all_settled(messages)


def test_a_contact_at_a_carrier_does_not_have_us_dial_out(scene: Scene):
    device = scene.cast.device("1009")
    gateway = scene.site.carriers["south"].gateways[0]
    hijack = {"contact_host": gateway.host, "contact_port": str(gateway.port)}
    scene.finish(scene.play(device, "speaker/registers", **hijack))
    callee = scene.play(device, "speaker/answers")
    caller = dial(scene, "1009")
    scene.finish(caller, callee)

    messages = scene.messages()
    assert messages.where(method="INVITE", target=device.socket)
    assert not messages.where(target=str(gateway)), "a packet went to the carrier"
    scene.register("1009")  # as it was

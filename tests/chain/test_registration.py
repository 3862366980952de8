"""REGISTER: over the wire, in the running edge, in its database."""

import pytest

from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import until

pytestmark = pytest.mark.timeout(120)


def test_a_device_registers_with_an_authentication_id_that_is_not_its_number(scene: Scene):
    number = next(n for n, d in scene.site.devices.items() if d.auth_user != n)
    [device] = scene.register(number)

    registers = scene.messages().where(method="REGISTER")
    assert [bool(m.header("authorization")) for m in registers.once()] == [False, True]
    [ok] = scene.messages().where(code=200, answers="REGISTER").once()
    assert f"{number}@{device.socket}" in ok.header("contact")


@pytest.mark.control
def test_a_registration_is_in_the_running_edge_and_in_its_database(scene: Scene):
    [device] = scene.register("1009")
    contact = f"sip:1009@{device.socket}"

    assert scene.edge.contacts("1009") == [contact]
    until("the registration in the database", lambda: scene.edge.stored_contacts("1009") == [contact])

    scene.finish(scene.play(device, "speaker/unregisters"))

    assert scene.edge.contacts("1009") == []
    until("the database without it", lambda: scene.edge.stored_contacts("1009") == [])

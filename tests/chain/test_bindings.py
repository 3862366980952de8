"""What a REGISTER may say in Contact, and how it is answered: the registrar reads more of it than the
address that we look at.
"""

import pytest

from tests.chain.faulty import reply
from tests.chain.harness.raw import Raw, credentials, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]

DEVICE = "1009"


def registers(device: Raw, mark: str, contact: str) -> Message:
    """Have a device register with this Contact; returns the answer."""
    uri = f"sip:{device.who.edge[0]}"
    challenge = device.ask(request(device.who, "REGISTER", mark=mark))
    proof = credentials(device.who, challenge, "REGISTER", uri)
    text = request(device.who, "REGISTER", number=2, mark=mark, extra=proof, contact=contact)
    return device.ask(text)


def test_calls_go_to_where_the_device_is_whatever_else_its_contact_says(scene: Scene, place):
    """Otherwise a device could have our INVITEs sent to any host, as who calls it."""
    who, trunk = scene.cast.device(DEVICE), scene.cast.trunk("reception")
    own, other = f"{DEVICE}@{who.socket}", scene.cast.stranger().socket
    with raw(place, who, scene.directory) as device, raw(place, trunk, scene.directory) as caller:
        for number, contact in enumerate(
            (
                f'<sip:{own}>;received="sip:{other}"',
                f"<sip:{other}>;received",
                f"<sip:{own}>;expires=0, <sip:{other}>",
                f"<sip:{own}>;q=0.1\r\nContact: <sip:{other}>",
                f'"\udce9" <sip:{own}>;received="sip:{other}"',  # not UTF-8
            )
        ):
            mark = f"{scene.began}-{number}"
            answer = registers(device, mark, contact)
            assert (answer.code, len(answer.all("contact"))) == (200, 1), contact
            caller.send(request(trunk, "INVITE", DEVICE, mark=mark))
            while (came := device.receive()) is not None and came.message.method != "INVITE":
                pass  # the edge pings what is behind NAT
            assert came is not None, contact
            device.send(reply(came.message, "486 Busy Here"))
            while (told := caller.receive()) is not None and told.message.code < 300:
                pass
            assert told is not None
            assert told.message.code == 486, contact
    assert not scene.messages().where(target=other)
    scene.register(DEVICE)  # as it was


def test_a_registration_is_answered_once(scene: Scene, place):
    who = scene.cast.device(DEVICE)
    own, more = f"{DEVICE}@{who.socket}", "y" * 9000
    with raw(place, who, scene.directory) as device:
        for number, (contact, code) in enumerate(
            (
                (f"<sip:{own}>;q=7", 400),
                (f"*, <sip:{own}>", 400),
                (f"<sip:{own};x={more}>;received\r\nContact: <sip:{own};x={more}>", 400),
                (f"<sip:{own}>", 200),
            )
        ):
            answer = registers(device, f"{scene.began}-{number}", contact)
            assert answer.code == code, contact[:80]
            assert device.receive(0.3) is None, contact[:80]
    scene.register(DEVICE)  # as it was

"""Devices whose Contact is not where they are: behind NAT, or lying."""

import re
from collections.abc import Iterator

import pytest

from bellhop.pages import SILENT_BEHIND_NAT
from tests.chain.calling import assert_all_settled, dial, final
from tests.chain.faulty import reply
from tests.chain.harness.raw import raw
from tests.chain.harness.scene import Scene
from tests.chain.harness.talker import talker
from tests.chain.paging import answering, heard, page, report, sentence
from tests.chain.test_bindings import registers
from tests.chain.test_offers import PORT, SPEAKS, VOICE, with_body
from tests.chain.test_sender import comes

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

SILENCE = 0xFF
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


@pytest.mark.parametrize("sends", [True, False], ids=["sends audio", "is silent"])
def test_a_speaker_behind_nat_hears_a_page_once_it_sends_and_else_it_is_told(
    scene: Scene, place, *, sends: bool
):
    """Its answer has its own, private address; audio goes to where its own comes from (RFC 4961)."""
    number, there = "1010", PRIVATE["contact_host"]
    others = answering(scene, "1008", "1009")
    who = scene.cast.device(number)
    with raw(place, who, scene.directory) as speaker:
        contact = f"<sip:{number}@{there}:{PRIVATE['contact_port']}>"
        assert registers(speaker, f"{scene.began}", contact).code == 200
        leader = page(scene, VOICE, talk=4000)
        asked = comes(speaker, "INVITE")
        path = [f"Record-Route: {one}" for one in asked.all("record-route")]
        said = reply(asked, "200 OK", f"Contact: {contact}", *path)
        speaker.send(with_body(said, "application/sdp", SPEAKS.replace("127.0.0.1", there)))
        comes(speaker, "ACK")
        if sends:
            found = re.search(r"c=IN IP4 (\S+).*m=audio ([0-9]+)", asked.body, re.DOTALL)
            assert found
            with talker(scene.place, who.address[0], PORT, (found[1], int(found[2]))) as voice:
                voice.said("hears")
                voice.say(SILENCE, 1)
        ended = comes(speaker, "BYE")
        speaker.send(reply(ended, "200 OK", to=ended.header("to")))
    scene.finish(leader, *others)
    scene.register(number)  # as it was
    outcome, *_, why = sentence(report(scene))[number]
    assert outcome == "played"
    assert why == ("" if sends else SILENT_BEHIND_NAT)
    assert heard(scene, number, VOICE) >= 2 if sends else heard(scene, number, VOICE) == 0

"""REGISTER: over the wire, in the running edge, in its database."""

import re
from dataclasses import replace

import pytest

from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import until
from tests.chain.hostile import call_with

pytestmark = pytest.mark.timeout(120)

# An AXIS horn, whose Authentication ID is not its number.
HORN = "1008"
OTHER = "1009"
WRONG = "not-its-password"


def test_a_device_registers_with_an_authentication_id_that_is_not_its_number(scene: Scene):
    assert scene.site.devices[HORN].auth_user != HORN
    [device] = scene.register(HORN)

    registers = scene.messages().where(method="REGISTER", source=device.socket).once()
    assert [bool(m.header("authorization")) for m in registers] == [False, True]
    [ok] = scene.messages().where(code=200, answers="REGISTER").once()
    assert f"{HORN}@{device.socket}" in ok.header("contact")


@pytest.mark.control
def test_a_registration_is_in_the_running_edge_and_in_its_database_until_it_ends(scene: Scene):
    [device] = scene.register(HORN)
    contact = f"sip:{HORN}@{device.socket}"

    assert scene.edge.contacts(HORN) == [contact]
    until("the registration in the database", lambda: scene.edge.stored_contacts(HORN) == [contact])

    scene.finish(scene.play(device, "speaker/unregisters"))

    assert scene.edge.contacts(HORN) == []
    until("the database without it", lambda: scene.edge.stored_contacts(HORN) == [])


def test_a_wrong_password_is_challenged_again(scene: Scene):
    device = scene.cast.device(HORN, password=WRONG)
    scene.finish(scene.play(device, "speaker/registers-with-wrong-password"))

    codes = [m.code for m in scene.messages().where(answers="REGISTER").once()]
    assert codes == [401, 401]


@pytest.mark.control
def test_a_wrong_password_changes_no_registration(scene: Scene):
    [device] = scene.register(HORN)
    before = scene.edge.contacts(HORN)
    elsewhere = scene.cast.device(HORN, password=WRONG)
    wrong = scene.play(elsewhere, "speaker/registers-with-wrong-password", contact_port="5099")
    scene.finish(wrong)

    assert before == scene.edge.contacts(HORN) == [f"sip:{HORN}@{device.socket}"]


def _without_what_differs(message: Message) -> str:
    """Return an answer without its nonce, tags, branch and Call-ID."""
    volatile = r'nonce="[^"]*"|tag=[^;\r\n]*|branch=[^;\r\n]*|^Call-ID:.*$'
    return re.sub(volatile, "", message.raw, flags=re.MULTILINE)


def test_an_unknown_user_gets_the_very_answer_of_a_wrong_password(scene: Scene):
    for user, password in (("", WRONG), ("nobody-at-all", WRONG)):
        device = scene.cast.device(HORN, auth_user=user, password=password)
        scene.finish(scene.play(device, "speaker/registers-with-wrong-password"))

    first, wrong, again, unknown = scene.messages().where(code=401).once()
    assert _without_what_differs(wrong) == _without_what_differs(unknown)
    assert _without_what_differs(first) == _without_what_differs(again)


def test_a_device_cannot_register_another_devices_address_of_record(scene: Scene):
    device = scene.cast.device(HORN)
    scene.finish(scene.play(device, "speaker/registers-and-is-refused", number=OTHER))

    codes = [m.code for m in scene.messages().where(answers="REGISTER").once()]
    assert codes == [401, 403]


@pytest.mark.control
def test_another_devices_registration_stays_as_it_was(scene: Scene):
    [victim] = scene.register(OTHER)
    thief = scene.cast.device(HORN)
    scene.finish(scene.play(thief, "speaker/registers-and-is-refused", number=OTHER))

    assert scene.edge.contacts(OTHER) == [f"sip:{OTHER}@{victim.socket}"]
    assert scene.edge.contacts(HORN) == [] or victim.socket not in scene.edge.contacts(HORN)[0]


def test_a_device_that_moved_is_reached_at_its_new_address(scene: Scene):
    """Another lease, another port behind NAT: the newest registration counts, and the old address
    hears no call any more.
    """
    [device] = scene.register(OTHER)
    host, port = device.address
    moved = replace(device, address=(host, port + 31))
    scene.finish(scene.play(moved, "speaker/registers"))
    speaker = scene.play(moved, "speaker/answers")
    caller = scene.play(scene.cast.device("1020"), "caller/calls", dialled=OTHER, pause=100)
    scene.finish(caller, speaker)

    messages = scene.messages()
    answers = messages.where(answers="REGISTER", target=moved.socket).once()
    assert [m.code for m in answers] == [401, 200]
    assert not messages.where(method="INVITE", target=device.socket)


@pytest.mark.control
def test_a_registration_survives_a_restart_of_the_edge_and_can_be_called(scene: Scene):
    [device] = scene.register(OTHER)
    life = scene.edge.life()

    scene.edge.restart()

    assert scene.edge.life() != life
    assert scene.edge.contacts(OTHER) == [f"sip:{OTHER}@{device.socket}"]
    speaker = scene.play(device, "speaker/answers")
    caller = scene.play(scene.cast.device("1020"), "caller/calls", dialled=OTHER, pause=100)
    scene.finish(caller, speaker)


@pytest.mark.control
@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_a_devices_credentials_for_somebody_else_keep_it_from_nothing(
    scene: Scene, place, method: str
):
    """Behind several proxies a phone sends all that it has, and each finds its own (RFC 3261 §22.3)."""
    who, nobody = scene.cast.device("1020"), "441632960100" if method == "INVITE" else ""
    uri = f"sip:{nobody}@{who.edge[0]}" if nobody else f"sip:{who.edge[0]}"
    north = scene.cast.carrier("north")
    with raw(place, who, scene.directory) as device, raw(place, north, scene.directory) as carrier:
        for n, theirs in enumerate((
            "Basic eDp5", "Bearer abc.def",
            'Digest username="1009", realm="elsewhere.example", nonce="1", uri="sip:a", response="0"',
        )):  # fmt: skip
            mark = f"{scene.began:.0f}-{n}"
            asked = device.ask(request(who, method, nobody, mark=mark))
            ours = credentials(who, asked, method, uri)
            both = f"{ours.partition(':')[0]}: {theirs}\r\n{ours}"
            again = request(who, method, nobody, number=2, mark=mark, extra=both)
            if method == "INVITE":
                assert call_with(device, carrier, again, f"{mark}-2")[-1:] == [486], theirs
            else:
                assert device.ask(again).code == 200, theirs

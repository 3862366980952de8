"""The PBX at the other end of a trunk, and carriers that call in."""

import pytest

from tests.chain.calling import REFUSED, calls, cause, final, to, tried
from tests.chain.faulty import reply
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message

pytestmark = pytest.mark.timeout(120)

DID = "442071838750"
OUTSIDE = "441632960100"


def test_a_phone_behind_the_pbx_calls_a_device_with_no_password(scene: Scene):
    [device] = scene.register("1009")
    speaker = scene.play(device, "speaker/answers")
    phone = scene.play(
        scene.cast.trunk("reception"), "pbx/calls", number="2001", dialled="1009", pause=100
    )
    scene.finish(phone, speaker)

    messages = scene.messages()
    assert not messages.where(code=407)
    assert messages.where(method="INVITE", target=device.socket).one().uri.startswith("sip:1009@")


def test_a_door_button_rings_reception(scene: Scene):
    reception = scene.play(scene.cast.trunk("reception"), "pbx/answers")
    button = scene.play(scene.cast.device("1015"), "caller/calls", dialled="2000", pause=100)
    scene.finish(button, reception)

    [invite] = to(scene.messages(), scene, "reception")
    assert invite.uri == f"sip:2000@{reception.who.socket}"


def test_a_phone_behind_the_pbx_calls_out_by_the_carriers(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503")
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    phone = scene.play(
        scene.cast.trunk("reception"), "pbx/calls", number="2001", dialled=OUTSIDE, pause=100
    )
    scene.finish(phone, north, south)

    assert tried(scene.messages(), scene) == ["north", "south"]


def test_the_pbxs_own_number_does_not_come_back_to_it(scene: Scene):
    phone = scene.play(
        scene.cast.trunk("reception"), "pbx/calls-and-is-refused", number="2001", dialled="2000"
    )
    scene.finish(phone)

    messages = scene.messages()
    assert tried(messages, scene) == []
    assert final(messages, phone).code == 404


@pytest.mark.parametrize("number", [DID, f"{DID};npdi;rn=+15550100"], ids=["plain", "ported"])
def test_a_call_for_our_number_rings_reception_first(scene: Scene, number: str):
    reception = scene.play(scene.cast.trunk("reception"), "pbx/answers")
    outside = scene.play(
        scene.cast.carrier("north"),
        "carrier/calls-in",
        number="447700900123",
        dialled=number,
        pause=100,
    )
    scene.finish(outside, reception)

    [invite] = to(scene.messages(), scene, "reception")
    assert invite.uri == f"sip:2000@{reception.who.socket}"


def test_a_call_for_our_number_goes_to_the_phone_when_reception_is_down(scene: Scene):
    [desk] = scene.register("1020")
    reception = scene.play(scene.cast.trunk("reception"), "carrier/rejects-503", reason=cause(38))
    phone = scene.play(desk, "speaker/answers")
    outside = scene.play(
        scene.cast.carrier("north"),
        "carrier/calls-in",
        number="447700900123",
        dialled=DID,
        pause=100,
    )
    scene.finish(outside, reception, phone)

    messages = scene.messages()
    assert tried(messages, scene) == ["reception"]
    first = to(messages, scene, "reception")[0]
    second = messages.where(method="INVITE", target=desk.socket).one()
    assert first.at < second.at
    assert second.uri.startswith("sip:1020@")


@pytest.mark.parametrize("code", [404, 486])
def test_reception_that_is_busy_or_says_no_such_number_ends_the_call(scene: Scene, code: int):
    """Profile broadworks-inbound: 403 and 404 stop too."""
    [desk] = scene.register("1020")
    reception = scene.play(scene.cast.trunk("reception"), f"carrier/rejects-{code}")
    outside = scene.play(
        scene.cast.carrier("north"),
        "carrier/calls-in-and-is-refused",
        number="447700900123",
        dialled=DID,
    )
    scene.finish(outside, reception)

    assert [found["code"] for found in outside.logged(REFUSED)] == [str(code)]
    assert not scene.messages().where(method="INVITE", target=desk.socket)


def test_a_carrier_reaches_nothing_but_our_numbers(scene: Scene, subtests):
    scene.register("1009")
    others = ("1009", "8000", "2000", OUTSIDE, "442071838751")
    callers = []
    for dialled in others:
        who = scene.cast.carrier("north")
        callers.append(
            scene.play(
                who, "carrier/calls-in-and-is-refused", number="447700900123", dialled=dialled
            )
        )
        scene.finish(callers[-1])

    for dialled, caller, call in zip(others, callers, calls(scene.messages()), strict=True):
        with subtests.test(dialled=dialled):
            answer = final(call, caller)
            assert (answer.code, answer.header("reason")) == (404, "Q.850;cause=1")
            assert len(call.where(method="INVITE").once()) == 1


@pytest.mark.control  # what raw peers got is on the wire alone
@pytest.mark.parametrize("proxy", ["", "<sip:proxy.north.example;lr>"])
def test_peers_whose_contacts_are_names_are_found_where_they_speak_from(scene: Scene, place, proxy):
    """No worker waits for DNS, so the ACK and the BYEs of such a call would be refused."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    mark, at_pbx, at_north = f"{scene.began}", "sip:2001@pbx.example", "sip:9@sbc.north.example"
    with raw(place, who, scene.directory) as pbx, raw(place, north, scene.directory) as carrier:
        pbx.send(request(who, "INVITE", OUTSIDE, mark=mark, contact=f"<{at_pbx}>"))
        invite = comes(carrier, "INVITE")
        ours = invite.all("record-route")
        routes = [proxy, *ours] if proxy else ours
        back = [f"Record-Route: {route}" for route in routes]
        carrier.send(reply(invite, "200 OK", f"Contact: <{at_north}>", *back))
        target = comes(pbx, "INVITE", 200).header("contact").strip("<>")
        to_north = f"{invite.header('to')};tag=carrier"
        more = "\r\n".join(f"Route: {route}" for route in reversed(routes))
        for number, method in ((1, "ACK"), (2, "INFO")):
            said = request(who, method, OUTSIDE, mark=mark, number=number, to=to_north, extra=more)
            pbx.send(said.replace(f"sip:{OUTSIDE}@{who.edge[0]}", target, 1))
            assert comes(carrier, method).uri.startswith(at_north)
        bye = request(
            north, "BYE", "9", mark=f"{mark}-n", from_=to_north, to=invite.header("from"),
            call_id=invite.call_id, extra="\r\n".join(f"Route: {route}" for route in ours),
        )  # fmt: skip
        carrier.send(bye.replace(f"sip:9@{north.edge[0]}", invite.header("contact").strip("<>"), 1))
        ended = comes(pbx, "BYE")
        assert ended.uri.startswith(at_pbx)
        pbx.send(reply(ended, "200 OK", to=ended.header("to")))
        comes(carrier, "BYE", 200)


def comes(peer: Raw, method: str, code: int = 0) -> Message:
    """Return the next request of a method, or the next answer to one; what comes again is passed over."""
    while (came := peer.receive()) is not None:
        message = came.message
        if (message.code, message.answers if code else message.method) == (code, method):
            return message
    raise AssertionError(f"no {code or ''} {method} came to {peer.who.name}")

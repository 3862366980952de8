"""Transfers: a REFER is refused to everybody, for it would have somebody else call on; the INVITE of an
attended one, which replaces a call (RFC 3891), is a call like any other, and says what it replaces.
"""

import pytest

from tests.chain.calling import TO_NORTH
from tests.chain.faulty import reply
from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.test_bindings import registers
from tests.chain.test_dialog_targets import answered, answers, within

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]

PHONE, RECEPTION = "1020", "2000"
REPLACES = "first-call@192.0.2.7;to-tag=7743;from-tag=6472"
REPLACING = f"Replaces: {REPLACES}\r\nRequire: replaces\r\nReferred-By: <sip:2001@pbx.example>"


@pytest.mark.parametrize("called", [PHONE, TO_NORTH])
def test_a_pbx_that_replaces_a_call_reaches_who_has_it(scene: Scene, place, called: str):
    pbx, mark = scene.cast.trunk("reception"), f"{scene.began}"
    phone, north = scene.cast.device(PHONE), scene.cast.carrier("north")
    who = phone if called == PHONE else north
    with raw(place, pbx, scene.directory) as caller, raw(place, who, scene.directory) as callee:
        if who is phone:
            assert registers(callee, f"{mark}-r", f"<sip:{PHONE}@{phone.socket}>").code == 200
        caller.send(request(pbx, "INVITE", called, mark=mark, extra=REPLACING))
        contact = f"sip:{PHONE}@{who.socket}"
        answer = answers(caller, callee, f"<{contact}>")
        assert answer.code == 200
        caller.send(within(answer, pbx, contact, 1, "ACK"))
        caller.send(within(answer, pbx, contact, 2, "BYE"))
    came = scene.messages().where(method="INVITE", target=who.socket)[0]
    assert (came.header("replaces"), came.header("require")) == (REPLACES, "replaces")


def test_a_phone_that_replaces_a_call_reaches_the_pbx(scene: Scene, place):
    pbx, phone, mark = scene.cast.trunk("reception"), scene.cast.device(PHONE), f"{scene.began}"
    with raw(place, phone, scene.directory) as caller, raw(place, pbx, scene.directory) as callee:
        asked = caller.ask(request(phone, "INVITE", RECEPTION, mark=mark))
        ours = credentials(phone, asked, "INVITE", f"sip:{RECEPTION}@{phone.edge[0]}")
        lines = f"{ours}\r\n{REPLACING}"
        caller.send(request(phone, "INVITE", RECEPTION, number=2, mark=mark, extra=lines))
        came = callee.receive()
        assert came is not None
        assert came.message.header("replaces") == REPLACES
        callee.send(reply(came.message, "481 Call/Transaction Does Not Exist"))
        while (told := caller.receive()) is not None and told.message.code < 200:
            pass
        assert told is not None
        assert told.message.code == 481  # it has no such call (RFC 3891 §3)


def test_a_refer_is_refused_to_both_sides_and_their_call_goes_on(scene: Scene, place):
    north = scene.cast.carrier("north").socket
    there, to = f"sip:111@{north}", f"Refer-To: <sip:2001@pbx.example?Replaces={REPLACES}>"
    with answered(scene, place, f"<{there}>") as (caller, callee, answer):
        refer = within(answer, caller.who, there, 2, "REFER")
        assert (
            caller.ask(refer.replace("\r\nContent-Length", f"\r\n{to}\r\nContent-Length")).code
            == 403
        )
        back = {"to": answer.header("from"), "from_": answer.header("to")}
        own = f"sip:reception@{caller.who.socket}"
        refer = within(answer, callee.who, own, 20, "REFER", **back)
        assert (
            callee.ask(refer.replace("\r\nContent-Length", f"\r\n{to}\r\nContent-Length")).code
            == 403
        )
        caller.send(within(answer, caller.who, there, 3))
        assert answers(caller, callee, f"<{there}>").code == 200
    assert not scene.messages().where(method="REFER", target=north)

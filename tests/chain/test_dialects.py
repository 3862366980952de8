"""How a page is said to a device of which the site says nothing: as its User-Agent wants it."""

import pytest

from tests.chain.calling import assert_all_settled
from tests.chain.harness.scene import Scene
from tests.chain.paging import AUTO_ANSWER, heard, outcomes, page, registered, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

ZONE = "8100"
VOICE = 0x35
EVERYBODYS = {
    "call-info": ["<sip:page.bellhop.invalid>;answer-after=0"],
    "alert-info": ["<sip:page.bellhop.invalid>;info=alert-autoanswer"],
}
SAID = {
    "1016": ("PolycomVVX-VVX_411-UA/5.9.5", {"alert-info": ["info=Auto Answer"]}),
    "1017": ("Yealink SIP-T48S 66.85.0.5", {"alert-info": ["info=alert-autoanswer;delay=0"]}),
    "1018": ("x\tSnom;${SHELL(id)}&Originate,PJSIP/1", EVERYBODYS),
}


def test_a_device_is_called_by_the_dialect_of_its_user_agent(scene: Scene):
    registered(scene)
    for number, (said, _) in SAID.items():
        scene.register(number, extra=f"User-Agent: {said}")
    speakers = [scene.play(scene.cast.device(n), "speaker/answers") for n in SAID]
    scene.finish(page(scene, VOICE, ZONE, talk=2500), *speakers)

    messages = scene.messages()
    for number, (_, expected) in SAID.items():
        invite = messages.where(method="INVITE", target=scene.cast.device(number).socket).one()
        assert {name: invite.all(name) for name in AUTO_ANSWER if invite.all(name)} == expected
        assert heard(scene, number, VOICE) >= 0.3
    assert outcomes(report(scene)) == dict.fromkeys(SAID, "played")
    assert_all_settled(messages)


def test_a_caller_makes_no_device_answer_by_an_address(scene: Scene):
    """Some take ;intercom=true in the request's own address for it; headers: test_identity.py."""
    [horn] = scene.register("1008")
    busy = scene.play(horn, "speaker/is-busy-486")
    uri = f"sip:1008@{scene.cast.edge};intercom=true"
    scene.finish(scene.play(scene.cast.device("1020"), "caller/dials-raw", uri=uri), busy)

    received = scene.messages().where(method="INVITE", target=horn.socket).one()
    assert "intercom" not in received.uri

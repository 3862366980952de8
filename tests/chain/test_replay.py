"""Credentials that are played again: by whom, how often, from where, and after what."""

from dataclasses import replace

import pytest

from tests.chain.calling import dial
from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.scene import Scene

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

DEVICE, PHONE, OUTSIDE = "1009", "1020", "441632960100"


def stale(answer) -> bool:
    """Whether a challenge says that only the nonce was wrong."""
    [asked] = answer.all("www-authenticate") or answer.all("proxy-authenticate")
    return "stale=true" in asked


def uri(who, dialled="") -> str:
    return f"sip:{dialled}@{who.edge[0]}" if dialled else f"sip:{who.edge[0]}"


@pytest.mark.parametrize("qop", [True, False], ids=["with nc", "without nc"])
def test_a_registers_credentials_count_once(scene: Scene, place, qop: bool):
    who = scene.cast.device(DEVICE)
    thief = replace(who, name="thief", address=scene.cast.stranger().address)
    mark = f"reg-{qop}-{scene.began}"
    with raw(place, who, scene.directory) as device, raw(place, thief, scene.directory) as other:
        challenge = device.ask(request(who, "REGISTER", mark=mark))
        assert (challenge.code, stale(challenge)) == (401, False)
        answer = credentials(who, challenge, "REGISTER", uri(who), qop=qop)
        assert device.ask(request(who, "REGISTER", number=2, mark=mark, extra=answer)).code == 200

        again = device.ask(request(who, "REGISTER", number=3, mark=mark, extra=answer))
        assert (again.code, stale(again)) == (401, True)
        elsewhere = other.ask(request(thief, "REGISTER", number=4, mark=mark, extra=answer))
        assert (elsewhere.code, stale(elsewhere)) == (401, True)
        assert scene.edge.contacts(DEVICE) == [f"sip:{DEVICE}@{who.socket}"]

        # A device may use its nonce again when it counts on (RFC 7616 §3.4); without nc it can't.
        more = credentials(who, challenge, "REGISTER", uri(who), nc=2, qop=qop)
        answered = device.ask(request(who, "REGISTER", number=5, mark=mark, extra=more))
        assert answered.code == (200 if qop else 401)
        # And the new challenge is good.
        fresh = credentials(who, again, "REGISTER", uri(who), qop=qop)
        assert device.ask(request(who, "REGISTER", number=6, mark=mark, extra=fresh)).code == 200


@pytest.mark.parametrize("qop", [True, False], ids=["with nc", "without nc"])
def test_a_calls_credentials_make_one_call(scene: Scene, place, qop: bool):
    """Somebody who read them on the way can dial nobody with them: not the same number even."""
    who = scene.cast.device(PHONE)
    thief = replace(who, name="thief", address=scene.cast.stranger().address)
    mark = f"call-{qop}-{scene.began}"
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-486")
    with raw(place, who, scene.directory) as phone, raw(place, thief, scene.directory) as other:
        challenge = phone.ask(request(who, "INVITE", OUTSIDE, mark=mark))
        answer = credentials(who, challenge, "INVITE", uri(who, OUTSIDE), qop=qop)
        first = phone.ask(request(who, "INVITE", OUTSIDE, number=2, mark=mark, extra=answer))
        assert first.code == 486
        for peer, source in ((phone, who), (other, thief)):
            for number, dialled in ((3, OUTSIDE), (4, "441632960199")):
                again = request(
                    source, "INVITE", dialled, number=number, mark=f"{mark}{peer.who.name}",
                    extra=answer,
                )  # fmt: skip
                assert peer.ask(again).code == 407
    scene.finish(north)

    invites = scene.messages().where(method="INVITE", target=north.who.socket).once()
    assert len(invites) == 1


def test_credentials_of_before_a_restart_are_good_for_one_more_question(scene: Scene, place):
    who = scene.cast.device(DEVICE)
    mark = f"restart-{scene.began}"
    with raw(place, who, scene.directory) as device:
        challenge = device.ask(request(who, "REGISTER", mark=mark))
        answer = credentials(who, challenge, "REGISTER", uri(who))
        scene.edge.restart()
        late = device.ask(request(who, "REGISTER", number=2, mark=mark, extra=answer))
        assert (late.code, stale(late)) == (401, True)
        again = credentials(who, late, "REGISTER", uri(who))
        assert device.ask(request(who, "REGISTER", number=3, mark=mark, extra=again)).code == 200

    speaker = scene.play(who, "speaker/answers")
    scene.finish(dial(scene, DEVICE), speaker)

"""Credentials that are played again: by whom, how often, from where, and after what."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.calling import dial
from tests.chain.faulty import home_at
from tests.chain.harness.another_edge import edge_beside
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


def test_a_nonce_ends_and_what_was_said_with_it_is_worth_nothing_then(stack, place, cast):
    """After two minutes, or here after three seconds: the device is asked once more, and so is whoever
    kept what it sent before.
    """
    config = Path(__file__).parents[2] / "config/kamailio/kamailio.cfg"
    quick = config.read_text("utf-8") + '\nmodparam("auth", "nonce_expire", 3)\n'
    files = {"/etc/kamailio/bellhop/kamailio.cfg": quick}
    with (
        edge_beside(stack, place, cast, "nonce", last="127", files=files) as edge,
        home_at(stack, place, cast, edge, "nonce-ends") as home,
    ):
        scene, began = home.scene, time.monotonic()
        who = scene.cast.device(DEVICE)
        thief = replace(who, name="thief", address=scene.cast.stranger().address)
        with (
            raw(place, who, scene.directory) as device,
            raw(place, thief, scene.directory) as other,
        ):
            challenge = device.ask(request(who, "REGISTER", mark="expires"))
            for n in range(1, 60):
                answer = credentials(who, challenge, "REGISTER", uri(who), nc=n)
                said = request(who, "REGISTER", number=n + 1, mark="expires", extra=answer)
                answered = device.ask(said)
                if answered.code != 200 or device.receive(0.1) is not None:
                    break
            assert n > 1, "the nonce was never good"
            assert (answered.code, stale(answered)) == (401, True)
            assert 1 <= time.monotonic() - began < 20

            unused = credentials(who, challenge, "REGISTER", uri(who), nc=n + 1)
            for peer in (device, other):
                late = peer.ask(
                    request(peer.who, "REGISTER", number=300, mark="late", extra=unused)
                )
                assert (late.code, stale(late)) == (401, True)
            fresh = credentials(who, answered, "REGISTER", uri(who))
            again = device.ask(request(who, "REGISTER", number=301, mark="expires", extra=fresh))
            assert again.code == 200
        home.takes_a_call()

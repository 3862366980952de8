"""We register at carriers: with credentials, again before the time is over, and calls come by it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bellhop.registrations import State, state
from bellhop.settings import Site
from tests.chain.calling import dial, final
from tests.chain.harness.another_edge import edge_beside, scene_at
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import docker, until

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

USER, REALM, PASSWORD = "site-7", "carriers.invalid", "carriers-password"
CONTACTS = {"north": "442071838750", "south": "442071838751", "west": "442071838752"}
OUTSIDE = "441632960100"
CHALLENGE = f'WWW-Authenticate: Digest realm="{REALM}", nonce="abc", algorithm=MD5, qop="auth"'
BEST_FIRST = f"{CHALLENGE.replace('MD5', 'SHA-256')}\r\n{CHALLENGE}"  # RFC 8760 §2.3
ASKED = {"challenge": BEST_FIRST, "user": USER, "password": PASSWORD}
GRANTED = 10


def registered(text: str) -> str:
    """At all three; the second one refuses, and the third one says nothing."""
    for name, contact in CONTACTS.items():
        keys = (
            f'auth_user = "{USER}"\nsecret_file = "carriers.htdigest"\nregister_user = "{USER}"\n'
            f'register_domain = "{name}.invalid"\nregister_contact = "{contact}"\n'
        )
        text = text.replace(f"[carriers.{name}]\n", f"[carriers.{name}]\n{keys}")
        if name != "north":
            text += f'\n[[dids]]\nnumber = "{contact}"\nto = ["1009"]\n'
    return text


@pytest.fixture(scope="module", params=["bookworm", "latest"])  # uac reads challenges in two ways
def edge(stack, place, cast, request) -> Iterator[tuple[Site, str]]:
    who = f"{USER}:{REALM}"
    ha1 = hashlib.md5(f"{who}:{PASSWORD}".encode(), usedforsecurity=False).hexdigest()
    secrets = {"carriers.htdigest": f"{who}:{ha1}\n"}
    title = f"registered-{request.param}"
    with edge_beside(
        stack, place, cast, title, tag=request.param, last="17", change=registered, secrets=secrets
    ) as found:
        yield found


@pytest.fixture
def scene(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene


def states(edge) -> dict[str, State]:
    """Return where the edge itself thinks that each registration is, by its contact."""
    site, name = edge
    script = (
        "import sys; from bellhop.rpc import call; from bellhop.values import address; import json; "
        "print(json.dumps(call(address(sys.argv[1]), 'uac.reg_dump')))"
    )
    python = "/opt/bellhop/venv/bin/python"
    records: list[dict[str, Any]] = json.loads(
        docker("exec", name, python, "-c", script, str(site.edge.internal))
    )
    return {record["l_uuid"]: state(record) for record in records}


def told(name: str) -> tuple[str, str]:
    """Return what `bellhop carriers` says of the first two; while one is renewed it is trying."""
    said = json.loads(docker("exec", name, "bellhop", "carriers", "--json"))
    where = {one["carrier"]: one["registration"] for one in said["carriers"]}
    return where["north"], where["south"]


def number(message: Message) -> int:
    return int(message.header("cseq").split()[0])


def test_the_edge_registers_by_itself_and_again_before_the_time_is_over(scene: Scene, edge):
    """And neither one that refuses nor one that says nothing disturbs a call."""
    refusing = scene.play(
        scene.cast.carrier("south"), "carrier/refuses-registrations", receive=38_000
    )
    taking = scene.play(
        scene.cast.carrier("north"), "carrier/takes-registrations", calls=2, receive=38_000,
        expires=str(GRANTED), **ASKED,
    )  # fmt: skip
    [phone] = scene.register("1009")
    callee = scene.play(phone, "speaker/answers")
    caller = dial(scene, "1009")
    scene.finish(caller, callee)
    scene.finish(taking, refusing)
    until("the states", lambda: states(edge)[CONTACTS["north"]] is State.REGISTERED, 15)
    assert states(edge)[CONTACTS["south"]] is State.FAILED
    assert states(edge)[CONTACTS["west"]] is not State.REGISTERED
    until("the verb to say so", lambda: told(edge[1]) == ("registered", "failed"), 10)

    messages = scene.messages()
    assert final(messages, caller).code == 200
    asked = messages.where(method="REGISTER", target=taking.who.socket).once()
    assert len(asked) == 4
    for first, second in (asked[:2], asked[2:]):
        assert first.call_id == second.call_id
        assert number(second) == number(first) + 1
        door = scene.site.edge.trunks[0].address
        assert second.source == str(door)
        assert second.header("contact").startswith(f"<sip:{CONTACTS['north']}@{door}>")
        assert second.header("from").startswith(f"<sip:{USER}@north.invalid>")
    granted = messages.where(source=taking.who.socket, code=200, answers="REGISTER").once()
    assert asked[2].at < granted[0].at + GRANTED, "the registration ran out before the next one"


def test_a_call_to_the_registered_contact_reaches_its_number(scene: Scene):
    [phone] = scene.register("1009")
    callee = scene.play(phone, "speaker/answers")
    outside = scene.play(
        scene.cast.carrier("south"), "carrier/calls-in", number="447700900123",
        dialled=CONTACTS["south"], pause=100,
    )  # fmt: skip
    scene.finish(outside, callee)
    assert scene.messages().where(method="INVITE", target=phone.socket).one()

"""A carrier with our credentials may ask for them within a call, too, and before each request: a BYE that
stays refused ends no call, and a hold or a session refresh is none.
"""

from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.faulty import reply
from tests.chain.harness.another_edge import edge_beside, scene_at
from tests.chain.harness.raw import Raw
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.test_credentials import asking, files, number, with_credentials
from tests.chain.test_dialog_targets import answered, within

pytestmark = [pytest.mark.control, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    title = "challenges-within"
    with edge_beside(
        stack, place, cast, title, last="126", change=with_credentials, secrets=files()
    ) as found:
        yield found


@pytest.fixture
def scene(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene


def asked_for(caller: Raw, callee: Raw, text: str, contact: str, asks: int = 1) -> list[Message]:
    """Have the caller send a request, and the carrier ask so often before it takes it; returns what
    came to the carrier, and the caller's answer last.
    """
    method = text.partition(" ")[0]
    caller.send(text)
    came: list[Message] = []
    while len(came) <= asks and (one := callee.receive(3 - len(came))) is not None:
        if one.message.method != method or one.message.raw in {known.raw for known in came}:
            continue
        came.append(one.message)
        to = one.message.header("to")
        if len(came) <= asks:
            lines, status = [asking("north")["challenge"]], "401 Unauthorized"
        else:
            path = [f"Record-Route: {route}" for route in one.message.all("record-route")]
            lines, status = [f"Contact: <{contact}>", *path], "200 OK"
        callee.send(reply(one.message, status, *lines, to=to))
    while (told := caller.receive()) is not None:
        if told.message.code >= 200 and told.message.answers == method:
            break
    assert told is not None
    return [*came, told.message]


def test_a_carrier_that_asks_within_a_call_gets_credentials_for_each_request(scene: Scene, place):
    socket = scene.cast.carrier("north").socket
    first, then = f"sip:111@{socket}", f"sip:222@{socket}"
    with answered(scene, place, f"<{first}>") as (caller, callee, answer):
        who = caller.who

        def asks(method: str, count: int, uri: str, asks: int = 1) -> list[Message]:
            return asked_for(caller, callee, within(answer, who, uri, count, method), then, asks)

        bare, proved, told = asks("INVITE", 2, first)
        caller.send(within(answer, who, then, 2, "ACK"))
        assert (number(bare), number(proved), told.code, number(told)) == (2, 3, 200, 2)
        assert not bare.all("authorization")
        assert f'username="{asking("north")["user"]}"' in proved.header("authorization")
        # He moved in that answer, and asks once more than anybody is told.
        _, again, told = asks("INVITE", 3, then, 2)
        assert (number(again), told.code) == (5, 401)
        caller.send(within(answer, who, then, 3, "ACK"))
        _, bye, told = asks("BYE", 4, then)
        assert (number(bye), told.code, number(told)) == (7, 200, 4)
    acks = scene.messages().where(method="ACK", target=socket)
    assert 3 in [number(one) for one in acks if one.uri == then]

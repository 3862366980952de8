"""Carriers that are reached by TCP and TLS, and are not there: their breakers count it, and the next call
loses no time.
"""

from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.connected.calls import refused_then_taken
from tests.chain.connected.edges import ANSWER, TO_NORTH, TO_WEST, beside
from tests.chain.harness.another_edge import scene_at
from tests.chain.harness.raw import listening

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def edge(stack, place, cast, pair) -> Iterator[tuple[Site, str]]:
    def breaking(text: str) -> str:
        return text.replace("breaker = 0", 'breaker = 1\nbreaker_pause = "1m"')

    with beside(stack, place, cast, pair, "latest", change=breaking) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "kind", "there", "dialled"),
    [("north", "tcp", "deaf", TO_NORTH), ("west", "tls", "tcp", TO_WEST)],
    ids=["no connection", "no handshake"],
)
def test_a_connection_that_never_comes_to_be_opens_the_breaker(
    stack, place, cast, edge, *, name, kind, there, dialled
):
    who = cast.carrier(name)
    gateway = f"{who.socket};transport={kind}"

    def first_of_a_call(title: str) -> list[object]:
        with (
            scene_at(stack, place, cast, edge[0], f"breaker-{name}-{title}") as scene,
            listening(place, who, scene.directory, there),
        ):
            return refused_then_taken(scene, edge, dialled)

    *attempt, _ = first_of_a_call("first")
    assert attempt == [gateway, None, "advance", "no-reply"]
    *skipped, took = first_of_a_call("second")
    assert skipped == [gateway, None, "skipped", "breaker-open"]
    assert isinstance(took, float)
    assert took < ANSWER / 2

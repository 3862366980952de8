"""The edge of these tests, on each Kamailio; a module may have one of its own."""

from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.connected.edges import beside, certified
from tests.chain.harness.another_edge import scene_at
from tests.chain.harness.scene import Scene


@pytest.fixture(scope="module")
def pair(stack) -> str:
    return certified(stack)


@pytest.fixture(scope="module", params=["latest", "trixie", "bookworm"])
def edge(stack, place, cast, pair, request) -> Iterator[tuple[Site, str]]:
    with beside(stack, place, cast, pair, request.param) as found:
        yield found


@pytest.fixture
def scene(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene

"""Pages where the devices, who pages, and the pbx's audio are on IPv6; and where everything is, and
Asterisk has no address of IPv4.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from bellhop.sides import FIRST
from tests.chain.calling import assert_all_settled, final
from tests.chain.harness.another_edge import logged, scene_at
from tests.chain.harness.pair import AMI_UP, Pair, pair
from tests.chain.harness.scene import Scene
from tests.chain.harness.six import Six, six
from tests.chain.harness.stack import Stack, docker, until
from tests.chain.paging import SPEAKERS, heard
from tests.chain.test_standby import plays, trunk_pages

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

VOICE = 0x35


@pytest.fixture(scope="module")
def net(stack, cast) -> Iterator[Six]:
    with six(stack, cast.edge.host) as made:
        yield made


@pytest.fixture(scope="module", params=["outside", "everywhere"])
def two(stack, net, cast, request) -> Iterator[Pair]:
    inside = cast.site.edge.internal.host.rpartition(".")[0]
    change = net.moved if request.param == "outside" else partial(net.whole, inside=inside)
    title = f"ipv6-pages-{request.param}"
    with pair(stack, net.lab, cast, title, last=150, change=change) as found:
        if request.param == "everywhere":
            _takes_ipv4_from(stack, found)
        yield found


def _takes_ipv4_from(stack: Stack, two: Pair) -> None:
    """Docker gives each network IPv4 besides: the Asterisk loses it, and starts again without."""
    asterisk, pager = two.asterisks[FIRST], two.pagers[FIRST]
    docker(
        "run", "--rm", f"--network=container:{asterisk}", "--user=0", "--cap-drop=ALL",
        "--cap-add=NET_ADMIN", f"{stack.project}-lab:latest", "ip", "-4", "address", "flush", "eth0",
    )  # fmt: skip
    connected = logged(pager).count(AMI_UP)
    docker("exec", asterisk, "asterisk", "-rx", "core restart now")
    until("the pager to be back", lambda: logged(pager).count(AMI_UP) > connected, 30)


@pytest.fixture
def scene(stack, net, cast, two, request) -> Iterator[Scene]:
    with scene_at(stack, net.lab, cast, two.site, request.node.name) as scene:
        yield scene


@pytest.mark.parametrize("who", ["a phone", "a trunk"])
def test_a_page_by_somebody_on_ipv6_is_heard_by_speakers_on_ipv6(scene: Scene, two: Pair, who: str):
    more = {"leads": trunk_pages} if who == "a trunk" else {}
    leader = plays(scene, two, FIRST, VOICE, **more)

    messages = scene.messages()
    assert final(messages, leader).code == 200
    for number in SPEAKERS:
        assert heard(scene, number, VOICE) >= 1
    assert_all_settled(messages)

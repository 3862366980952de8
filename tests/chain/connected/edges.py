"""An edge with carriers that are reached by TCP and TLS, beside the stack's own."""

import contextlib
from collections.abc import Callable, Iterator

from bellhop.settings import Site
from tests.chain.harness.another_edge import edge_beside
from tests.chain.harness.cast import Cast
from tests.chain.harness.places import Lab
from tests.chain.harness.stack import Stack
from tests.chain.test_tls import PAIR

LAST = "155"
ANSWER = 2_000  # ms, the carriers' answer_timeout
DID = "442071838750"
TO_NORTH, TO_WEST = "441632960100", "4930123456"  # north, south, west; west, south
# Kamailio's own file: as a site would have it that trusts one authority; and one that checks nothing.
TLS = """
[server:default]
method = TLSv1.2+
private_key = /etc/kamailio/pair.pem
certificate = /etc/kamailio/pair.pem
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
ca_list = /etc/kamailio/carriers.pem
"""


def connected(text: str, cast) -> str:
    """North is reached by TCP, west by TLS, south as ever."""
    for name, kind in (("north", "tcp"), ("west", "tls")):
        there = str(cast.site.carriers[name].gateways[0])
        text = text.replace(f'gateway = "{there}"', f'gateway = "{kind}:{there}"')
    host = cast.edge.host.rpartition(".")[0] + f".{LAST}"
    more = f'trunks = ["tcp:{host}:5070", "tls:{host}:5071", '
    follows = 'prefix = "44"\nprofile = "follower"\n'
    text = text.replace("trunks = [", more, 1).replace('prefix = "44"\n', follows, 1)
    return text + '\n[profiles.follower]\nredirect = "follow"\n'


def certified(stack: Stack) -> str:
    """Return a certificate and its key, self-signed."""
    return str(stack.execute("edge", *PAIR))


@contextlib.contextmanager
def beside(
    stack: Stack,
    place: Lab,
    cast: Cast,
    pair: str,
    tag: str,
    *,
    change: Callable[[str], str] = lambda text: text,
) -> Iterator[tuple[Site, str]]:
    """Start the edge; yields its site and its container's name. change: what else is another in its
    site file.
    """
    files = {f"/etc/kamailio/{name}.pem": pair for name in ("pair", "carriers")}
    with edge_beside(
        stack, place, cast, f"connected-{tag}", tag=tag, last=LAST,
        change=lambda text: change(connected(text, cast)),
        files={"/etc/kamailio/tls.cfg": TLS, **files},
    ) as found:  # fmt: skip
        yield found

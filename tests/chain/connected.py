"""An edge with carriers that are reached by TCP and TLS, beside the stack's own; and calls by them."""

import contextlib
import re
from collections.abc import Iterator

from bellhop.settings import Site
from tests.chain.faulty import KAMCMD
from tests.chain.harness.another_edge import edge_beside, rows
from tests.chain.harness.cast import Cast
from tests.chain.harness.peer import Who
from tests.chain.harness.places import Lab
from tests.chain.harness.raw import Raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import Stack, docker, until
from tests.chain.test_dialog_targets import answers, within
from tests.chain.test_sender import comes, uri
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
    stack: Stack, place: Lab, cast: Cast, pair: str, tag: str, *, more: tuple[str, str] = ("", "")
) -> Iterator[tuple[Site, str]]:
    """Start the edge; yields its site and its container's name. more: what else is another in the
    site file, and what stands there instead.
    """
    files = {f"/etc/kamailio/{name}.pem": pair for name in ("pair", "carriers")}
    with edge_beside(
        stack, place, cast, f"connected-{tag}", tag=tag, last=LAST,
        change=lambda text: connected(text, cast).replace(*more),
        files={"/etc/kamailio/tls.cfg": TLS, **files},
    ) as found:  # fmt: skip
        yield found


def call(scene: Scene, caller: Raw, callee: Raw, dialled: str, contact: str) -> tuple[Message, str]:
    """Have the PBX call, and the carrier take it; returns the answer, and where the next requests go."""
    caller.send(request(caller.who, "INVITE", dialled, mark=f"{scene.began}"))
    answer = answers(caller, callee, contact)
    assert answer.code == 200
    there = uri(answer.header("contact"))
    caller.send(within(answer, caller.who, there, 1, "ACK"))
    comes(callee, "ACK")
    return answer, there


def connections(edge: tuple[Site, str], who: Who) -> list[str]:
    """Return the edge's connections with somebody."""
    said = docker("exec", edge[1], *KAMCMD, "core.tcp_list")
    host, port = who.address
    ends = re.findall(r"dst_ip: (\S+)\s+dst_port: (\S+)", said) + re.findall(
        r"src_ip: (\S+)\s+src_port: (\S+)", said
    )
    return [f"{a}:{p}" for a, p in ends if (a, p) == (host, str(port))]


def contact_of(who: Who, kind: str) -> str:
    """Return a Contact of somebody's by TCP or TLS."""
    return f"<sip:111@{who.socket};transport={kind}>"


def wrote(edge: tuple[Site, str], call_id: str, count: int) -> list[list[object]]:
    """Return what the ledger has of a call, once it has so many attempts."""

    def found() -> list[list[object]]:
        query = "SELECT call_id, gateway, code, verdict, rule FROM attempts ORDER BY rowid"
        return [row[1:] for row in rows(edge[1], "calls.db", query) if row[0] == call_id]

    until("the ledger", lambda: len(found()) >= count, 15)
    return found()

"""A network of IPv6 beside the stack's own two: its peers are where they are in the stack's, by the
last part of their addresses, and sit in a lab of its own.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.chain.harness.places import Lab, run
from tests.chain.harness.stack import Stack, docker

_LASTS = "31 32 33 40 50 51 52 53 58 59 60 66"
_SEAT = (
    "for last in $1; do setpriv --inh-caps +net_admin --ambient-caps +net_admin"
    ' ip -6 address replace "$0$last/64" dev eth0 nodad; done'
)


@dataclass(frozen=True, slots=True)
class Six:
    """The network: what its addresses begin with, what those of the stack's begin with, its lab."""

    prefix: str
    four: str
    lab: Lab

    def moved(self, text: str) -> str:
        """Return a site's text with whoever is outside in this network."""
        there = rf"\b{re.escape(self.four)}\.([0-9]+)"
        text = re.sub(f"{there}:", rf"[{self.prefix}\1]:", text)
        return re.sub(f'"{there}"', rf'"{self.prefix}\1"', text)

    def whole(self, text: str, inside: str) -> str:
        """Return a site's text with everybody in this network, the servers too. inside: what the
        addresses of the stack's other network begin with.
        """
        text = re.sub(r"(?m)^media = .*$", "", text)
        return self.moved(text.replace(f"{inside}.", f"{self.four}."))


@contextlib.contextmanager
def six(stack: Stack, host: str) -> Iterator[Six]:
    """Make it, named after the network of a host of the stack's."""
    # An empty one is a machine with no address of IPv6: what Docker makes has its own.
    if not stack.execute("wire", "sh", "-c", "ls /proc/net/if_inet6 2>/dev/null || :"):
        pytest.skip("this machine's Linux has no IPv6")
    four = host.rpartition(".")[0]
    prefix = f"fd42:{four.replace('.', ':')}::"
    name, lab = f"{stack.project}_six", f"{stack.project}-lab-six"
    _remove(lab, name)  # what an aborted run left
    docker(
        "network", "create", "--internal", "--ipv6", "--subnet", f"{prefix}/64",
        "-o", f"com.docker.network.bridge.name={stack.project}-six",
        "--label", f"com.docker.compose.project={stack.project}", name,
    )  # fmt: skip
    try:
        known = json.loads(docker("inspect", stack.container("lab")))[0]
        docker(
            "run", "-d", "--init", "--name", lab, "--user", known["Config"]["User"],
            "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--network", name,
            "--ip6", f"{prefix}30", "--volumes-from", stack.container("lab"),
            known["Config"]["Image"], "sleep", "infinity",
        )  # fmt: skip
        place = Lab(Stack(stack.project, {"lab": lab}))
        run(place, "sh", "-c", _SEAT, prefix, _LASTS)
        yield Six(prefix, four, place)
    finally:
        _remove(lab, name)


def _remove(lab: str, network: str) -> None:
    for command in (("rm", "-f", lab), ("network", "rm", network)):
        with contextlib.suppress(RuntimeError):  # there is none
            docker(*command)

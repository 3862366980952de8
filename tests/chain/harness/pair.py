"""A site with two Asterisks: an edge, and two pairs of Asterisk and pager, beside the stack's own."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bellhop.settings import Site
from bellhop.sides import FIRST, STANDBY, beside
from tests.chain.harness.another_edge import connect, edge_beside, logged, seat
from tests.chain.harness.cast import Cast
from tests.chain.harness.places import Lab
from tests.chain.harness.stack import Stack, docker, until

_CONFIG = "/etc/bellhop"
AMI_UP = "ami=up"


@dataclass(frozen=True, slots=True)
class Pair:
    """The containers' names, by side; and the edge's."""

    site: Site
    edge: str
    asterisks: dict[str, str]
    pagers: dict[str, str]


@contextlib.contextmanager
def pair(
    stack: Stack,
    lab: Lab,
    cast: Cast,
    title: str,
    *,
    last: int,
    change: Callable[[str], str] = lambda text: text,
) -> Iterator[Pair]:
    """Start them, at inside addresses from `last` on: edge, Asterisk and pager of the first and of
    the one that stands by. change: what is done to the text of their site.toml.
    """
    with contextlib.ExitStack() as kept:

        def moved(text: str) -> str:
            return change(_with_standby(text, cast.site, last))

        site, edge = kept.enter_context(
            edge_beside(stack, lab, cast, title, last=str(last), change=moved)
        )
        found = Pair(site, edge, {}, {})
        for side in (FIRST, STANDBY):
            _run(kept, stack, lab.artifacts / title / "site.toml", found, side)
        for name in found.pagers.values():
            until(f"{name}'s AMI", lambda name=name: AMI_UP in logged(name), 30)
        try:
            yield found
        finally:
            for name in (*found.asterisks.values(), *found.pagers.values()):
                (lab.artifacts / title / f"{name}.log").write_text(logged(name), "utf-8")


def _with_standby(text: str, site: Site, last: int) -> str:
    """The first pair moves, and a second one comes beside it."""
    inside, outside = (
        host.rpartition(".")[0] for host in (site.edge.internal.host, site.pbx.media)
    )
    for host, to in (
        (site.pbx.address.host, f"{inside}.{last + 1}"),
        (site.pbx.media, f"{outside}.{last + 1}"),
        (site.pager.agi.host, f"{inside}.{last + 2}"),
    ):
        text = text.replace(f'"{host}:', f'"{to}:').replace(f'"{host}"', f'"{to}"')
    return text + (
        "\n[standby]\n"
        f'address = "{inside}.{last + 3}:{site.pbx.address.port}"\n'
        f'media = "{outside}.{last + 3}"\n'
        f'agi = "{inside}.{last + 4}:{site.pager.agi.port}"\n'
        f'ami = "{inside}.{last + 3}:{site.pager.ami.port}"\n'
    )


def _run(kept: contextlib.ExitStack, stack: Stack, file: Path, found: Pair, side: str) -> None:
    mine = beside(found.site, side)
    option = ["--standby"] if side == STANDBY else []
    secrets = _volume(stack, "pager", f"{_CONFIG}/secrets")
    common = [
        "--user=5060:5060", "--tmpfs=/run:uid=5060,gid=5060", "-v", f"{secrets}:{_CONFIG}/secrets:ro",
        "-v", f"{file}:{_CONFIG}/site.toml:ro", "--tmpfs=/var/lib/bellhop-sounds:uid=5060,gid=5060",
    ]  # fmt: skip
    pbx, pager = f"{stack.project}-{side}-asterisk", f"{stack.project}-{side}-pager"
    for name in (pbx, pager):
        with contextlib.suppress(RuntimeError):  # one that an aborted run left
            docker("rm", "-f", name)
        kept.callback(docker, "rm", "-f", name)
    docker(
        "create", "--name", pbx, *common, f"--env=BELLHOP_SIDE={side}",
        *(f"--tmpfs=/var/{one}/asterisk:uid=5060,gid=5060" for one in ("lib", "log", "spool")),
        *seat(stack, "outside", mine.pbx.media or mine.pbx.address.host), f"{stack.project}-pbx:latest",
    )  # fmt: skip
    connect(stack, "inside", mine.pbx.address.host, pbx)
    docker("start", pbx)
    docker(
        "run", "--detach", "--name", pager, *common, "--tmpfs=/var/lib/bellhop:uid=5060,gid=5060",
        *seat(stack, "inside", mine.pager.agi.host),
        f"{stack.project}-pager:latest", "bellhop-pager", *option, f"{_CONFIG}/site.toml",
    )  # fmt: skip
    found.asterisks[side], found.pagers[side] = pbx, pager


def _volume(stack: Stack, service: str, inside: str) -> str:
    mounts = json.loads(docker("inspect", "--format={{json .Mounts}}", stack.container(service)))
    name: str = next(m["Name"] for m in mounts if m["Destination"] == inside)
    return name

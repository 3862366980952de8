"""Somebody's own Kamailio: Debian's package with its own kamailio.cfg, and what docs/kamailio.md says
done to it.
"""

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bellhop.settings import Site, load
from tests.chain.adoption.machine import BARE, Machine, commands
from tests.chain.adoption.service import Service
from tests.chain.harness.capture import Capture
from tests.chain.harness.cast import Cast, device_listener
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import PROJECT, Stack, until

GUIDE = "kamailio.md"
CONFIG = "/etc/kamailio/kamailio.cfg"
PRISTINE = "/root/kamailio.cfg"
LAST = "101"  # of its addresses in the stack's two networks


@dataclass(frozen=True, slots=True)
class Own:
    """A Kamailio that runs, its site, and the credentials of the site's devices."""

    machine: Machine
    service: Service
    site: Site
    cast: Cast
    stack: Stack


def moved(text: str, site: Site, others: Sequence[tuple[str, str]] = ()) -> str:
    """Return the site file of the stack with the edge's addresses, and others, changed."""
    for host in {one.address.host for one in site.edge.devices} | {site.edge.internal.host}:
        text = text.replace(f"{host}:", f"{host.rpartition('.')[0]}.{LAST}:")
    for old, new in others:
        if old not in text:
            raise LookupError(f"{site.path} has no {old}")
        text = text.replace(old, new)
    return text


def bare(stack: Stack, site: Site) -> Machine:
    """Return a machine that has Kamailio as Debian packages it, and Bellhop's venv: the guide's
    first section (the image has a venv with the same files; the network is not needed again).
    """
    outside, inside = (h.rpartition(".")[0] for h in (site.edge.devices[0].address.host,
                                                     site.edge.internal.host))  # fmt: skip
    networks = {f"{stack.project}_outside": f"{outside}.{LAST}"}
    networks[f"{stack.project}_inside"] = f"{inside}.{LAST}"
    machine = Machine(f"{PROJECT}-adopt-edge", f"{PROJECT}-edge:latest", networks)
    machine.sh(f"{BARE} /etc/kamailio/bellhop\ncp {CONFIG} {PRISTINE}")
    return machine


@contextmanager
def own_kamailio(
    stack: Stack,
    site: Site,
    directory: Path,
    *,
    before: str = "",
    native: bool = False,
    others: Sequence[tuple[str, str]] = (),
) -> Iterator[Own]:
    """Do what the guide says on a bare machine, and start it as its unit does. `before` is a line
    before the included ones; `native` leaves the native request_route in place; `others` are
    changes to the stack's site file.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    path = directory / "site.toml"
    path.write_text(moved(site.path.read_text("utf-8"), site, others), "utf-8")
    ours = load(path)
    known = {
        d.number: (d.auth_user or d.number, secrets.token_urlsafe(12))
        for d in ours.devices.values()
    }
    machine = bare(stack, site)
    service = Service(machine, "kamailio")
    try:
        _install(machine, path.read_text("utf-8"), _htdigest(ours, known), before, native=native)
        service.start("-DD", "-E")
        try:
            until("Kamailio to answer", lambda: _answers(machine), 20)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it said:\n{service.said()}") from None
        yield Own(machine, service, ours, Cast(ours, known, device_listener(ours)), stack)
    finally:
        _keep(machine, service, directory)
        machine.remove()


@contextmanager
def scene_of(own: Own, place: Lab, directory: Path, **others: str) -> Iterator[Scene]:
    """A scene at this Kamailio, and at other services' containers; at its end no transaction of
    the edge's is open.
    """
    directory.mkdir(parents=True, exist_ok=True)
    hosts = (own.site.edge.devices[0].address.host, own.site.edge.internal.host)
    wire = Capture(own.stack, place, directory, hosts)
    wire.start()
    stack = Stack(own.stack.project, {"edge": own.machine.name, **others})
    scene = Scene(own.site, own.cast, place, directory, wire, stack)
    try:
        yield scene
        scene.edge.settled()
    finally:
        scene.end()


def _install(machine: Machine, site: str, htdigest: str, before: str, *, native: bool) -> None:
    machine.sh(commands(GUIDE, "2."))
    machine.put("/etc/bellhop/site.toml", site, 0o640, "root:bellhop")
    machine.put("/etc/bellhop/secrets/devices.htdigest", htdigest, 0o640, "root:bellhop")
    script = commands(GUIDE, "3.")
    lines = script.splitlines()
    disables = [line for line in lines if line.startswith("sed ")]
    assert len(disables) == 1, f"docs/{GUIDE} has one sed"
    said = machine.sh("\n".join(one for one in lines if not native or one not in disables))
    # The guide's last command tells of a native route that is left.
    assert ("request_route {" in said) is native, said or "it found no native route"
    if before:
        machine.run("sed", "-i", f"s|^include_file .*bellhop/bellhop.cfg.*|{before}\\n&|", CONFIG)


def _htdigest(site: Site, known: dict[str, tuple[str, str]]) -> str:
    realm = site.site.realm
    lines = []
    for user, word in known.values():
        ha1 = hashlib.md5(f"{user}:{realm}:{word}".encode(), usedforsecurity=False).hexdigest()
        lines.append(f"{user}:{realm}:{ha1}\n")
    return "".join(lines)


def _answers(machine: Machine) -> bool:
    try:
        machine.run("kamcmd", "core.uptime")
    except RuntimeError:  # not yet
        return False
    return True


def _keep(machine: Machine, service: Service, directory: Path) -> None:
    for name, text in (
        ("kamailio.log", service.said),
        ("kamailio.cfg", lambda: machine.read(CONFIG)),
    ):
        try:
            (directory / name).write_text(text(), "utf-8")
        except RuntimeError as error:  # it did not come so far
            (directory / name).write_text(f"{error}\n", "utf-8")

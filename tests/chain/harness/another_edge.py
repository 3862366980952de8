"""An edge beside the stack's own: another Kamailio, or the same with another site.toml, at addresses
of its own in the stack's networks.
"""

import contextlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bellhop.settings import Site, load
from tests.chain.harness.capture import Capture
from tests.chain.harness.cast import Cast, device_listener
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import DOCKER, Stack, docker, until

_CONFIG = "/etc/bellhop"
_SECRETS = f"{_CONFIG}/secrets"


@contextlib.contextmanager
def another_edge(
    stack: Stack,
    lab: Lab,
    cast: Cast,
    title: str,
    *,
    tag: str = "latest",
    last: str,
    change: Callable[[str], str] = lambda text: text,
    files: Mapping[str, str] = MappingProxyType({}),
    options: Sequence[str] = (),
) -> Iterator[tuple[Scene, str]]:
    """Start one from the image PROJECT-edge:TAG; yields a scene around it and its container's name.

    title: names its artifacts. last: the last part of its addresses. change: what is done to the
    text of the stack's site.toml. files: more files of the container, by path, or by a path relative
    to site.toml, there and here. options: of `docker create`.
    """
    edge = edge_beside(
        stack, lab, cast, title, tag=tag, last=last, change=change, files=files, options=options
    )
    with (
        edge as (site, name),
        scene_at(stack, lab, cast, site, title) as scene,
    ):
        yield scene, name


@contextlib.contextmanager
def edge_beside(
    stack: Stack,
    lab: Lab,
    cast: Cast,
    title: str,
    *,
    tag: str = "latest",
    last: str,
    change: Callable[[str], str] = lambda text: text,
    files: Mapping[str, str] = MappingProxyType({}),
    options: Sequence[str] = (),
    secrets: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[Site, str]]:
    """Start one for several tests, each of which makes its scene with `scene_at`; yields its site
    and its container's name. Arguments: see another_edge; secrets: files beside site.toml that the
    edge's user alone may read.
    """
    directory = lab.artifacts / title
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    mounts = ["-v", f"{directory / 'site.toml'}:{_CONFIG}/site.toml:ro"]
    for file, text in files.items():
        here = directory / file.lstrip("/")
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_text(text, "utf-8")
        mounts += ["-v", f"{here}:{Path(_CONFIG) / file}:ro"]
    path = directory / "site.toml"
    path.write_text(change(_moved(cast.site.path.read_text("utf-8"), cast.site, last)), "utf-8")
    moved = load(path)
    name = f"{stack.project}-another-{last}"
    _start(name, f"{stack.project}-edge:{tag}", [*mounts, *options], moved, stack, secrets=secrets)
    try:
        until(f"the edge of {stack.project}-edge:{tag} to answer", lambda: answers(name), 20)
        yield moved, name
    finally:
        with contextlib.suppress(RuntimeError):  # it never came to be
            (directory / "kamailio.log").write_text(logged(name), "utf-8", "backslashreplace")
            docker("rm", "-f", name)


@contextlib.contextmanager
def scene_at(stack: Stack, lab: Lab, cast: Cast, site: Site, title: str) -> Iterator[Scene]:
    """Make a scene around an edge of `edge_beside`, with its own capture and artifacts."""
    directory = lab.artifacts / title
    directory.mkdir(parents=True, exist_ok=True)
    wire = Capture(stack, lab, directory, (site.edge.devices[0].address.host,))
    wire.start()
    scene = Scene(
        site, Cast(site, cast.secrets, device_listener(site)), lab, directory, wire, stack
    )
    try:
        yield scene
    finally:
        scene.end()


def logged(name: str) -> str:
    """Return what its programs wrote to both outputs; bytes that are not UTF-8 as escapes."""
    ended = subprocess.run(
        [*DOCKER, "logs", name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=True,
    )  # fmt: skip
    return ended.stdout.decode("utf-8", "backslashreplace")


_ROWS = """
import json, pathlib, sqlite3, sys
path = pathlib.Path("/var/lib/bellhop", sys.argv[1])
found = []
if path.exists():
    base = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    if base.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
        found = base.execute(sys.argv[2]).fetchall()
print(json.dumps(found))
"""


def rows(name: str, base: str, query: str) -> list[list[object]]:
    """Return the rows of a query on one of its databases; none while its writer has not begun it."""
    said = docker("exec", name, "python3", "-c", _ROWS, base, query)
    found: list[list[object]] = json.loads(said)
    return found


def attempts(name: str, columns: str, count: int) -> list[list[object]]:
    """Return these columns of its ledger's attempts, in order, once there are so many."""
    query = f"SELECT {columns} FROM attempts ORDER BY rowid"  # noqa: S608 - a test's own words

    def written() -> list[list[object]]:
        found = rows(name, "calls.db", query)
        return found if len(found) >= count else []

    return until(f"{count} rows in the ledger", written, 10)


def _moved(text: str, site: Site, last: str) -> str:
    for host in {one.address.host for one in site.edge.devices} | {site.edge.internal.host}:
        text = text.replace(f"{host}:", f"{host.rpartition('.')[0]}.{last}:")
    return text


def _start(
    name: str,
    image: str,
    options: Sequence[str],
    site: Site,
    stack: Stack,
    *,
    secrets: Mapping[str, str],
) -> None:
    with contextlib.suppress(RuntimeError):  # one that an aborted run left
        docker("rm", "-f", name)
    mounts = json.loads(docker("inspect", "--format={{json .Mounts}}", stack.container("edge")))
    known = next(m["Name"] for m in mounts if m["Destination"] == _SECRETS)
    docker(
        "create", "--name", name, "--user", "5060:5060", "--tmpfs", "/run:uid=5060,gid=5060",
        *seat(stack, "outside", site.edge.devices[0].address.host),
        "-v", f"{known}:{_SECRETS}:ro", *options, image,
    )  # fmt: skip
    connect(stack, "inside", site.edge.internal.host, name)
    if secrets:
        docker("cp", "-", f"{name}:{_CONFIG}", given=_packed(secrets))
    docker("start", name)


def seat(stack: Stack, network: str, host: str) -> tuple[str, ...]:
    """Return what puts a container at an address of one of the stack's networks, or of IPv6."""
    if ":" in host:
        return "--network", f"{stack.project}_six", "--ip6", host
    return "--network", f"{stack.project}_{network}", "--ip", host


def connect(stack: Stack, network: str, host: str, name: str) -> None:
    """Put a container at an address of a second network; on IPv6 there is one alone."""
    if ":" not in host:
        docker("network", "connect", "--ip", host, f"{stack.project}_{network}", name)


def _packed(files: Mapping[str, str]) -> bytes:
    """Return the files as a tar, the edge's own and nobody else's."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.uid = entry.gid = 5060
            entry.mode, entry.size = 0o400, len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def answers(name: str) -> bool:
    """Return whether its Kamailio is there."""
    try:
        docker("exec", name, "kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl", "core.uptime")
    except RuntimeError:  # not yet
        return False
    return True

"""Fixtures of the chain tests, and the options that run them against somebody else's servers."""

import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from bellhop.addresses import Address
from bellhop.settings import Site, SiteError, load
from tests.chain.harness import theirs
from tests.chain.harness.capture import Capture, MessageLogs
from tests.chain.harness.cast import Cast, device_listener, passwords, read_passwords
from tests.chain.harness.machine import Again, Machine
from tests.chain.harness.parts import Parts
from tests.chain.harness.peer import Peer
from tests.chain.harness.places import Here, Lab
from tests.chain.harness.postgres import Server
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import NotThereError, Stack

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# By Ctrl-C, or by a skip in its midst: its peers are ended, and it is not judged.
INTERRUPTED = pytest.StashKey[bool]()
SECRETS = "/etc/bellhop/secrets/devices.passwords"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chain", "Bellhop's chain tests")
    group.addoption("--edge", metavar="HOST:PORT", help="run against this edge, not the stack")
    group.addoption("--site", metavar="FILE", default=str(ROOT / "build/site/site.toml"),
                    help="the servers' site.toml (default: the stack's)")  # fmt: skip
    group.addoption("--passwords", metavar="FILE",
                    help="with --edge: lines of `number auth_user password`")  # fmt: skip
    group.addoption("--local", metavar="IP", help="with --edge: the address that SIPp uses here")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Again(Machine(), HERE))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    edge = config.getoption("--edge")
    if edge is None:
        return
    if not config.option.collectonly:
        local = config.getoption("--local")
        try:
            theirs.check(edge, config.getoption("--site"), config.getoption("--passwords"), local)
            config.add_cleanup(theirs.alone(local).close)
        except theirs.WrongOptionError as error:
            raise pytest.UsageError(str(error)) from None
    ours = [item for item in items if item.get_closest_marker("control") is not None]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    try:
        return (yield)
    except (KeyboardInterrupt, pytest.skip.Exception):
        item.stash[INTERRUPTED] = True
        raise


@pytest.fixture(scope="session")
def site(pytestconfig: pytest.Config) -> Site:
    path = Path(pytestconfig.getoption("--site"))
    if not path.exists():
        pytest.fail(f"there is no {path}: ./run test makes the stack and its site", pytrace=False)
    try:
        return load(path)
    except SiteError as error:
        pytest.fail("\n".join(error.lines), pytrace=False)


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Stack | None:
    """The stack; None against somebody else's servers."""
    if pytestconfig.getoption("--edge") is not None:
        return None
    stack = Stack()
    try:
        for service in ("edge", "lab", "wire"):
            stack.container(service)
    except NotThereError as error:
        pytest.fail(str(error), pytrace=False)
    return stack


@pytest.fixture(scope="session")
def server(stack: Stack, site: Site) -> Iterator[Server]:
    """A PostgreSQL; whoever stops it starts it again."""
    made = Server(stack, f"{site.edge.internal.host.rpartition('.')[0]}.109")
    yield made
    made.remove()


@pytest.fixture(scope="session")
def place(stack: Stack | None) -> Lab | Here:
    try:
        found = Lab(stack) if stack is not None else Here(ROOT / "build/artifacts")
    except NotThereError as error:
        pytest.fail(str(error), pytrace=False)
    if isinstance(found, Lab):
        found.clear()
    return found


@pytest.fixture(scope="session")
def cast(site: Site, stack: Stack | None, pytestconfig: pytest.Config) -> Cast:
    try:
        if stack is not None:
            text = stack.execute("lab", "cat", SECRETS, user="0")
            return Cast(site, passwords(text), device_listener(site))
        host, _, port = pytestconfig.getoption("--edge").rpartition(":")
        secrets = read_passwords(Path(pytestconfig.getoption("--passwords")))
        return Cast(site, secrets, Address(host, int(port)), pytestconfig.getoption("--local"))
    except (NotThereError, ValueError) as error:
        pytest.fail(f"{error}", pytrace=False)


def _pages(module: object) -> bool:
    """Whether a module's tests are of pages: then it has something of `tests.chain.paging`."""
    return any(
        getattr(one, "__module__", "") == "tests.chain.paging" for one in vars(module).values()
    )


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, site: Site, stack: Stack | None, place: Lab | Here, cast: Cast
) -> Iterator[Scene]:
    """A test's peers, capture, artifacts; and the baseline after it: nothing is left running."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name).strip("-")
    if (time := getattr(request.node, "execution_count", 1)) > 1:
        name += f"-{time}"  # what the first one left is kept
    directory = place.artifacts / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    peers: list[Peer] = []
    if stack is None:
        wire: Capture | MessageLogs = MessageLogs(peers)
    else:
        assert isinstance(place, Lab)
        wire = Capture(stack, place, directory, (cast.edge.host, site.edge.internal.host))
        wire.start()
    scene = Scene(site, cast, place, directory, wire, stack, peers=peers)
    parts = Parts(stack) if stack is not None and _pages(request.module) else None
    yield scene
    running = [peer.name for peer in scene.peers if peer.process.poll() is None]
    scene.end()
    if request.node.stash.get(INTERRUPTED, False):
        return
    left = [*(f"{name} still ran" for name in running), *scene.baseline()]
    if parts is not None:
        left += parts.left()
    if left:
        pytest.fail("this test left behind: " + "; ".join(left), pytrace=False)

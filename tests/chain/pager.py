"""The stack's pager, as a test has it: taken away, replaced, or given other rules."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import PROJECT, Stack, docker, until


def healthy(stack: Stack, service: str) -> None:
    """Wait until a service's own health check says that it works."""
    name = stack.container(service)

    def works() -> bool:
        return docker("inspect", "--format={{.State.Health.Status}}", name).strip() == "healthy"

    until(f"{service} to be healthy", works, 60)


def connected(scene: Scene, since: float) -> None:
    """Wait until the pager has logged that AMI is up."""
    assert scene.stack is not None
    stack = scene.stack
    until("the pager's AMI connection", lambda: "ami=up" in stack.log("pager", since), 60)


@contextmanager
def _away(scene: Scene, verb: str, back: str) -> Iterator[None]:
    assert scene.stack is not None
    name = scene.stack.container("pager")
    docker(verb, name)
    try:
        yield
    finally:
        docker(back, name)
        healthy(scene.stack, "pager")


def stopped(scene: Scene) -> AbstractContextManager[None]:
    """The pager's container is stopped; then it is back, and works."""
    return _away(scene, "stop", "start")


def paused(scene: Scene) -> AbstractContextManager[None]:
    """The pager's processes stand still: the kernel takes connections, and nobody answers."""
    return _away(scene, "pause", "unpause")


@contextmanager
def standing_still(scene: Scene) -> Iterator[None]:
    """The daemon alone stands still, and what else is run in its container goes on; then it goes on."""
    assert scene.stack is not None
    name = scene.stack.container("pager")
    docker("kill", "--signal=STOP", name)
    try:
        yield
    finally:
        docker("kill", "--signal=CONT", name)


_IMPOSTOR = """
import socket, sys, threading, time
def mute(peer):
    while peer.recv(4096): pass
def slow(peer):  # a letter a second: that is what it tries, and it waits for nothing
    for one in 'GET VARIABLE "BELLHOP_ZONE"' * 100:
        peer.sendall(one.encode()); time.sleep(1)
def garbage(peer):
    peer.sendall(bytes(range(256)) * 64); mute(peer)
def nonsense(peer):
    peer.sendall(b'SET VARIABLE BELLHOP_RESULT "perhaps"\\n'); mute(peer)
def halfway(peer):
    peer.sendall(b'SET VARIABLE BELLHOP_ROOM "page-x"\\nSET VARIABLE BELLHOP_WAIT "5"\\n'); mute(peer)
def dies(peer):
    peer.recv(10); peer.sendall(b'SET VARIABLE BELLHOP_ROOM "page-x"\\nSET VARIABLE BELLHOP_WA')
def promises(peer):  # what the pager says when it has a page, and then it is gone
    page = '6921-1f0c3a55'
    peer.sendall(f'EXEC MSet "BELLHOP_PAGE={page},BELLHOP_ROOM=page-{page},BELLHOP_WAIT=12,'
                 'BELLHOP_MAX=120,BELLHOP_RESULT=room"\\n'.encode())
    while b'200 result' not in peer.recv(4096): pass
def serve(peer):
    try: globals()[sys.argv[2]](peer)
    except OSError: pass
    finally: peer.close()
if sys.argv[2] == 'refuses':
    print('listening nowhere', flush=True); threading.Event().wait()
listener = socket.create_server(('', int(sys.argv[1])))
print('listening', flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@contextmanager
def impostor(scene: Scene, manner: str) -> Iterator[None]:
    """Something else listens at the pager's address."""
    agi = scene.site.pager.agi
    with stopped(scene):
        name = f"{PROJECT}-impostor"
        docker(
            "run", "--detach", "--rm", "--init", f"--name={name}", f"--network={PROJECT}_inside",
            f"--ip={agi.host}", f"{PROJECT}-pager:latest",
            "python", "-c", _IMPOSTOR, str(agi.port), manner,
        )  # fmt: skip
        try:
            until("the impostor to listen", lambda: "listening" in docker("logs", name))
            yield
        finally:
            docker("stop", "--time=0", name)
            until(
                "the impostor's end",
                lambda: not docker("ps", "-aq", f"--filter=name=^{name}$").strip(),
            )


def told(scene: Scene, change: Callable[[str], str], word: str) -> None:
    """Change the site file in place, have the pager read it, and wait until it says the word."""
    assert scene.stack is not None
    stack, path = scene.stack, scene.site.path
    before = stack.log("pager", scene.began).count(word)
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    docker("kill", "--signal=HUP", stack.container("pager"))
    until(word, lambda: stack.log("pager", scene.began).count(word) > before, 15)


def with_rules(text: str, zone: str, rules: Mapping[str, str]) -> str:
    """Return a site file in which lines that the zone has are others."""
    before, head, after = text.partition(f"[zones.{zone}]\n")
    for old, new in rules.items():
        assert old in after.partition("\n[")[0], f"zone {zone} has no {old}"
        after = after.replace(old, new, 1)
    return before + head + after


@contextmanager
def ruled(scene: Scene, zone: str, rules: Mapping[str, str]) -> Iterator[None]:
    """Give a zone other rules; then its own again."""
    good = scene.site.path.read_text("utf-8")
    told(scene, lambda _: with_rules(good, zone, rules), "reload=taken")
    try:
        yield
    finally:
        told(scene, lambda _: good, "reload=taken")

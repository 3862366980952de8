"""What the tests of faults share: an edge of their own, what is asked of it afterwards, and a
carrier's replies as a test wants them.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bellhop.settings import Site
from tests.chain.calling import calls, dial, final, tried
from tests.chain.harness.another_edge import scene_at
from tests.chain.harness.cast import Cast
from tests.chain.harness.places import Lab
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message
from tests.chain.harness.stack import Stack, docker, until

TO_NORTH = "441632960100"  # north, south, west in this order
TO_WEST = "4930123456"  # west, south
KAMCMD = ("kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl")


def carriers(keys: dict[str, str]) -> Callable[[str], str]:
    """Return a change of the site: lines for carriers, by their name. Where it is 2 s, an answer_timeout
    becomes a second. Breakers are what they are by default.
    """

    def change(text: str) -> str:
        text = text.replace("breaker = 0\n", "")
        for name, lines in keys.items():
            text = text.replace(f"[carriers.{name}]\n", f"[carriers.{name}]\n{lines}\n")
        return text.replace('answer_timeout = "2s"', 'answer_timeout = "1s"')

    return change


@dataclass(frozen=True, slots=True)
class Home:
    """An edge of a module's own, and a test's scene around it."""

    scene: Scene
    name: str

    def kamcmd(self, *command: str) -> str:
        """Ask it."""
        return docker("exec", self.name, *KAMCMD, *command)

    def up_since(self) -> str:
        """Return what tells one start of its Kamailio from another."""
        return re.findall(r"up_since: (.+)", self.kamcmd("core.uptime"))[0]

    def open(self) -> int:
        """Return how many transactions are open, those aside that wait for retransmissions."""
        said = self.kamcmd("tm.stats")
        [current] = re.findall(r"current: ([0-9]+)", said)
        [waiting] = re.findall(r"waiting: ([0-9]+)", said)
        return int(current) - int(waiting)

    def settled(self, seconds: float = 15.0) -> None:
        """Wait until no transaction is open."""
        until(f"the transactions of {self.name} to end", lambda: self.open() == 0, seconds)

    def takes_a_call(self, by: str = "north") -> None:
        """Place one normal call, which the first carrier takes; ask this last, the capture ends."""
        carrier = self.scene.play(self.scene.cast.carrier(by), "carrier/answers")
        caller = dial(self.scene, TO_NORTH)
        self.scene.finish(caller, carrier)
        messages = calls(self.scene.messages())[-1]
        assert tried(messages, self.scene) == [by]
        assert final(messages, caller).code == 200
        self.settled()


@contextlib.contextmanager
def home_at(
    stack: Stack, lab: Lab, cast: Cast, edge: tuple[Site, str], title: str
) -> Iterator[Home]:
    """Make a test's scene around an edge of `edge_beside`; Kamailio must have lived through it."""
    site, name = edge
    with scene_at(stack, lab, cast, site, title) as scene:
        home = Home(scene, name)
        began = home.up_since()
        yield home
        assert home.up_since() == began, "Kamailio was started anew"


def reply(invite: Message, status: str, *more: str, **changed: str) -> str:
    """Return a carrier's reply to an INVITE: its header lines, `more` of them; keywords replace or
    add headers by name (`via="…"`, `cseq="…"`).
    """
    headers = {
        "via": ", ".join(invite.all("via")),
        "from": invite.header("from"),
        "to": f"{invite.header('to')};tag=carrier",
        "call_id": invite.call_id,
        "cseq": invite.header("cseq"),
    } | changed
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"SIP/2.0 {status}", *lines, *more, "Content-Length: 0", "", ""])

"""What several chain tests ask of a call."""

from tests.chain.harness.peer import Peer
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages

CALLER = "1020"
# A number of each route, with the carriers that it has in this order.
TO_NORTH = "441632960100"  # north, south, west
TO_SOUTH = "442071838750"  # south, north
TO_WEST = "4930123456"  # west, south
# s: where nothing is captured, a peer's log has the time of a message, and SIPp writes that down after
# it has sent: what another peer got for it may be older by as long as it had no CPU.
WRITTEN = 0.2
REFUSED = r"refused code=(?P<code>[0-9]+) reason=(?P<reason>.*)"


def cause(number: int) -> str:
    """Return a whole Reason header."""
    return f"Reason: Q.850;cause={number}"


def dial(scene: Scene, dialled: str, scenario: str = "caller/calls", **options: object) -> Peer:
    """Have the site's phone call a number; it hangs up at once unless told to talk."""
    options.setdefault("pause", 100)
    return scene.play(scene.cast.device(CALLER), scenario, dialled=dialled, **options)


def to(messages: Messages, scene: Scene, name: str) -> Messages:
    """Return the INVITEs that a carrier or a trunk got; retransmissions do not count."""
    gateway = {**scene.site.carriers, **scene.site.trunks}[name].gateways[0]
    return messages.where(method="INVITE", target=str(gateway)).once()


def tried(messages: Messages, scene: Scene) -> list[str]:
    """Return who got an INVITE of whom the site names, in order."""
    names = {str(one.gateways[0]): one.name for one in scene.site.carriers.values()}
    names |= {str(one.gateways[0]): one.name for one in scene.site.trunks.values()}
    return [names[m.target] for m in messages.where(method="INVITE").once() if m.target in names]


def calls(messages: Messages) -> list[Messages]:
    """Return the messages call by call, in the order that the calls began."""
    ids = dict.fromkeys(m.call_id for m in messages.where(method="INVITE"))
    return [messages.where(call_id=call_id) for call_id in ids]


def final(messages: Messages, peer: Peer) -> Message:
    """Return the final answer that a caller got to its INVITE, challenges left out."""
    answers = messages.where(answers="INVITE", target=peer.who.socket)
    return Messages(m for m in answers if m.code >= 200 and m.code not in {401, 407}).one()


def assert_all_settled(messages: Messages) -> None:
    """Assert that every failed INVITE got its ACK on each hop."""
    missing = messages.unacknowledged()
    assert not missing, f"no ACK to:\n{missing.ladder()}"

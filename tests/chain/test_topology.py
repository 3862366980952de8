"""What each side of a call sees of the other: as it is, and with `hide_topology`."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bellhop.render_kamailio import DEVICES
from bellhop.settings import Site
from pager.calls import in_calls
from tests.chain.calling import assert_all_settled, cause, dial, final, to, tried
from tests.chain.harness.another_edge import edge_beside, scene_at
from tests.chain.harness.peer import Peer, Who
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Messages
from tests.chain.harness.stack import docker, until
from tests.chain.test_aliases import names_another
from tests.chain.test_credentials import ASKS, SECRETS, asking, line, number, with_credentials

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OUTSIDE = "441632960100"
DID = "442071838750"
CHANGED_BY_BOTH = "caller/reinvites-and-is-reinvited", "carrier/is-reinvited-and-reinvites"
# What topos leaves: nobody but the caller chose its Call-ID, and audio goes from end to end.
LEFT = {"call-id", "body"}


def hiding(text: str) -> str:
    return with_credentials(text).replace("[edge]", "[edge]\nhide_topology = true", 1)


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    secrets = {f"{name}.htdigest": line(name) for name in SECRETS}
    with edge_beside(
        stack, place, cast, "topology", last="124", change=hiding, secrets=secrets
    ) as found:
        yield found


@pytest.fixture
def hidden(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene


def shown(messages: Messages, who: Who, other: Who) -> set[str]:
    """Return where in what somebody got the address of another stands: names of headers,
    "request line", "body".
    """
    address = re.compile(rf"(?<![0-9.]){re.escape(other.address[0])}(?![0-9.])")
    got = messages.where(target=who.socket)
    assert got, f"{who.name} got nothing"
    found = {name for m in got for name, value in m.headers if address.search(value)}
    found |= {"request line" for m in got if address.search(m.uri)}
    return found | {"body" for m in got if address.search(m.body)}


def kamcmd(name: str, *argv: str) -> str:
    return docker("exec", name, "kamcmd", "-s", "unix:/run/kamailio/kamailio_ctl", *argv)


def call_by_both(scene: Scene) -> tuple[Messages, Peer, Peer, Peer]:
    """Have a call refused by its first carrier and taken by its second, changed by either side, and
    ended by the carrier.
    """
    caller_does, carrier_does = CHANGED_BY_BOTH
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), carrier_does)
    caller = dial(scene, OUTSIDE, caller_does)
    scene.finish(caller, north, south)
    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south", "south"]
    assert_all_settled(messages)
    return messages, caller, north, south


def test_without_it_each_side_sees_where_the_other_is(scene: Scene):
    messages, caller, north, south = call_by_both(scene)

    assert shown(messages, south.who, caller.who) == LEFT | {"via", "contact"}
    assert shown(messages, north.who, caller.who) == LEFT | {"via", "contact"}
    assert shown(messages, caller.who, south.who) == {"via", "contact", "body"}
    assert shown(messages, caller.who, north.who) == set()


def test_neither_side_sees_where_the_other_is_after_a_refusal(hidden: Scene):
    messages, caller, north, south = call_by_both(hidden)

    assert shown(messages, south.who, caller.who) == LEFT
    assert shown(messages, north.who, caller.who) == LEFT
    assert shown(messages, caller.who, south.who) == {"body"}
    assert shown(messages, caller.who, north.who) == set()


def test_a_pbx_is_hidden_from_the_carrier_that_takes_its_call(hidden: Scene):
    north = hidden.play(hidden.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = hidden.play(hidden.cast.carrier("south"), "carrier/answers")
    phone = hidden.play(
        hidden.cast.trunk("reception"), "pbx/calls", number="2001", dialled=OUTSIDE, pause=100
    )
    hidden.finish(phone, north, south)

    messages = hidden.messages()
    assert shown(messages, south.who, phone.who) == LEFT
    assert shown(messages, phone.who, south.who) == {"body"}


def test_a_carrier_that_calls_in_does_not_see_the_pbx(hidden: Scene):
    reception = hidden.play(hidden.cast.trunk("reception"), "pbx/answers")
    outside = hidden.play(
        hidden.cast.carrier("north"), "carrier/calls-in", number="447700900123", dialled=DID,
        pause=100,
    )  # fmt: skip
    hidden.finish(outside, reception)

    messages = hidden.messages()
    assert shown(messages, outside.who, reception.who) == {"body"}
    assert shown(messages, reception.who, outside.who) == LEFT


def test_a_hidden_caller_may_give_up(hidden: Scene):
    north = hidden.play(hidden.cast.carrier("north"), "carrier/rejects-503", reason=cause(34))
    south = hidden.play(hidden.cast.carrier("south"), "carrier/rings-forever")
    caller = dial(hidden, OUTSIDE, "caller/cancels-while-ringing")
    hidden.finish(caller, north, south)

    messages = hidden.messages()
    assert final(messages, caller).code == 487
    assert shown(messages, south.who, caller.who) == LEFT
    assert_all_settled(messages)


def test_a_200_that_crosses_a_hidden_callers_cancel_is_one_call_which_he_ends(hidden: Scene):
    west = hidden.play(hidden.cast.carrier("west"), "carrier/answers-despite-cancel", pause=150)
    caller = dial(hidden, "4930123456", "caller/cancels-too-late", pause=200)
    hidden.finish(caller, west)

    messages = hidden.messages()
    assert final(messages, caller).code == 200
    assert west.logged("late 200 was taken")
    assert shown(messages, west.who, caller.who) == LEFT
    assert shown(messages, caller.who, west.who) == {"body"}
    for method in ("ACK", "BYE"):
        assert messages.where(method=method, target=west.who.socket)


def test_credentials_raise_the_cseq_of_a_hidden_call_too(hidden: Scene):
    north = hidden.play(hidden.cast.carrier("north"), ASKS, **asking("north"))
    caller = dial(hidden, OUTSIDE, "caller/calls-and-reinvites")
    hidden.finish(caller, north)

    messages = hidden.messages()
    numbers = [number(m) for m in to(messages, hidden, "north")]
    assert numbers == [2, 3, 4]
    assert shown(messages, north.who, caller.who) == LEFT


BEHIND_NAT = {"contact_host": "192.168.77.7", "contact_port": "5062"}
_FETCH = """
import sys, urllib.request as u
ask = u.Request(sys.argv[1], *([sys.argv[2].encode()] if sys.argv[2:] else []))
print(u.urlopen(ask, timeout=5).read().decode())
"""


def test_a_device_behind_nat_is_hidden_reached_counted_and_asked_for(hidden: Scene, edge):
    """The registration, the metrics and the pager's questions go their ways beside topos."""
    device = hidden.cast.device("1009")
    kamcmd(edge[1], "nathelper.enable_ping", "0")  # a SIPp would take one for its INVITE
    hidden.finish(hidden.play(device, "speaker/registers", **BEHIND_NAT))
    [callee] = [hidden.play(device, "speaker/answers-behind-nat", **BEHIND_NAT)]
    internal = f"http://{edge[0].edge.internal}"

    def fetch(path: str, *asked: str) -> str:
        return docker("exec", edge[1], "python3", "-c", _FETCH, f"{internal}{path}", *asked)

    def ask(method: str, *params: object) -> Any:
        text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return json.loads(fetch("/RPC", text))["result"]

    def answered() -> int:
        found = re.search(r'kamailio_bellhop_calls_total{code="200"} ([0-9]+)', fetch("/metrics"))
        return int(found[1]) if found else 0

    def acknowledged() -> bool:
        return any(one["state"] == 4 for one in ask("dlg.profile_list", DEVICES))

    before = answered()
    caller = dial(hidden, "1009", "caller/calls-until-it-ends")
    until("the call and its ACK", acknowledged)
    found = in_calls(ask("dlg.profile_list", DEVICES))
    assert found.keys() == {"1009", "1020"}
    assert "1009" in json.dumps(ask("ul.lookup", "location", "1009"))
    [call] = found["1009"]
    ask("dlg.end_dlg", call.entry, call.id)
    hidden.finish(caller, callee)
    until("the call to be counted", lambda: answered() == before + 1)

    messages = hidden.messages()
    assert_all_settled(messages)
    for method in ("INVITE", "ACK", "BYE"):
        assert messages.where(method=method, target=device.socket), f"no {method} at the device"
    assert not messages.where(target=BEHIND_NAT["contact_host"])
    assert shown(messages, device, caller.who) == LEFT
    assert shown(messages, caller.who, device) == {"body"}
    assert BEHIND_NAT["contact_host"] not in {
        host
        for m in messages.where(target=caller.who.socket)
        for host in re.findall(r"[0-9.]+", m.raw)
    }
    offered = messages.where(method="INVITE", target=device.socket)[0].body
    answered = messages.where(answers="INVITE", code=200, target=caller.who.socket)[0].body
    assert f"c=IN IP4 {caller.who.address[0]}" in offered
    assert f"c=IN IP4 {device.address[0]}" in answered


def test_a_hidden_call_follows_no_alias_of_somebody_elses(hidden: Scene, place):
    names_another(hidden, place, "192.168.7.7:5060")


def test_after_a_restart_a_hidden_call_is_over_for_whoever_says_something_in_it(
    hidden: Scene, edge
):
    """Whose call it was, only the edge's memory knew; both sides are told so, neither the other."""
    north = hidden.play(hidden.cast.carrier("north"), "carrier/answers")
    caller = dial(hidden, OUTSIDE, "caller/calls-and-is-forgotten", pause=6000)
    confirmed = "state: 4"
    until("the call's ACK", lambda: confirmed in kamcmd(edge[1], "dlg.list"))
    docker("restart", edge[1])
    hidden.finish(caller)

    messages = hidden.messages()
    assert messages.where(answers="BYE", target=caller.who.socket).one().code == 481
    assert not messages.where(method="BYE", target=north.who.socket)


def test_kamailio_5_6_says_at_its_start_that_it_cannot(edge, stack):
    """It has topos, but no memory for it."""
    site = edge[0].path
    with pytest.raises(RuntimeError, match="topos_htable"):
        docker("run", "--rm", "--tmpfs", "/run:uid=5060,gid=5060", "-v",
               f"{site}:/etc/bellhop/site.toml:ro", f"{stack.project}-edge:bookworm", "-c")  # fmt: skip

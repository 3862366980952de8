"""Who stands in From toward carriers that know us by it, on the wire: on the caller's side he is who he
said he is, in every message of the call and both ways, and on each carrier's who that one was told.
"""

import re
from collections.abc import Iterator

import pytest

from bellhop.render_kamailio import DEVICES
from bellhop.settings import Site
from pager.calls import in_calls
from tests.chain.calling import assert_all_settled, cause, dial, final, tried
from tests.chain.faulty import reply
from tests.chain.harness.another_edge import edge_beside, scene_at
from tests.chain.harness.peer import Who
from tests.chain.harness.raw import Raw, raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Message, Messages
from tests.chain.harness.stack import until
from tests.chain.test_credentials import asking, line, number, user
from tests.chain.test_dialog_targets import answers, within
from tests.chain.test_three_kamailios import ACKNOWLEDGED
from tests.chain.test_three_kamailios import asking as asking_edge

pytestmark = [pytest.mark.control, pytest.mark.timeout(120)]

OUTSIDE, OTHERWISE = "441632960100", "442071838750"  # north, south, west; and south, north
BY_ACCOUNT = "4930123456"  # west, south
NUMBERS = '\n[numbering]\ncountry = "44"\n[[dids]]\nnumber = "442071838751"\nto = ["1020"]\n'
CHANGED_BY_BOTH = "caller/reinvites-and-is-reinvited", "carrier/is-reinvited-and-reinvites"
NORTH = "sip:+442071838751@north.example"
SWITCHBOARD = "sip:+442071838700@north.example"
NOBODY = "sip:anonymous@anonymous.invalid"


def knowing_us(text: str) -> str:
    """North knows a number, west an account, and to south he is who he says."""
    north = (
        'from = "number"\ncaller_id = "442071838700"\nformat = "+e164"\ndomain = "north.example"'
    )
    west = f'from = "account"\nauth_user = "{user("north")}"\nsecret_file = "north.htdigest"'
    west += '\nregister_domain = "west.example"'
    for name, keys in (("north", north), ("west", west)):
        text = text.replace(f"[carriers.{name}]\n", f"[carriers.{name}]\n{keys}\n")
    return text + NUMBERS


def hiding(text: str) -> str:
    return knowing_us(text).replace("[edge]", "[edge]\nhide_topology = true", 1)


KINDS = [
    pytest.param(("latest", "151", knowing_us), id="6.1"),
    pytest.param(("latest", "152", hiding), id="hidden"),
    pytest.param(("trixie", "153", knowing_us), id="6.0"),
    pytest.param(("bookworm", "154", knowing_us), id="5.6"),
]


@pytest.fixture(scope="module", params=KINDS)
def edge(request, stack, place, cast) -> Iterator[tuple[Site, str]]:
    tag, last, change = request.param
    secrets = {"north.htdigest": line("north")}
    with edge_beside(
        stack, place, cast, f"sender-{last}", tag=tag, last=last, change=change, secrets=secrets
    ) as found:
        yield found


@pytest.fixture
def scene(edge, stack, place, cast, request) -> Iterator[Scene]:
    with scene_at(stack, place, cast, edge[0], request.node.name) as scene:
        yield scene


def uri(value: str) -> str:
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.partition(";")[0]


def called(messages: Messages, who: Who) -> set[str]:
    """Return the URIs by which the caller goes in From and To of all that somebody sent and got."""
    his = tag(messages.where(method="INVITE")[0].header("from"))
    all_of_them = (*messages.where(source=who.socket), *messages.where(target=who.socket))
    sides = [value for m in all_of_them for value in (m.header("from"), m.header("to"))]
    found = {uri(value) for value in sides if tag(value) == his}
    assert found, f"{who.name} has nothing of the caller's"
    return found


def tag(value: str) -> str:
    return value.partition(";tag=")[2].partition(";")[0]


def methods(messages: Messages, who: Who, way: str) -> set[str]:
    return {m.method for m in messages.where(**{way: who.socket}) if m.method}


def himself(scene: Scene) -> str:
    """Return who the phone says it is."""
    return f"sip:1020@{scene.site.edge.devices[0].address.host}"


@pytest.mark.parametrize(
    ("dialled", "names"), [(OUTSIDE, ("north", "south")), (OTHERWISE, ("south", "north"))]
)
def test_each_carrier_knows_the_caller_by_its_own_from_alone(scene: Scene, dialled, names):
    """INVITE, the refusal's ACK; 200, ACK, re-INVITE from either side, and the carrier's BYE."""
    first, second = map(scene.cast.carrier, names)
    caller_does, carrier_does = CHANGED_BY_BOTH
    refuses = scene.play(first, "carrier/rejects-503", reason=cause(34))
    takes = scene.play(second, carrier_does)
    caller = dial(scene, dialled, caller_does)
    scene.finish(caller, refuses, takes)

    messages = scene.messages()
    assert tried(messages, scene) == [names[0], names[1], names[1]]
    told = {"north": {NORTH}, "south": {himself(scene)}}
    assert {name: called(messages, scene.cast.carrier(name)) for name in names} == told
    assert called(messages, caller.who) == {himself(scene)}
    assert methods(messages, first, "target") == {"INVITE", "ACK"}
    assert methods(messages, caller.who, "target") == {"INVITE", "ACK", "BYE"}
    other = NORTH if names[0] == "north" else None
    assert not other or not [m for m in messages.where(target=second.socket) if other in m.raw]
    assert_all_settled(messages)


def test_a_caller_may_give_up(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/rings-forever")
    caller = dial(scene, OUTSIDE, "caller/cancels-while-ringing")
    scene.finish(caller, north)

    messages = scene.messages()
    assert final(messages, caller).code == 487
    assert called(messages, north.who) == {NORTH}
    assert called(messages, caller.who) == {himself(scene)}
    assert methods(messages, north.who, "target") == {"INVITE", "CANCEL", "ACK"}
    assert_all_settled(messages)


def test_who_has_no_number_of_ours_goes_by_the_carriers_caller_id(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    pbx = scene.play(
        scene.cast.trunk("reception"), "pbx/calls", number="2001", dialled=OUTSIDE, pause=100
    )
    scene.finish(pbx, north)

    messages = scene.messages()
    assert called(messages, north.who) == {SWITCHBOARD}
    [his] = called(messages, pbx.who)
    assert his.startswith("sip:2001@")
    assert methods(messages, north.who, "target") == {"INVITE", "ACK", "BYE"}


def test_an_account_stays_the_same_when_the_carrier_asks_for_credentials(scene: Scene):
    west = scene.play(scene.cast.carrier("west"), "carrier/asks-for-credentials", **asking("north"))
    caller = dial(scene, BY_ACCOUNT, "caller/calls-and-reinvites")
    scene.finish(caller, west)

    messages = scene.messages()
    assert [number(m) for m in messages.where(method="INVITE", target=west.who.socket).once()] == [
        2, 3, 4,
    ]  # fmt: skip
    assert called(messages, west.who) == {f"sip:{user('north')}@west.example"}
    assert called(messages, caller.who) == {himself(scene)}


@pytest.mark.parametrize("asks", ["Privacy: id", ""])
def test_who_wants_privacy_is_nobody_whatever_the_carrier_would_be_told(scene: Scene, place, asks):
    """To the end: his BYE has no other From."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    his = "sip:2001@pbx.example" if asks else "sip:anonymous@pbx.example"
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        mark = f"{scene.began}"
        text = request(
            who, "INVITE", OUTSIDE, mark=mark, extra=asks, from_=f'"A. Caller" <{his}>;tag=t{mark}'
        )
        caller.send(text)
        answer = answers(caller, callee, f"<sip:111@{north.socket}>")
        there = uri(answer.header("contact"))
        assert uri(answer.header("from")) == his
        caller.send(within(answer, who, there, 1, "ACK"))
        comes(callee, "ACK")
        exchange(caller, callee, within(answer, who, there, 2, "BYE"))

    messages = scene.messages()
    assert called(messages, north) == {NOBODY}
    assert called(messages, who) == {his}
    got = messages.where(target=north.socket)
    assert {m.header("from").partition("<")[0] for m in got if m.method} == {'"Anonymous" '}
    assert not [m for m in got if "A. Caller" in m.raw or his in m.raw]


def test_a_call_that_the_edge_ends_is_ended_in_the_name_that_the_carrier_knows(scene: Scene, edge):
    """As when a page takes the caller's device."""
    ask = asking_edge(scene, edge[1])
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    caller = dial(scene, OUTSIDE, "caller/calls-until-it-ends")

    def acknowledged() -> list[dict[str, str]]:
        listed: list[dict[str, str]] = ask("dlg.profile_list", DEVICES)
        return [one for one in listed if one["state"] == ACKNOWLEDGED]

    [call] = in_calls(until("the call and its ACK", acknowledged))["1020"]
    ask("dlg.end_dlg", call.entry, call.id)
    scene.finish(caller, north)

    messages = scene.messages()
    assert "BYE" in methods(messages, north.who, "target") & methods(messages, caller.who, "target")
    assert called(messages, north.who) == {NORTH}
    assert called(messages, caller.who) == {himself(scene)}


def comes(peer: Raw, method: str) -> Message:
    """Return the next request of this method that comes to a peer."""
    while (came := peer.receive()) is not None and came.message.method != method:
        pass
    assert came is not None, f"no {method} came"
    return came.message


def exchange(asks: Raw, says: Raw, text: str) -> None:
    """Have a request go from one side to the other, and its 200 back."""
    method = text.partition(" ")[0]
    asks.send(text)
    came = comes(says, method)
    says.send(reply(came, "200 OK", to=came.header("to")))
    while (told := asks.receive()) is not None and told.message.answers != method:
        pass
    assert told is not None
    assert told.message.code == 200


def test_what_else_is_said_in_a_call_is_said_so(scene: Scene, place):
    """Reliable provisional replies before the answer; INFO and UPDATE after it, from either side."""
    who, north = scene.cast.trunk("reception"), scene.cast.carrier("north")
    contact = f"Contact: <sip:111@{north.socket}>"
    with raw(place, who, scene.directory) as caller, raw(place, north, scene.directory) as callee:
        caller.send(request(who, "INVITE", OUTSIDE, mark=f"{scene.began}"))
        asked = comes(callee, "INVITE")
        path = [f"Record-Route: {one}" for one in asked.all("record-route")]
        reliably = ["Require: 100rel", "RSeq: 1"]
        callee.send(reply(asked, "183 Session Progress", contact, *path, *reliably))
        while (rings := caller.receive()) is not None and rings.message.code != 183:
            pass
        assert rings is not None
        early = rings.message
        there, here = (uri(m.header("contact")) for m in (early, asked))
        exchange(caller, callee, within(early, who, there, 2, "PRACK"))
        callee.send(reply(asked, "200 OK", contact, *path, to=early.header("to")))
        while (told := caller.receive()) is not None and told.message.answers != "INVITE":
            pass
        assert told is not None
        answer = told.message
        caller.send(within(answer, who, there, 1, "ACK"))
        comes(callee, "ACK")
        exchange(caller, callee, within(answer, who, there, 3, "UPDATE"))
        to, from_ = asked.header("from"), early.header("to")
        for count, method in enumerate(("INFO", "UPDATE", "BYE"), 20):
            text = within(answer, north, here, count, method, from_=from_, to=to)
            exchange(callee, caller, text)

    messages = scene.messages()
    assert called(messages, north) == {SWITCHBOARD}
    assert len(called(messages, who)) == 1
    assert SWITCHBOARD not in called(messages, who)

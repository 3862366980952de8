"""The same files on Kamailio 5.6 (bookworm), 6.0 (trixie) and 6.1 (forky): registration, recursion,
and the ledger. Each runs beside the stack's own edge, on addresses of its own.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bellhop.present import METHOD, MOST
from bellhop.render_kamailio import DEVICES
from pager.calls import in_calls
from tests.chain.calling import assert_all_settled, cause, dial, final, tried
from tests.chain.faulty import reply
from tests.chain.harness.another_edge import another_edge, attempts, logged, rows
from tests.chain.harness.cast import Cast
from tests.chain.harness.places import Lab
from tests.chain.harness.raw import raw, request
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import PROJECT, Stack, docker, until
from tests.chain.test_aliases import is_too_long, names_a_way_of_its_own, names_another
from tests.chain.test_bindings import registers

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

TO_NORTH = "441632960100"
# Image tag, what `kamailio -v` must say, and the last part of its addresses.
KAMAILIOS = [("bookworm", "5.6.", "111"), ("trixie", "6.0.", "112"), ("latest", "6.1.", "113")]


@pytest.fixture(params=KAMAILIOS, ids=[f"{version}x" for _, version, _ in KAMAILIOS])
def smoke(
    request: pytest.FixtureRequest, stack: Stack, place: Lab, cast: Cast
) -> Iterator[tuple[Scene, str]]:
    """One Kamailio with the stack's site, its addresses changed; yields the scene and container."""
    tag, version, last = request.param
    said = docker("run", "--rm", "--entrypoint", "kamailio", f"{PROJECT}-edge:{tag}", "-v")
    assert f"version: kamailio {version}" in said, (
        f"{PROJECT}-edge:{tag} has {said.splitlines()[0]}"
    )
    title = f"kamailio-{version}x-{request.node.originalname}"
    with another_edge(stack, place, cast, title, tag=tag, last=last) as started:
        yield started


def test_it_registers_a_device_whose_authentication_id_is_not_its_number(smoke):
    scene, name = smoke
    [device] = scene.register("1008")

    answers = scene.messages().where(answers="REGISTER", target=device.socket)
    assert [m.code for m in answers.once()] == [401, 200]
    query = "SELECT contact FROM location WHERE username = '1008'"
    [[contact]] = until("the row in the database", lambda: rows(name, "usrloc.db", query), 10)
    assert device.socket in str(contact)


def test_it_follows_no_alias_of_somebody_elses_and_no_uri_that_is_too_long(smoke, place: Lab):
    scene, name = smoke
    for host in ("its own", "192.168.7.7:5060"):
        names_another(scene, place, host)
    names_a_way_of_its_own(scene, place)
    before = docker("inspect", "-f", "{{.State.StartedAt}}", name)
    is_too_long(scene, place)
    assert docker("inspect", "-f", "{{.State.StartedAt}}", name) == before
    scene.register("1008")  # it has survived


def test_it_binds_a_device_where_it_is_and_answers_once(smoke, place: Lab):
    scene, _ = smoke
    who, other = scene.cast.device("1009"), scene.cast.stranger().socket
    with raw(place, who, scene.directory) as device:
        contact = f'<sip:1009@{who.socket}>;received="sip:{other}"'
        answer = registers(device, "good", contact)
        assert answer.code == 200
        assert other not in answer.header("contact")
        answer = registers(device, "no-q", f"<sip:1009@{who.socket}>;q=7")
        assert answer.code == 400
        for mark, until_then in (
            ("date", "Thu, 01 Dec 2033 16:00:00 GMT"),
            ("words", "soon"),
            ("none", ""),
        ):
            contact = f"<sip:1009@{who.socket}>\r\nExpires: {until_then}"
            answer = registers(device, mark, contact)
            assert (answer.code, answer.header("contact").partition("expires=")[2][:4]) == (
                200,
                "3600",
            )
        assert device.receive(0.3) is None


def test_it_takes_a_call_past_a_failing_carrier_and_writes_down_why(smoke):
    scene, name = smoke
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-480", reason=cause(34))
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    caller = dial(scene, TO_NORTH)
    scene.finish(caller, north, south)

    messages = scene.messages()
    assert tried(messages, scene) == ["north", "south"]
    assert final(messages, caller).code == 200
    assert_all_settled(messages)
    assert attempts(name, "leg, code, cause, verdict", 2) == [
        ["carrier:north", 480, 34, "advance"],
        ["carrier:south", 200, None, "answered"],
    ]


def test_it_writes_down_that_a_phone_rang_however_long_its_contact_is(smoke, place: Lab):
    """5.6 has no text of more than 8 kB, and what asked for one gave up the reply."""
    scene, name = smoke
    who = scene.cast.carrier("north")
    contact = f"Contact: <sip:{'a' * 9_000}@{who.socket}>"
    with raw(place, who, scene.directory) as north:
        caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
        while (came := north.receive(10)) is not None and came.message.method != "INVITE":
            pass
        assert came is not None
        north.send(reply(came.message, "180 Ringing", contact))
        # Another worker may be quicker with what comes at once behind it.
        logged = caller.file("messages")
        until("the ring to be relayed", lambda: "180 Ringing" in logged.read_text("utf-8"))
        north.send(reply(came.message, "486 Busy Here"))
        scene.finish(caller)
    assert final(scene.messages(), caller).code == 486
    assert attempts(name, "code, rang", 1) == [[486, 1]]


def test_it_counts_the_call_for_prometheus(smoke):
    scene, name = smoke
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-486", reason=cause(63))
    scene.finish(dial(scene, TO_NORTH, "caller/calls-and-is-refused"), north)

    fetch = (
        "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"
    )
    url = f"http://{scene.site.edge.internal}/metrics"
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(
            docker("exec", name, "python3", "-c", fetch, url)
        )
        for sample in family.samples
    }
    assert found["kamailio_bellhop_attempts_total", "north", "63", "stop"] == 1
    assert found["kamailio_bellhop_conflicts_total", "north", "486", "63"] == 1
    assert found["kamailio_bellhop_calls_total", "486"] == 1


def test_it_stops_at_a_busy_callee(smoke):
    scene, _ = smoke
    north = scene.play(scene.cast.carrier("north"), "carrier/rejects-486", reason=cause(17))
    caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
    scene.finish(caller, north)

    messages = scene.messages()
    assert tried(messages, scene) == ["north"]
    assert final(messages, caller).code == 486
    assert_all_settled(messages)


ACKNOWLEDGED = 4  # the dialog module's state of a call whose 200 got its ACK
_ASK = """
import json, sys, urllib.request
ask = {"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}
ask = urllib.request.Request(sys.argv[1], json.dumps(ask).encode(), {"Content-Type": "application/json"})
print(urllib.request.urlopen(ask, timeout=5).read().decode())
"""


def asking(scene: Scene, name: str) -> Callable[..., Any]:
    """Return what asks an edge by RPC."""
    url = f"http://{scene.site.edge.internal}/RPC"

    def ask(method: str, *params: object) -> Any:
        text = docker("exec", name, "python3", "-c", _ASK, url, method, json.dumps(params))
        return json.loads(text)["result"]

    return ask


def test_it_forgets_a_call_whose_carrier_has_changed_our_via(smoke, place: Lab):
    """A router in between may: that reply is nobody's (RFC 3261 §18.1.2). Kamailio's own check had
    it keep the call's transaction for ever, without its failure route.
    """
    scene, name = smoke
    ask = asking(scene, name)
    who = scene.cast.carrier("north")
    with raw(place, who, scene.directory) as north:
        caller = dial(scene, TO_NORTH, "caller/calls-and-is-refused")
        while (came := north.receive(10)) is not None and came.message.method != "INVITE":
            pass
        assert came is not None
        [ours, *others] = came.message.all("via")
        host = scene.site.edge.leaves.address.host
        assert host in ours
        changed = ", ".join((ours.replace(host, "192.0.2.1"), *others))
        north.send(reply(came.message, "180 Ringing", via=changed))
        assert int(ask("tm.stats")["current"]) > 0
        for mark in range(20):  # for whichever worker it was
            north.ask(request(who, "OPTIONS", mark=f"{scene.began}-{mark}"))
        north.send(reply(came.message, "486 Busy Here"))
        scene.finish(caller)
    assert final(scene.messages(), caller).code == 486
    assert attempts(name, "code, rang", 1) == [[486, 0]]
    assert f"source={who.socket} reply=180 via=192.0.2.1 is not ours" in logged(name)
    until("its memory", lambda: int(ask("tm.stats")["current"]) == 0, 15)


def test_it_tells_which_devices_are_in_a_call_and_ends_it_for_a_page(smoke):
    scene, name = smoke
    ask = asking(scene, name)
    [device] = scene.register("1008")
    assert ask(METHOD, "", "1008", "1009") == {"1008": ["", False, False]}
    longest = ["9" * 20] * (MOST - 1)
    assert ask(METHOD, "standby", "1008", *longest) == {"1008": ["", False, False]}
    speaker = scene.play(device, "speaker/answers")
    caller = dial(scene, "1008", "caller/calls-until-it-ends")

    def acknowledged() -> object:
        """Ended before, a BYE of the edge's would overtake the caller's ACK."""
        listed = ask("dlg.profile_list", DEVICES)
        return listed if any(one["state"] == ACKNOWLEDGED for one in listed) else None

    found = in_calls(until("the call and its ACK", acknowledged))
    assert found.keys() == {"1008", "1020"}
    assert ask(METHOD, "", "1008", "1009") == {"1008": ["", True, False]}
    [call] = found["1008"]
    ask("dlg.end_dlg", call.entry, call.id)
    scene.finish(caller, speaker)

    until("the call's end", lambda: in_calls(ask("dlg.profile_list", DEVICES)) == {})
    assert ask(METHOD, "", "1008", "1009") == {"1008": ["", False, False]}
    scene.finish(scene.play(device, "speaker/registers", contact_host="192.168.77.7"))
    assert ask(METHOD, "", "1008") == {"1008": ["", False, True]}

"""Who may say what: nobody reaches anybody without proving who he is, and nobody is told a lie."""

import pytest

from tests.chain.calling import REFUSED, assert_all_settled, calls, dial, final
from tests.chain.harness.scene import Scene
from tests.chain.harness.sip import Messages

pytestmark = pytest.mark.timeout(120)

OUTSIDE = "441632960100"
SPEAKER = "1009"
ZONE = "8000"


def sent_by_the_edge(messages: Messages, scene: Scene) -> Messages:
    """Return every request that the edge sent to anybody for these calls."""
    ours = {one.address.host for one in (*scene.site.edge.devices, *scene.site.edge.trunks)}
    ours.add(scene.site.edge.internal.host)
    return Messages(m for m in messages if m.method and m.source.rpartition(":")[0] in ours)


def assert_nobody_heard_of_it(messages: Messages, scene: Scene) -> None:
    """Assert that the edge sent no call's request to anybody: it only answered."""
    heard = Messages(
        m for m in sent_by_the_edge(messages, scene) if m.method not in {"OPTIONS", "NOTIFY"}
    )
    assert not heard, f"the edge sent on:\n{heard.ladder()}"


def test_without_credentials_nobody_is_reached(scene: Scene, subtests):
    scene.register(SPEAKER)
    everybody = (OUTSIDE, SPEAKER, ZONE, "2000")
    for dialled in everybody:
        scene.finish(dial(scene, dialled, "caller/calls-without-credentials"))

    for dialled, call in zip(everybody, calls(scene.messages()), strict=True):
        with subtests.test(dialled=dialled):
            assert [m.code for m in call.where(answers="INVITE").once()] == [407]
            assert_nobody_heard_of_it(call, scene)


def test_a_from_that_is_somebody_else_is_refused(scene: Scene, subtests):
    scene.register(SPEAKER)
    everybody = (OUTSIDE, SPEAKER, ZONE, "2000")
    for dialled in everybody:
        scene.finish(dial(scene, dialled, "caller/spoofs", **{"from": "1021"}))

    for dialled, call in zip(everybody, calls(scene.messages()), strict=True):
        with subtests.test(dialled=dialled):
            assert [m.code for m in call.where(answers="INVITE").once()] == [407, 403]
            assert_nobody_heard_of_it(call, scene)


INTERNAL = (
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "Remote-Party-ID",
    "Call-Info",
    "Alert-Info",
    "Answer-Mode",
    "Priv-Answer-Mode",
    "P-Auto-Answer",
    "X-Bellhop-Zone",
)
SPELLINGS = {
    "as it is": "{name}: {value}",
    "in capitals": "{upper}: {value}",
    "in small letters": "{lower}: {value}",
    "space before the colon": "{name} : {value}",
    "tab before the colon": "{name}\t: {value}",
    "folded": "{name}:\r\n {value}",
    "folded with a tab": "{name}:\r\n\t{value}",
    "twice": "{name}: {value}\r\n{name}: {value}",
}


def forged(spelling: str) -> str:
    """Return header lines that only we may write, and one that anybody may."""
    lines = [
        SPELLINGS[spelling].format(
            name=name, upper=name.upper(), lower=name.lower(),
            value=f"<sip:forged@192.0.2.1>;answer-after=0;n={number}",
        )
        for number, name in enumerate(INTERNAL)
    ]  # fmt: skip
    return "\r\n".join([*lines, "X-Other: stays"])


@pytest.mark.parametrize("whom", ["a device", "a carrier"])
def test_forged_internal_and_auto_answer_headers_do_not_reach(scene: Scene, whom: str, subtests):
    if whom == "a device":
        [callee], dialled, answers = scene.register(SPEAKER), SPEAKER, "speaker/answers"
    else:
        callee, dialled, answers = scene.cast.carrier("north"), OUTSIDE, "carrier/answers"
    for spelling in SPELLINGS:
        answering = scene.play(callee, answers)
        scene.finish(dial(scene, dialled, extra=forged(spelling)), answering)

    for spelling, call in zip(SPELLINGS, calls(scene.messages()), strict=True):
        with subtests.test(spelling=spelling):
            received = call.where(method="INVITE", target=callee.socket).one()
            assert received.header("x-other") == "stays"
            assert "forged" not in received.raw
            assert not [name for name in INTERNAL if name.lower() in received.raw.lower()]


def test_a_callers_own_route_leads_nowhere(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    south = scene.cast.carrier("south")
    own = f"Route: <sip:{scene.cast.edge};lr>\r\nRoute: <sip:{south.socket};lr>"
    scene.finish(dial(scene, OUTSIDE, extra=own), north)

    messages = scene.messages()
    received = messages.where(method="INVITE", target=north.who.socket).one()
    assert not received.all("route")
    assert not messages.where(target=south.socket)


@pytest.mark.control
def test_the_pbx_is_told_by_the_edge_who_calls_and_by_nobody_else(scene: Scene):
    members = scene.site.zones[ZONE].members
    gone = [scene.play(scene.cast.device(n), "speaker/unregisters") for n in members]
    scene.finish(*gone)
    caller = dial(scene, ZONE, "caller/calls-and-is-refused", extra=forged("as it is"))
    scene.finish(caller)

    messages = scene.messages()
    received = messages.where(method="INVITE", target=str(scene.site.pbx.address)).one()
    assert received.source == str(scene.site.edge.internal)
    [identity] = received.all("p-asserted-identity")
    assert "1020" in identity
    assert "forged" not in received.raw
    assert received.header("x-other") == "stays"


ROUTES = (
    "Route: <sip:{edge};lr>",
    "Route: <sip:{trunks};lr>",
    "Route: <sip:{trunks};lr;bh=0000000000>,<sip:{edge};lr;bh=0000000000>",
    "Route: <sip:{edge};lr;r2=on;bh=>\r\nRoute: <sip:{trunks};lr;r2=on;bh=>",
    "X-Route: none",
)


@pytest.mark.parametrize("whom", ["carrier", "device", "pbx"])
def test_an_invented_dialog_gets_nowhere(scene: Scene, whom: str, subtests):
    [device] = scene.register(SPEAKER)
    north = scene.cast.carrier("north")
    target = {
        "carrier": f"sip:{OUTSIDE}@{north.socket}",
        "device": f"sip:{SPEAKER}@{device.socket}",
        "pbx": f"sip:{ZONE}@{scene.site.pbx.address}",
    }[whom]
    doors = {"edge": scene.cast.edge, "trunks": "{}:{}".format(*scene.cast.trunks_door)}
    who = scene.cast.device("1020")
    callers = []
    for routes in ROUTES:
        route = routes.format(**doors)
        callers.append(scene.play(who, "caller/forges-a-dialog", target=target, route=route))
        scene.finish(callers[-1])

    for routes, caller, call in zip(ROUTES, callers, calls(scene.messages()), strict=True):
        with subtests.test(routes=routes):
            assert 400 <= final(call, caller).code < 500
            assert_nobody_heard_of_it(call, scene)


def test_a_dialog_of_ones_own_cannot_be_turned_towards_a_carrier(scene: Scene):
    [device] = scene.register(SPEAKER)
    north = scene.cast.carrier("north")
    speaker = scene.play(device, "speaker/answers")
    caller = dial(scene, SPEAKER, "caller/turns-its-dialog", target=f"sip:{OUTSIDE}@{north.socket}")
    scene.finish(caller, speaker)

    assert not scene.messages().where(target=north.socket)


def test_a_call_by_a_carrier_is_no_way_to_another_number_there(scene: Scene):
    north = scene.play(scene.cast.carrier("north"), "carrier/answers")
    target = f"sip:900123@{north.who.socket}"
    caller = dial(scene, OUTSIDE, "caller/turns-its-dialog", target=target)
    scene.finish(caller, north)

    invites = scene.messages().where(method="INVITE", target=north.who.socket).once()
    assert [m.uri for m in invites] == [f"sip:{OUTSIDE}@{north.who.socket}"]


def test_a_device_that_dials_what_it_may_not_is_refused(scene: Scene, subtests):
    scene.register(SPEAKER)
    attempts = (("1021", ZONE), ("1021", OUTSIDE), ("1008", SPEAKER), ("1015", ZONE))
    callers = []
    for number, dialled in attempts:
        who = scene.cast.device(number)
        callers.append(scene.play(who, "caller/calls-and-is-refused", dialled=dialled))
        scene.finish(callers[-1])

    for attempt, caller, call in zip(attempts, callers, calls(scene.messages()), strict=True):
        with subtests.test(attempt=attempt):
            answer = final(call, caller)
            assert (answer.code, answer.header("reason")) == (403, "Q.850;cause=21")
            assert_nobody_heard_of_it(call, scene)


def test_a_stranger_at_the_trunks_door_is_refused(scene: Scene, subtests):
    scene.register(SPEAKER)
    everybody = (OUTSIDE, SPEAKER, ZONE, "442071838750")
    who = scene.cast.stranger()
    strangers = []
    for dialled in everybody:
        strangers.append(
            scene.play(who, "pbx/calls-and-is-refused", number="2001", dialled=dialled)
        )
        scene.finish(strangers[-1])

    for dialled, stranger, call in zip(everybody, strangers, calls(scene.messages()), strict=True):
        with subtests.test(dialled=dialled):
            assert final(call, stranger).code == 403
            assert_nobody_heard_of_it(call, scene)


RAW = (
    "1009&1010",
    "1009%261010",
    "1009,1010",
    "1009%2c1010",
    "1009%0d%0aX-Evil:%20yes",
    "1009%0d%0a",
    "%0d%0a1009",
    "1009%00",
    "441632960100&PJSIP%2Fnorth%2F900123",
    "8000,o(x)",
    "8000%2Co(x)",
    "$%7BEXTEN%7D",
    "%D9%A1%D9%A0%D9%A0%D9%A9",
    "1009" * 20,
    "100 9".replace(" ", "%20"),
)


@pytest.mark.parametrize("beside", ["x=y", "npdi;rn=+15550100", "phone-context=+44", "ext=1010"])
def test_what_stands_beside_a_number_is_heard_by_nobody(scene: Scene, beside: str):
    """RFC 3966 §5.4: a parameter that means nothing here is ignored; the number is the number."""
    [speaker] = scene.register(SPEAKER)
    busy = scene.play(speaker, "speaker/is-busy-486")
    uri = f"sip:{SPEAKER};{beside}@{scene.cast.edge}"
    caller = scene.play(scene.cast.device("1020"), "caller/dials-raw", uri=uri)
    scene.finish(caller, busy)

    messages = scene.messages()
    assert [found["code"] for found in caller.logged(REFUSED)] == ["486"]
    received = messages.where(method="INVITE", target=speaker.socket).one()
    assert received.uri == f"sip:{SPEAKER}@{speaker.socket}"
    assert beside not in received.raw
    assert_all_settled(messages)


def test_what_is_no_number_is_refused_and_nobody_hears_of_it(scene: Scene, subtests):
    """Not cleaned: what is left of 1009&1010 after cleaning is another number."""
    scene.register(SPEAKER)
    callers = []
    for user in RAW:
        uri = f"sip:{user}@{scene.cast.edge}"
        callers.append(scene.play(scene.cast.device("1020"), "caller/dials-raw", uri=uri))
        scene.finish(callers[-1])

    messages = scene.messages()
    for user, caller, call in zip(RAW, callers, calls(messages), strict=True):
        with subtests.test(dialled=user):
            [found] = caller.logged(REFUSED)
            assert found["code"] in {"400", "484"}, found
            assert_all_settled(call)
    assert_nobody_heard_of_it(messages, scene)

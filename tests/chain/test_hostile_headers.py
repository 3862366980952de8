"""Headers that are not UTF-8, that fill a datagram, or that hide a line in another: in each field
that we read, of requests and of a carrier's replies. Each call is answered, the next carrier is
called, and nothing that was hidden reaches a carrier, the caller, the ledger or a line of our log
as what it claims to be. What Kamailio's own parser says of a header that it cannot read quotes it.
"""

import json
import re
import shutil
from collections.abc import Iterator

import pytest

from bellhop.settings import Site
from tests.chain.calling import calls, dial, final, tried
from tests.chain.faulty import TO_NORTH, Home, carriers, home_at, reply
from tests.chain.harness.another_edge import edge_beside, logged, rows
from tests.chain.harness.raw import credentials, raw, request
from tests.chain.harness.stack import until
from tests.chain.hostile import (
    AT_LAST,
    EVIL,
    FIELDS,
    HOSTILE,
    REPLIES,
    acknowledge,
    call_with,
    hidden,
    hostile,
    refusal,
)

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

PHONE = "1020"
SOON = 0.25  # s: where silence is right, it is silence then
# What Kamailio must read to build any answer: without it, nobody can be told.
MUTE = {"From", "From's tag", "To", "Call-ID", "Retry-After"}


@pytest.fixture(scope="module")
def edge(stack, place, cast) -> Iterator[tuple[Site, str]]:
    change = carriers(dict.fromkeys(("north", "south", "west"), "breaker = 0"))
    with edge_beside(stack, place, cast, "hostile", last="125", change=change) as found:
        yield found


@pytest.fixture
def home(edge, stack, place, cast, request) -> Iterator[Home]:
    shutil.rmtree(place.artifacts / request.node.name, ignore_errors=True)
    with home_at(stack, place, cast, edge, re.sub(r"\W+", "-", request.node.name)) as found:
        yield found
        assert_log_is_ours(found)
        assert_ledger_is_plain(found)


def assert_log_is_ours(home: Home) -> None:
    """Assert that each line of ours in the log is one, and has nothing that only a terminal reads."""
    ours = [one for one in logged(home.name).split("\n") if re.search("call=|callback=", one)]
    assert ours
    for one in ours:
        assert re.match(r" *[0-9]+\([0-9]+\) [A-Z]+: <core> \[core/kemi.c:[0-9]+\]", one)
        assert one.isascii()
        assert one.isprintable()
        said = one.partition("(): ")[2].partition(" error=")[0]
        assert all("=" in word for word in said.split(" ")), one


def assert_ledger_is_plain(home: Home) -> None:
    """Assert that no text in the ledger has a control character."""
    for table in ("attempts", "calls"):
        query = f"SELECT * FROM {table}"  # noqa: S608 - ours
        found = until(f"the ledger's {table}", lambda q=query: rows(home.name, "calls.db", q))
        for row in found:
            assert not re.search(r"[\x00-\x1f]", json.dumps(row).replace("\\u00", "\0")), row


def test_a_callers_hostile_header_is_answered_and_hides_nothing(home: Home, place, subtests):
    who, north = home.scene.cast.device(PHONE), home.scene.cast.carrier("north")
    told: dict[tuple[str, str], list[int]] = {}
    with (
        raw(place, who, home.scene.directory) as phone,
        raw(place, north, home.scene.directory) as carrier,
    ):
        for how, text in HOSTILE.items():
            for field in FIELDS:
                mark = f"{home.scene.began:.0f}-{len(told)}"
                invite = hostile(phone, field, text, mark)
                patience = SOON if field in MUTE else AT_LAST
                told[how, field] = call_with(phone, carrier, invite, f"{mark}-2", patience)
    home.takes_a_call()

    for (how, field), codes in told.items():
        with subtests.test(how=how, field=field):
            if codes or field not in MUTE:
                assert codes, "silence"
                # 503: with what we add for it, the tag of 30 kB is more than can be sent on.
                assert codes[-1] in {400, 403, 407, 420, 486, 503}
            if "lone" in how:
                assert codes[-1:] != [486], "the carrier got it"
    assert hidden(home.scene.messages(), home, who.socket) == []


NAMES = {
    "a quote that ends": '"a" <sip:evil@192.0.2.1>, "b" <sip:1020@{edge}>',
    "an escaped quote": f'"a\\"\\r\\n{EVIL}" <sip:1020@{{edge}}>',
    "percent signs": f'"%0d%0a{EVIL}" <sip:1020@{{edge}}>',
    "percent signs in its user": "<sip:1020%0d%0aP-Asserted-Identity:%20evil@{edge}>",
    "headers of its URI": "<sip:1020@{edge}?P-Asserted-Identity=evil>",
    "a folded line": f'"a\r\n {EVIL}\r\n b" <sip:1020@{{edge}}>',
    "a lone CR": f'"a\r{EVIL}" <sip:1020@{{edge}}>',
    "a lone LF": f'"a\n{EVIL}" <sip:1020@{{edge}}>',
    "a NUL": f'"a\0{EVIL}" <sip:1020@{{edge}}>',
    "somebody else": '"Reception" <sip:2001@{edge}>',
    "nobody": f'"{EVIL}" <sip:anonymous@anonymous.invalid>',
}


def test_a_callers_name_smuggles_nothing_to_a_pbx(home: Home, place, subtests):
    """A PBX believes its trunk. What gets there has one From, and no header that was a name."""
    who, reception = home.scene.cast.device(PHONE), home.scene.cast.trunk("reception")
    edge = who.edge[0]
    told: dict[str, list[int]] = {}
    with (
        raw(place, who, home.scene.directory) as phone,
        raw(place, reception, home.scene.directory) as pbx,
    ):
        for how, name in NAMES.items():
            mark = f"pbx-{home.scene.began:.0f}-{len(told)}"
            sender = f"{name.replace('{edge}', edge)};tag=t{mark}"
            plain = request(who, "INVITE", "2001", mark=mark)
            challenge = phone.ask(plain)
            acknowledge(phone, challenge, plain)
            proof = credentials(who, challenge, "INVITE", f"sip:2001@{edge}")
            invite = request(who, "INVITE", "2001", number=2, mark=mark, extra=proof, from_=sender)
            told[how] = call_with(phone, pbx, invite, f"{mark}-2")
    home.takes_a_call()

    for how, codes in told.items():
        with subtests.test(how=how):
            assert codes, "silence"
            assert codes[-1] in {400, 403, 486}
            if how in {
                "percent signs in its user",
                "somebody else",
                "a lone CR",
                "a lone LF",
                "a NUL",
            }:
                assert codes[-1] != 486, "the PBX got it"
    assert 486 in {codes[-1] for codes in told.values()}
    messages = home.scene.messages()
    assert hidden(messages, home, who.socket) == []
    for one in messages.where(method="INVITE", target=reception.socket):
        assert len(one.all("from")) == 1
        assert not one.all("p-asserted-identity")


def test_a_message_beyond_what_kamailio_takes_is_as_none(home: Home, place):
    """More than 32,767 bytes: a caller's request is not answered, and a carrier that replies so is
    left as a silent one is.
    """
    scene, many = home.scene, "x" * 60_000
    who, north = scene.cast.device(PHONE), scene.cast.carrier("north")
    with raw(place, who, scene.directory) as phone:
        phone.send(request(who, "INVITE", TO_NORTH, mark="60k", extra=f"Subject: {many}"))
        assert phone.receive(SOON) is None
    south = scene.play(scene.cast.carrier("south"), "carrier/answers")
    with raw(place, north, scene.directory) as carrier:
        caller = dial(scene, TO_NORTH)
        came = carrier.receive(10)
        assert came is not None
        carrier.send(reply(came.message, "486 Busy Here", f'Reason: Q.850;cause=17;text="{many}"'))
        scene.finish(caller, south)
    home.takes_a_call()
    assert tried(calls(scene.messages())[-2], scene) == ["north", "south"]


def test_a_carriers_hostile_header_is_a_refusal_like_any_other(home: Home, place, subtests):
    """503 leads to the next carrier, whatever stands beside it."""
    scene = home.scene
    cases = [(how, field) for how in HOSTILE for field in REPLIES]
    north = scene.cast.carrier("north")
    south = scene.play(scene.cast.carrier("south"), "carrier/answers", calls=len(cases))
    sent: dict[str, tuple[str, str]] = {}
    with raw(place, north, scene.directory) as carrier:
        phone = dial(scene, TO_NORTH, calls=len(cases), options=("-r", "20"))
        while len(sent) < len(cases):
            came = carrier.receive(10)
            assert came is not None, "no INVITE came"
            if came.message.method == "INVITE" and came.message.call_id not in sent:
                sent[came.message.call_id] = how, field = cases[len(sent)]
                carrier.send(refusal(came.message, field, HOSTILE[how]))
        scene.finish(phone, south)
    home.takes_a_call()

    messages = scene.messages()
    for one in calls(messages)[: len(cases)]:
        how, field = sent[one[0].call_id]
        with subtests.test(how=how, field=field):
            assert tried(one, scene) == ["north", "south"]
            assert final(one, phone).code == 200
    heard = messages.where(target=phone.who.socket)
    assert not [m for m in heard if "evil" in m.raw or m.code == 503]
    assert hidden(messages, home) == []

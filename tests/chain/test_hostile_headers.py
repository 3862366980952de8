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
from tests.chain.harness.raw import Raw, credentials, raw, request
from tests.chain.harness.sip import Message, Messages

pytestmark = [pytest.mark.control, pytest.mark.timeout(180)]

PHONE = "1020"
SILENCE = 0
SOON = 0.25  # s: where silence is right, it is silence then
AT_LAST = 5.0  # s: an answer that must come has come by then
# What is hidden: who one is, that a phone must answer, and what a log or a ledger would believe.
EVIL = "P-Asserted-Identity: <sip:evil@192.0.2.1>"
HOSTILE = {
    "not UTF-8": "a\udcff\udcfe\udc80",
    "30 kB": "x" * 30_000,  # Kamailio takes 32,767 bytes, UDP would carry 65,507
    "CR and LF escaped": f"a%0d%0a{EVIL}",
    "a lone CR": f"a\r{EVIL}",
    "a lone LF": f"a\n{EVIL}",
    "folded": f"a\r\n {EVIL}",
    "SQL": "a' OR 1=1; DROP TABLE attempts; --",
    "NUL, bell, escape": f"a\x00\x07\x1b[2J{EVIL}",
}
# A field that we read in a call, with the place where a peer writes what he likes.
FIELDS = {
    "From": '"{x}" <sip:1020@{edge}>;tag=t{m}',
    "From's tag": "<sip:1020@{edge}>;tag={x}",
    "To": '"{x}" <sip:441632960100@{edge}>',
    "Contact": '"{x}" <sip:1020@{me}>',
    "Contact's user": "<sip:{x}@{me}>",
    "Call-ID": "{x}{m}",
    "Reason": 'Q.850;cause=16;text="{x}"',
    "Proxy-Authorization": 'Digest username="{x}", realm="elsewhere", nonce="x", uri="x", response="x"',
    "Route": "<sip:{x}@{edge};lr>",
    "Record-Route": "<sip:{x}@{edge};lr>",
    "User-Agent": "{x}",
    "Retry-After": "{x}",
    "P-Asserted-Identity": '"{x}" <sip:1@{edge}>',
    "Diversion": '"{x}" <sip:1@{edge}>',
    "Privacy": "{x}",
    "Proxy-Require": "{x}",
    "Supported": "{x}",
    "Subject": "{x}",
}
# What Kamailio must read to build any answer: without it, nobody can be told.
MUTE = {"From", "From's tag", "To", "Call-ID", "Retry-After"}
# The same in a carrier's refusal: what decides, what names others, what goes into a log.
REPLIES = {
    "phrase": "",
    "Reason": 'Reason: Q.850;cause=34;text="{x}"',
    "Reason's cause": "Reason: Q.850;cause={x}",
    "Reason's protocol": "Reason: {x};cause=34",
    "Contact": "Contact: <sip:{x}@192.0.2.1>",
    "Contact's name": 'Contact: "{x}" <sip:1@192.0.2.1>',
    "To": "",
    "From's name": "",
    "P-Asserted-Identity": 'P-Asserted-Identity: "{x}" <sip:1@192.0.2.1>',
    "Retry-After": "Retry-After: {x}",
    "User-Agent": "User-Agent: {x}",
    "Server": "Server: {x}",
    "Warning": 'Warning: 399 x "{x}"',
    "Unsupported": "Unsupported: {x}",
    "WWW-Authenticate": 'WWW-Authenticate: Digest realm="{x}", nonce="{x}"',
}


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
        for row in rows(home.name, "calls.db", f"SELECT * FROM {table}"):  # noqa: S608 - ours
            assert not re.search(r"[\x00-\x1f]", json.dumps(row).replace("\\u00", "\0")), row


def acknowledge(peer: Raw, answer: Message, invite: str) -> None:
    """Send the ACK to a refusal, as it must be: with the INVITE's own lines."""
    kept = [line for line in invite.split("\r\n") if re.match("(Via|From|Call-Id|Max-F)", line)]
    uri = invite.split(" ", 2)[1]
    number = invite.partition("Cseq: ")[2].split()[0]
    lines = [f"ACK {uri} SIP/2.0", *kept, f"To: {answer.header('to')}", f"CSeq: {number} ACK"]
    peer.send("\r\n".join([*lines, "Content-Length: 0", "", ""]))


def hostile(phone: Raw, field: str, text: str, mark: str) -> str:
    """Ask for a call, answer the challenge, and return the INVITE with one hostile field."""
    who = phone.who
    plain = request(who, "INVITE", TO_NORTH, mark=mark)
    challenge = phone.ask(plain)
    while challenge.code != 407 or mark not in challenge.header("call-id"):
        came = phone.receive()  # the refusal of the call before comes again
        assert came is not None
        challenge = came.message
    acknowledge(phone, challenge, plain)
    extra = credentials(who, challenge, "INVITE", f"sip:{TO_NORTH}@{who.edge[0]}")
    name = field.partition("'")[0]
    value = FIELDS[field].replace("{edge}", who.edge[0]).replace("{me}", who.socket)
    value = value.replace("{m}", mark).replace("{x}", text)
    known = {"From": "from_", "To": "to", "Contact": "contact", "Call-ID": "call_id"}
    if name in known:
        changed, more = {known[name]: value}, ""
    else:
        changed, more = {}, f"{name}: {value}"
    invite = request(who, "INVITE", TO_NORTH, number=2, mark=mark, extra=extra, **changed)
    return invite.replace("\r\n\r\n", f"\r\n{more}\r\n\r\n") if more else invite


def call_with(
    phone: Raw, carrier: Raw, invite: str, branch: str, patience: float = AT_LAST
) -> list[int]:
    """Place a call that the carrier refuses, should it get it; return what the phone was told."""
    codes: list[int] = []
    phone.send(invite)
    quiet = 0.0
    while quiet < patience and not (codes and codes[-1] >= 200):
        if (came := carrier.receive(0.01)) is not None and came.message.method == "INVITE":
            carrier.send(reply(came.message, "486 Busy Here"))
        if (came := phone.receive(0.01)) is None:
            quiet += 0.02
        elif branch in came.message.header("via"):
            codes.append(came.message.code)
            if codes[-1] >= 200:
                acknowledge(phone, came.message, invite)
    return codes


def hidden(messages: Messages, home: Home, besides: str = "") -> list[str]:
    """Return the lines of what the edge sent, however one may end lines, that were hidden; not of
    what the one got who had hidden them, and gets his own headers back.
    """
    ours = {home.scene.cast.edge.host, home.scene.site.edge.internal.host}
    lines = (
        line
        for m in messages
        if m.source.rpartition(":")[0] in ours and m.target != besides
        for line in re.split("[\r\n\0]", m.raw.replace("\r\n ", " "))
    )
    return [line for line in lines if re.match(r"\s*P-Asserted-Identity.*evil", line)]


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


def refusal(invite: Message, field: str, text: str) -> str:
    """Return a carrier's 503 with one hostile field."""
    line = REPLIES[field].replace("{x}", text)
    changed = {}
    if field == "To":
        changed["to"] = f'"{text}" <sip:1@192.0.2.1>;tag=carrier'
    if field == "From's name":
        changed["from"] = f'"{text}" {invite.header("from")}'
    phrase = text if field == "phrase" else "Service Unavailable"
    return reply(invite, f"503 {phrase}", *([line] if line else []), **changed)

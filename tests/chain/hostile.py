"""What a hostile header may hold, requests and refusals that have one, and what must not come of it."""

import re

from tests.chain.faulty import TO_NORTH, Home, reply
from tests.chain.harness.raw import Raw, credentials, request
from tests.chain.harness.sip import Message, Messages

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
    assert challenge.code == 407
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

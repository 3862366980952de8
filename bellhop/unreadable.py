"""The answer to a request that nobody can read: made of the lines that its sender knows it by.

Kamailio builds answers from headers that it has parsed, so what it cannot parse would get none.
What an answer needs (RFC 3261 §8.2.6.2) is copied as it came; the rest is not looked at.
"""

import re
from dataclasses import dataclass
from hashlib import blake2s

from bellhop.values import Address, ip

_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id"}
_COPIED = ("via", "from", "to", "call-id", "cseq")
_SPELLED = {"call-id": "Call-ID", "cseq": "CSeq"}
_ASKS = re.compile(r"(?P<method>[!-~]+) .* SIP/2\.0", re.ASCII | re.IGNORECASE)
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<protocol>UDP|TCP|TLS)\s+(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
    r"(?:\s*:\s*(?P<port>[0-9]{1,5}))?\s*(?P<rest>[;,].*)?",
    re.ASCII | re.IGNORECASE,
)
_RPORT = re.compile(r";\s*rport\s*(?=[;,]|$)", re.IGNORECASE)
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_SIP_PORT = 5060


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and where."""

    text: str
    to: Address


def answer(
    message: str, source: Address, status: str = "400 Bad Request", *, protocol: str = "udp"
) -> Answer | None:
    """Return the answer to a request that came from an address. None where there can be none: to an
    ACK, to what is no SIP request, and where no sender would know it for the answer: it has no Via
    that can be read, or another protocol's, or no CSeq, Call-ID, From or To.

    Over UDP it goes where the Via says, at that address; else back by the connection.
    """
    first, *lines = re.split(r"\r\n|\r|\n", re.sub(r"\r\n[ \t]+", " ", message))
    asks = _ASKS.fullmatch(first)
    if asks is None or asks["method"].upper() == "ACK":
        return None
    found = _headers(lines)
    if any(not found[name] for name in _COPIED):
        return None
    via = _VIA.fullmatch(found["via"][0])
    if via is None or via["protocol"].lower() != protocol:
        return None
    asked = _RPORT.search((via["rest"] or "").partition(",")[0]) is not None
    port = int(via["port"] or _SIP_PORT) if protocol == "udp" and not asked else source.port
    if not 0 < port < 65_536:
        return None
    vias = [_stamped(found["via"][0], via, source), *found["via"][1:]]
    to = found["to"][0]
    if not _TAG.search(to):
        to += f";tag={blake2s(message.encode(), digest_size=5).hexdigest()}"
    headers = [
        *(f"Via: {one}" for one in vias),
        f"From: {found['from'][0]}",
        f"To: {to}",
        *(f"{_SPELLED[name]}: {found[name][0]}" for name in ("call-id", "cseq")),
    ]
    text = "\r\n".join([f"SIP/2.0 {status}", *headers, "Content-Length: 0", "", ""])
    return Answer(text, Address(source.host, port))


def _headers(lines: list[str]) -> dict[str, list[str]]:
    """Return the values of the headers that an answer copies; empty ones are none."""
    found: dict[str, list[str]] = {name: [] for name in _COPIED}
    for line in lines:
        if not line:
            break
        name, colon, value = line.partition(":")
        known = name.strip().lower()
        known = _COMPACT.get(known, known)
        if colon and known in found and value.strip():
            found[known].append(value.strip())
    return found


def _stamped(via: str, read: re.Match[str], source: Address) -> str:
    """Return the top Via with where the request came from (RFC 3261 §18.2.1, RFC 3581 §4)."""
    start = read.start("rest") if read["rest"] else len(via)
    own, comma, others = via[start:].partition(",")
    own, asked = _RPORT.subn(f";rport={source.port}", own)
    if asked or ip(read["host"].strip("[]")) != source.host:
        own += f";received={source.host}"
    return via[:start] + own + comma + others

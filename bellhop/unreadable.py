"""The answer to a request that nobody can read: made of the lines that its sender knows it by.

Kamailio builds answers from headers that it has parsed, so what it cannot parse would get none.
What an answer needs (RFC 3261 §8.2.6.2) is copied as it came; the rest is not looked at.
"""

import re
from dataclasses import dataclass
from hashlib import blake2s

from bellhop.addresses import Address, ip

_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id"}
_ONCE = ("From", "To", "Call-ID", "CSeq")  # which an answer has once; it has every Via
_ASKS = re.compile(
    r"(?P<method>[!-~]+) .* SIP/(?P<version>[0-9]+\.[0-9]+)", re.ASCII | re.IGNORECASE
)
_VIA = re.compile(
    r"SIP\s*/\s*[0-9]+\.[0-9]+\s*/\s*[A-Za-z]+\s+(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
    r"(?:\s*:\s*(?P<port>[0-9]{1,5}))?\s*(?P<rest>[;,].*)?",
    re.ASCII | re.IGNORECASE,
)
_RPORT = re.compile(r";\s*rport\s*(?=[;,]|$)", re.IGNORECASE)
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_VERSION = "2.0"
_SIP_PORT = 5060


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and where."""

    text: str
    to: Address


def answer(message: str, source: Address, *, protocol: str = "udp") -> Answer | None:
    """Return the answer to a request that came from an address: 505 to one of another version of
    SIP, else 400. None where there can be none: to an ACK, to what is no SIP request, and where no
    sender would know it for the answer, which goes by Via and CSeq (RFC 3261 §17.1.3). A From, To
    or Call-ID that is missing is missing in the answer too (RFC 4475 §3.3.1).

    It goes by what the request came by, whatever the Via says of that, as Kamailio's own do: over
    UDP where the Via says, at that address; else back by the connection.
    """
    unfolded = re.sub(r"\r\n[ \t]+", " ", message.lstrip("\r\n"))  # line ends before it: §7.5
    first, *lines = re.split(r"\r\n|\r|\n", unfolded)
    asks = _ASKS.fullmatch(first)
    if asks is None or asks["method"].upper() == "ACK":
        return None
    found = _headers(lines)
    via = _VIA.fullmatch(found["via"][0]) if found["via"] else None
    if via is None or not found["cseq"]:
        return None
    asked = _RPORT.search((via["rest"] or "").partition(",")[0]) is not None
    port = int(via["port"] or _SIP_PORT) if protocol == "udp" and not asked else source.port
    if not 0 < port < 65_536:
        return None
    if found["to"] and not _TAG.search(found["to"][0]):
        found["to"][0] += f";tag={blake2s(message.encode(), digest_size=5).hexdigest()}"
    vias = [_stamped(found["via"][0], via, source), *found["via"][1:]]
    headers = [
        *(f"Via: {one}" for one in vias),
        *(f"{name}: {found[name.lower()][0]}" for name in _ONCE if found[name.lower()]),
    ]
    status = "400 Bad Request" if asks["version"] == _VERSION else "505 Version Not Supported"
    text = "\r\n".join([f"SIP/2.0 {status}", *headers, "Content-Length: 0", "", ""])
    return Answer(text, Address(source.host, port))


def _headers(lines: list[str]) -> dict[str, list[str]]:
    """Return the values of the headers that an answer copies; empty ones are none."""
    found: dict[str, list[str]] = {name.lower(): [] for name in ("Via", *_ONCE)}
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

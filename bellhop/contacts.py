"""The Contact header (RFC 3261 §20.10) of a redirect, where it says that the callee is to be found;
and of a REGISTER.

Reading a redirect's never fails, in time linear in the header's length: what cannot be read is left
out. Display names and parameters other than q are dropped: they are the sender's words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bellhop import users
from bellhop.addresses import PROTOCOLS

MOST = 16  # targets of one header that are of use
READ = 256  # of which these are chosen; more are noise
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|<[^>]*+>?|,|[^",<]++', re.DOTALL)
# What may stand between < and >: nothing that could end them, a line or a quoted string.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}:[!#-;=?-~]{1,500}", re.ASCII)
# The RFC wants a digit before the point, and three at most behind it; not everybody writes so.
_Q = re.compile(r"0?\.[0-9]+|0\.?|1(?:\.0*)?", re.ASCII)
_THOUSANDTHS = len("0.123")
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_NOW = re.compile(r"0+", re.ASCII)
_SIP = re.compile(
    r"sip:(?P<number>[^@;:?]+)(?:;[^@?]*)?@"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<rest>[;?].*)?",
    re.ASCII | re.IGNORECASE,
)
_TEL = re.compile(r"tel:(?P<number>[^;?]+)(?:;.*)?", re.ASCII | re.IGNORECASE)
_TRANSPORT = re.compile(r";transport=([^;?]*)", re.ASCII | re.IGNORECASE)
_ELSEWHERE = re.compile(r"[;&?]maddr=|[&?]transport=", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contact:
    """One target: its URI as it was, and its preference, 0 to 1000 thousandths."""

    uri: str
    q: int = 1000

    def header(self) -> str:
        """Return it as it goes into a Contact header."""
        return f"<{self.uri}>" + ("" if self.q == 1000 else f";q=0.{self.q:03}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URI leads: a number, and the host and port beside it. host: "" for a tel URI; port: 0
    when none is given; protocol: "" when it asks for none, and is content with ours.
    """

    number: str
    host: str = ""
    port: int = 0
    protocol: str = ""


def parse(*lines: str) -> tuple[Contact, ...]:
    """Return the targets of the bodies of Contact headers, the preferred first (RFC 3261 §8.1.3.4:
    by q, and those of the same q as they stand), and no more than MOST of them.
    """
    items = (_parts(item) for item in islice(_items(*lines), READ))
    found = dict.fromkeys(Contact(uri, _preference(rest)) for uri, rest in items if uri)
    return tuple(sorted(found, key=lambda one: -one.q)[:MOST])


def binding(*lines: str, expires: str = "") -> str:
    """Return the bodies of a REGISTER's Contact headers as one that says no more than which binding
    is wanted: the preferred of those that are not taken back, or all that are. expires: the Expires
    header, for those that say nothing of their time themselves. Raises ValueError when one cannot
    be read.
    """
    gone, wanted = [], []
    for uri, rest in map(_parts, islice(_items(*lines), READ)):
        if not uri:
            raise ValueError("no URI that may stand in a Contact")
        seconds = _parameter(rest, "expires")
        if _NOW.fullmatch(seconds or expires.strip()):
            gone.append(f"<{uri}>;expires=0")
        else:
            time = f";expires={seconds}" if _SECONDS.fullmatch(seconds) else ""
            wanted.append((-_preference(rest), f"<{uri}>{time}"))
    return min(wanted, key=lambda one: one[0])[1] if wanted else ", ".join(gone)


def place(contact: Contact) -> Place | None:
    """Return where a contact leads, as far as a plain sip or tel URI says; None for any other: one
    that asks for a transport that we have not or for a host besides (maddr), for TLS all the way
    (sips), or names no user.
    """
    if tel := _TEL.fullmatch(contact.uri):
        return Place(users.dialled(tel["number"]))
    sip = _SIP.fullmatch(contact.uri)
    if sip is None or _ELSEWHERE.search(rest := sip["rest"] or ""):
        return None
    asked = {protocol.lower() for protocol in _TRANSPORT.findall(rest)}
    if len(asked) > 1 or not asked <= set(PROTOCOLS):
        return None
    number, host = users.dialled(sip["number"]), sip["host"].strip("[]").lower()
    return Place(number, host, int(sip["port"] or 0), "".join(asked))


def _items(*lines: str) -> Iterator[list[str]]:
    """Yield the tokens of each item of a list with commas."""
    item: list[str] = []
    for piece in (piece for line in lines for piece in (*_TOKENS.findall(line), ",")):
        if piece != ",":
            item.append(piece)
        elif item:
            yield item
            item = []


def _parts(tokens: list[str]) -> tuple[str, str]:
    """Return a contact's URI, "" when it is none, and its parameters."""
    marked = next((i for i, token in enumerate(tokens) if token.startswith("<")), None)
    if marked is None:
        uri, _, rest = "".join(tokens).strip().partition(";")
    else:
        uri, rest = tokens[marked].strip("<>").strip(), "".join(tokens[marked + 1 :])
    return (uri if _URI.fullmatch(uri) else ""), rest


def _preference(parameters: str) -> int:
    value = _parameter(parameters, "q")
    return round(float(value[:_THOUSANDTHS]) * 1000) if _Q.fullmatch(value) else 1000


def _parameter(parameters: str, wanted: str) -> str:
    """Return the first value of a parameter, "" when it has none."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == wanted:
            return value.strip().strip('"')
    return ""

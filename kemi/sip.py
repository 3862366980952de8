"""Kamailio, with types: this file and the ksr_*.py beside it are the only ones that import KSR.

What KSR does with a mistake is the reason for this file (measured on 6.1.5, 6.0.1 and 5.6.3):
wrong argument types do not raise, they log and return False, and `False < 0` is False, so a test
for failure passes; a header that is not UTF-8 raises UnicodeDecodeError from every read; `exit()`
and `drop()` do not exist. So results go through `done`, which knows them apart, and texts through
`text`, which turns bytes that nobody can read into an error that the guard answers with a 400.
"""

from dataclasses import dataclass
from functools import lru_cache

import KSR

from bellhop.addresses import Address, Listener, ip
from kemi.results import BadCall, Unreadable, done


def text(variable: str) -> str | None:
    """Read a pseudo-variable; None when it has no value. Raises Unreadable."""
    try:
        value = KSR.pv.get(variable)
    except UnicodeDecodeError:
        raise Unreadable(variable) from None
    return None if value is None else str(value)


def raw_text(variable: str, encoding: str = "latin-1") -> str:
    """Read a pseudo-variable whatever its bytes are, "" when it has no value, or is too long: those
    that are not UTF-8 in another encoding, where what is none of that either is replaced.
    """
    try:
        return text(variable) or ""
    except Unreadable:
        inner = variable.removeprefix("$")
        if inner.startswith("("):
            inner = inner[1:-1]
        coded = text(f"$({inner}{{s.encode.hexa}})") or ""
        return bytes.fromhex(coded).decode(encoding, "replace")


def number(variable: str) -> int:
    """Read a pseudo-variable that Kamailio holds as a number; 0 when it has none."""
    value = KSR.pv.get(variable)
    return value if isinstance(value, int) else int(value or 0)


def put(variable: str, value: str) -> None:
    """Write a pseudo-variable."""
    if not done(KSR.pv.sets(variable, value), variable):
        raise BadCall(variable)


def forget(variable: str) -> None:
    """Unset a pseudo-variable."""
    KSR.pv.unset(variable)


# --- what the message is ---

_WAY = "$si $sp $proto $Ri $Rp"


def method() -> str:
    """Return the method of the request, or of the transaction's request."""
    return text("$rm") or ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a message came: from which address, and to which of our sockets, which Kamailio calls
    `socket`.
    """

    source: Address
    here: Listener
    socket: str


def way() -> Way:
    """Return how the message came, which is asked in one question."""
    return _way(text(f"$_s({_WAY})") or "")


def arrival(published: str) -> tuple[int, str | None, Way]:
    """Return a number that a shared variable holds, the method (None: nobody can read it), and how
    the request came: what every request is asked, in one question.
    """
    try:
        said = text(f"$_s({published} $rm {_WAY})")
    except Unreadable:
        said = None
    if said is None:  # or it has more than Kamailio 5.6 puts into one text (8 kB)
        return number(published), None, way()
    version, method, came = said.split(" ", 2)
    return int(version or 0), method, _way(came)


@lru_cache(maxsize=4096)
def _way(said: str) -> Way:
    source, port, protocol, host, door = said.split(" ")
    here = Listener(protocol.lower(), Address(_spelled(host), int(door)))
    return Way(Address(_spelled(source), int(port)), here, f"{protocol} {host} {door}")


def _spelled(host: str) -> str:
    """Return an address as the site file spells it: Kamailio writes IPv6 in full."""
    return ip(host.strip("[]")) or host


def next_host() -> str | None:
    """Return the IP address where the request goes next; None when that is a name."""
    return ip((text("$nh(d)") or "").strip("[]"))


def next_hop() -> Address | None:
    """Where the request goes next; None when that is a name."""
    host = next_host()
    return Address(host, number("$nh(p)")) if host else None


def has_to_tag() -> bool:
    """Whether the request is within a dialog."""
    return done(KSR.siputils.has_totag(), "has_totag")


def reply(code: int, phrase: str, *headers: str) -> None:
    """Answer the request: in its transaction when it has one (failure routes too), else without."""
    for line in headers:
        KSR.hdr.append_to_reply(line + "\r\n")
    done(KSR.sl.send_reply(code, phrase), "send_reply")


def refuse(code: int, phrase: str) -> None:
    """Refuse a request within a dialog, in a transaction: nothing else knows the ACK as ours."""
    KSR.tm.t_newtran()
    reply(code, phrase)


def note(line: str) -> None:
    """Log at the level that a site keeps on."""
    KSR.notice(line + "\n")


def error(line: str) -> None:
    """Log an error."""
    KSR.err(line + "\n")


def remove_headers(name: str) -> None:
    """Remove all headers of a name from the request."""
    KSR.textops.remove_hf(name)


def remove_headers_like(pattern: str) -> None:
    """Remove all headers whose name matches the POSIX pattern, in any case."""
    KSR.textops.remove_hf_re(pattern)


def rewrite_header(name: str, expression: str) -> None:
    """Rewrite all headers of a name by an expression like `/old/new/gi`."""
    KSR.textops.subst_hf(name, expression, "a")


def append_header(line: str) -> None:
    """Append one header line to the request."""
    KSR.hdr.append(line + "\r\n")


def behind_nat() -> bool:
    """Whether the message came from another address or port than its Via says (2, 16). A private
    address in Contact alone is no sign of NAT: a site's own network has no others.
    """
    return done(KSR.nathelper.nat_uac_test(18), "nat_uac_test")


def has_contact() -> bool:
    """Whether there is a Contact header."""
    return done(KSR.hdr.is_present("Contact"), "is_present")


def contact_is_elsewhere() -> bool:
    """Whether Contact names another host than the message came from, or one that can't be read. One
    that came by a connection is reached by that alone: at the port in its Contact perhaps nobody
    listens (measured: its ACK and BYE were lost), as TLS wants a certificate there.
    """
    if not has_contact():
        return False
    host, came = text("$(ct{nameaddr.uri}{uri.host})") or "", way()
    return came.here.protocol != "udp" or ip(host.strip("[]")) != came.source.host


def answer_to_source() -> None:
    """Answer where the request came from (RFC 3581)."""
    KSR.force_rport()


def fix_register() -> None:
    """Remember a REGISTER's real source with the binding."""
    KSR.nathelper.fix_nated_register()
    KSR.setbflag(6)


def have_probed() -> None:
    """Have the binding of this REGISTER asked by OPTIONS (sipping_bflag in bellhop.cfg)."""
    KSR.setbflag(7)


# --- the pager's questions ---


def http_reply(code: int, phrase: str, body: str) -> None:
    """Answer an HTTP request."""
    KSR.xhttp.xhttp_reply(code, phrase, "text/plain", body)


def dispatch_rpc() -> bool:
    """Let jsonrpcs answer the HTTP request; False: it did not, for there is no JSON in it."""
    return done(KSR.jsonrpcs.dispatch(), "dispatch")

"""What to say to a request that is not sane; and the two things that can be put right."""

import re

from kemi import ksr_sanity, sip, unreadable
from kemi.results import Unreadable
from kemi.sip import Way

_SCHEME = re.compile(r"[!-~]+ (?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_KNOWN = frozenset({"sip", "sips", "tel"})
_NUMBER = re.compile(r"[ \t]*[0-9]+[ \t]*", re.ASCII)
# s; what a REGISTER asks for whose Expires is no number, as RFC 2543's date (RFC 3261 §20.10).
_HOUR = 3_600


def no_hops(method: str) -> None:
    """Answer a request that may not be passed on any further."""
    if method == "ACK":  # which nothing answers
        return
    said = sip.text("$hdr(Max-Forwards)")
    if said is None or _NUMBER.fullmatch(said):
        sip.reply(483, "Too Many Hops")
    else:
        sip.reply(400, "Bad Max-Forwards")


def put_right(method: str, way: Way) -> bool:
    """Answer a request that is not sane. True: it has not been answered and may go on, for all that
    was wrong is gone.
    """
    whole = _body() if way.here.protocol == "udp" else None
    # What is answered then is what the last question has found, so this one is asked at need.
    if whole is not None and ksr_sanity.sane_but_for_its_length():
        ksr_sanity.give_body(*whole)
        return True
    if method == "REGISTER" and ksr_sanity.sane_but_for_its_expires():
        ksr_sanity.give_expires(_HOUR)
        return True
    if _of_another_kind():
        if method != "ACK":
            sip.reply(416, "Unsupported URI Scheme")
    elif not ksr_sanity.say_what_is_wrong() and not unreadable.answer(way):
        sip.reply(400, "Bad Request")
    return False


def _body() -> tuple[str, str] | None:
    """Return the body and its type of a datagram that goes on behind its message's end. What is
    there nobody may read (RFC 3261 §18.3), and a next hop might take it for a message. None: it is
    as long as it says, or shorter, or cannot be cut.
    """
    length, there = sip.number("$cl"), sip.number("$bs")
    if length >= there:
        return None
    try:
        body = (sip.text("$rb") or "").encode()[:length].decode()
    except (Unreadable, UnicodeDecodeError):
        return None
    kind = sip.text("$cT") or ""
    return (body, kind) if kind or not body else None


def _of_another_kind() -> bool:
    """Whether the Request-URI is one of no scheme that we know (RFC 3261 §8.2.2.1). It is read from
    the text: of one that Kamailio 5.6 cannot parse, `$ru` is nothing.
    """
    try:
        found = _SCHEME.match((sip.text("$mb") or "").lstrip("\r\n"))
    except Unreadable:
        return False
    return found is not None and found["scheme"].lower() not in _KNOWN

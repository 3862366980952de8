"""What a caller may not say to those behind us: who he is, and that a phone must answer."""

import re

from bellhop.callers import Caller
from kemi import sip
from kemi.results import Unreadable

# Identity (RFC 3325, RFC 5876 and older), and the headers that make a device answer by itself
# (RFC 5373 and what vendors made of Call-Info and Alert-Info), and our own.
_IDENTITY = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID")
_NOT_THE_CALLERS = (
    *_IDENTITY,
    "Answer-Mode",
    "Priv-Answer-Mode",
    "P-Auto-Answer",
    "Call-Info",
    "Alert-Info",
)
# Whatever else makes a phone answer: X-AUTOANSWER (MicroSIP), X-Auto-Answer, P-Answer-State,
# P-Alerting-Mode (OMA PoC), X-…-Intercom … Vendors make such names anew, so words decide.
_AS_VENDORS_SAY = (
    ".*auto-?(answer|accept|pick-?up).*",
    ".*answer-?(mode|after|state|delay).*",
    ".*(call|alert)-?info.*",
    ".*alert(ing)?-?mode.*",
    ".*intercom.*",
)
# A list of tokens (RFC 3261 §25.1), in one line.
_TOKENS = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9.!%*_+`'~-]+)*", re.ASCII)
_PATTERN = "^(X-Bellhop.*|" + "|".join((*_IDENTITY, *_AS_VENDORS_SAY)) + ")[ \t]*$"
# What a message with any of them must have somewhere.
_WORDS = (
    "x-bellhop",
    *(name.lower() for name in _IDENTITY),
    *("answer", "auto", "alert", "call-info", "callinfo", "intercom"),
)
# As a NOTIFY within a call that rings, `talk` has many a phone answer (BroadSoft's remote control:
# AudioCodes, Polycom, Yealink …); `hold` is its other half.
_REMOTE_CONTROL = frozenset({"talk", "hold"})


def strip() -> None:
    """Remove every header of a caller that only we may write."""
    if not _mentioned():
        return
    for name in _NOT_THE_CALLERS:
        sip.remove_headers(name)
    sip.remove_headers_like(_PATTERN)


def _mentioned() -> bool:
    """Whether the message has one of the names in it, anywhere: the pattern costs more than all
    else that is asked of an INVITE (80 µs), and hardly any message has one.
    """
    try:
        message = (sip.text("$mb") or "").lower()
    except Unreadable:
        return True
    return any(map(message.__contains__, _WORDS))


def strip_in_dialog(method: str, *, ours: bool) -> None:
    """Remove from a request within a dialog what only we may write; `ours`: it is the pbx's."""
    if ours:
        strip_identity()
    elif method in {"INVITE", "UPDATE"}:  # no other says who one is, or makes a phone answer
        strip()


def picks_up(method: str) -> bool:
    """Whether a request within a dialog is somebody's finger on another's phone."""
    if method != "NOTIFY":
        return False
    events = (sip.text("$(hdr(Event)[*])") or "").lower()
    return not _REMOTE_CONTROL.isdisjoint(re.split(r"[^a-z0-9.-]+", events))


def hides_lines(method: str) -> bool:
    """Whether the request's head has a lone CR or LF, or a NUL: whoever takes that for a line's end
    sees headers that we do not. It has been answered then, unless it is an ACK.
    """
    head, end, _ = _message().partition("\r\n\r\n")
    lines = head.replace("\r\n", "")  # faster than counting, or than an expression
    if end and "\n" not in lines and "\r" not in lines and "\0" not in lines:
        return False
    if method != "ACK":
        sip.reply(400, "Bad Line End")
    return True


def _message() -> str:
    """Return the request as it came; "" when it is too long to be looked at."""
    try:
        return sip.text("$mb") or ""
    except Unreadable:  # its bytes, one by one: what is no ASCII is no line's end
        return bytes.fromhex(sip.text("$(mb{s.encode.hexa})") or "").decode("latin-1")


def strip_identity() -> None:
    """Remove what the pbx says of who calls: that was for the edge, and no device's business."""
    for name in _IDENTITY:
        sip.remove_headers(name)


def asks_privacy() -> bool:
    """Whether the caller does not want to be known: a Privacy header that says so (RFC 3323 §4.2,
    RFC 3325 §9.3), or a From that names nobody.
    """
    if (asked := sip.text("$(hdr(Privacy)[*])")) is not None:
        words = set(re.findall(r"[a-z]+", asked.lower()))
        if words & {"id", "user", "header"}:
            return True
    return names_nobody()


def names_nobody() -> bool:
    """Whether From is RFC 3323's anonymous one (§4.1.1.3), with a capital as some PBXs write it."""
    return (sip.text("$fU") or "").lower() == "anonymous"


def assert_identity(caller: Caller) -> None:
    """Tell the pbx who calls."""
    sip.append_header(f"P-Asserted-Identity: {caller.identity}")


def asks_too_much(method: str) -> bool:
    """Whether a request to ourselves requires an extension (Require): we have none. It has been
    answered then, with what we don't have (RFC 3261 §8.2.2.3).
    """
    if method not in {"OPTIONS", "REGISTER"}:
        return False
    wanted = sip.text("$hdr(Require)")
    if wanted is None:
        return False
    if _TOKENS.fullmatch(wanted):
        sip.reply(420, "Bad Extension", f"Unsupported: {wanted}")
    else:
        sip.reply(400, "Bad Require Header")
    return True

"""What a caller may not say to those behind us: who he is, and that a phone must answer."""

import re

from bellhop import users
from bellhop.callers import Caller
from kemi import questions, sip
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
    ".*auto[-_]?(answer|accept|pick-?up).*",
    ".*ring[-_]?answer.*",
    ".*answer[-_]?(mode|after|state|delay).*",
    ".*(call|alert)[-_]?info.*",
    ".*alert(ing)?[-_]?mode.*",
    ".*intercom.*",
)
# A list of tokens (RFC 3261 §25.1), in one line.
_TOKENS = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9.!%*_+`'~-]+)*", re.ASCII)
_PATTERN = "^(X-Bellhop.*|" + "|".join((*_IDENTITY, *_AS_VENDORS_SAY)) + ")[ \t]*$"
# To's parameters that some phones read so: SIP_URI_OPTIONS of Asterisk's chan_sip put them there.
_PARAMETERS = (
    '/;[ \t]*(intercom|auto-?answer|answer-(after|mode))[^;>@"< \t=]*'
    '([ \t]*=[ \t]*[^;>@"< \t]*("[^"]*")?)?//gi'
)
# What a message with any of them must have somewhere.
_WORDS = (
    "x-bellhop",
    *(name.lower() for name in _IDENTITY),
    *("answer", "auto", "alert", "call-info", "callinfo", "call_info", "intercom"),
)
# What Privacy may ask for (RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §10.1), `none` aside; and what of
# it hides who calls.
_PRIVACY = frozenset({"header", "session", "user", "critical", "id", "history"})
_HIDES = frozenset({"header", "user", "id"})
_NOBODY = "anonymous"
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
    sip.rewrite_header("To", _PARAMETERS)


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


def misleads(method: str) -> bool:
    """Whether whoever gets the request might read it otherwise than we do; then it has been
    answered, unless it is an ACK.
    """
    # Nothing, when it is too long to be looked at. What is no ASCII is no line's end.
    head, end, _ = sip.raw_text("$mb").partition("\r\n\r\n")
    first = head.partition("\r\n")[0]
    wrong = _misleading(head if end else "", first)
    if not wrong:
        if "?" in first:
            drop_uri_headers()
        return False
    if method != "ACK":
        sip.reply(400, wrong)
    return True


def _misleading(head: str, first: str) -> str:
    """Return what is wrong with a request's head, "" for nothing: Kamailio passes it on as it came.

    Line ends before it (RFC 3261 §7.5 has them on connections alone, where Kamailio takes them
    off); a lone CR or LF, or a NUL: whoever takes that for a line's end sees headers that we do
    not; blanks behind the Request-Line, which a proxy must not pass on (RFC 4475 §3.1.2.10).
    """
    lines = head.replace("\r\n", "")  # faster than counting, or than an expression
    if not head or "\n" in lines or "\r" in lines or "\0" in lines:
        return "Bad Line End"
    return "Bad Request Line" if not first or first[-1] in " \t" else ""


def drop_uri_headers() -> None:
    """Take out of the Request-URI the headers that none may have (RFC 3261 §16.6 step 2): a
    registered contact's too, when its device is called by it (RFC 4475 §3.1.2.11, §3.3.14).
    """
    uri = sip.text("$ru") or ""
    if (bare := users.bare(uri)) != uri:
        sip.put("$ru", bare)


def strip_identity() -> None:
    """Remove what the pbx says of who calls: that was for the edge, and no device's business."""
    for name in _IDENTITY:
        sip.remove_headers(name)


def privacy() -> str:
    """Return what the caller's Privacy is for a carrier that is told who he is, "id" in it; "" when
    he does not ask: by a Privacy header that says so (RFC 3323 §4.2, RFC 3325 §9.3), or a From that
    hides him.
    """
    asked = (sip.text("$(hdr(Privacy)[*])") or "").lower()
    words = [word for word in dict.fromkeys(re.findall(r"[a-z]+", asked)) if word in _PRIVACY]
    if not _HIDES.isdisjoint(words) or _hidden():
        return ";".join(dict.fromkeys((*words, "id")))
    return ""


def _hidden() -> bool:
    """Whether From is RFC 3323's anonymous one (§4.1.1.3) as PBXs write it: the user or the host
    says so, or, where there is no user, the name (CUCM: `"Anonymous" <sip:localhost>`).
    """
    user, host = questions.texts("$fU", "$fd")
    if user.lower() == _NOBODY or host.lower() == "anonymous.invalid":
        return True
    try:
        return not user and (sip.text("$fn") or "").strip('" ').lower() == _NOBODY
    except Unreadable:
        return False


def names_nobody() -> bool:
    """Whether From's user is RFC 3323's (§4.1.1.3), with a capital as some PBXs write it."""
    return (sip.text("$fU") or "").lower() == _NOBODY


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

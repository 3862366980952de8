"""Kamailio's sanity and maxfwd: whether a request stands up to RFC 3261; and textops, to cut one
that is longer than it says.
"""

import KSR

from kemi.results import BadCall, done

# Kamailio's own default with Proxy-Require (512), and two of its questions alone.
_ALL = 17895 + 512
_LENGTH = 128
_EXPIRES = 256
_HEADERS = 7


def hops_left() -> bool:
    """Take one off Max-Forwards, or write the 70 that a request without one gets (RFC 3261 §16.6
    step 3); False when there is none left, or it is no number.
    """
    return done(KSR.maxfwd.process_maxfwd(70), "process_maxfwd")


def sane() -> bool:
    """Whether the request stands up to RFC 3261."""
    return done(KSR.sanity.sanity_check(_ALL, _HEADERS), "sanity_check")


def sane_but_for_its_length() -> bool:
    """Whether it does when nobody asks how long it is."""
    return done(KSR.sanity.sanity_check(_ALL - _LENGTH, _HEADERS), "sanity_check")


def sane_but_for_its_expires() -> bool:
    """Whether it does when nobody asks what stands in Expires."""
    return done(KSR.sanity.sanity_check(_ALL - _EXPIRES, _HEADERS), "sanity_check")


def say_what_is_wrong() -> bool:
    """Answer what is not sane with what it is not; False: Kamailio could build no answer."""
    return done(KSR.sanity.sanity_reply(), "sanity_reply")


def give_body(body: str, content_type: str) -> None:
    """Put a body in the place of the request's; an empty one is none."""
    if body:
        given = done(KSR.textops.set_body(body, content_type), "set_body")
    else:
        given = done(KSR.textopsx.remove_body(), "remove_body")
    if not given:
        raise BadCall("a body that could not be replaced")


def give_expires(seconds: int) -> None:
    """Have the request say this in Expires, also to Kamailio's own modules."""
    KSR.textops.remove_hf("Expires")
    KSR.hdr.append(f"Expires: {seconds}\r\n")
    if not done(KSR.textopsx.msg_apply_changes(), "msg_apply_changes"):
        raise BadCall("an Expires that could not be rewritten")

"""Kamailio's digest authentication, with types: what a request's credentials prove."""

import re
from enum import Enum

import KSR

from kemi import questions, sip
from kemi.results import BadCall, done


class Proof(Enum):
    """What the credentials of a request come to."""

    GOOD = "good"
    NONE = "none"  # none for this realm
    STALE = "stale"  # a nonce that is too old, of before a restart, used already, or not ours
    WRONG = "wrong"  # a fresh nonce of ours, and not the password


# pv_auth_check's words for them (measured): -1 a nonce that is not ours, or credentials that can't
# be read; -4 too old, of before a start, or an nc that was there; -6 without nc, for a second time.
_WRONG, _STALE = -2, {-1, -4, -6}
# auth_challenge: 1 is qop=auth; 16 says stale=true, which the module by itself does for -4 alone
# (RFC 7616 §3.3: the client may try again without asking its user).
_QOP, _SAY_STALE = 1, 16
# A quoted parameter of credentials, and how many of them are looked at.
_PART = re.compile(r'\b(realm|username)\s*=\s*"([^"\\]*)"', re.IGNORECASE)
_MOST = 8


def user(realm: str) -> str | None:
    """Return who the request says it is, to this realm; None when it does not say. Its credentials
    for others may stand before (RFC 3261 §22.3): Kamailio reads the first, and checks ours.
    """
    named, theirs = questions.texts("$au", "$ar")
    if theirs == realm:
        return named
    name = "Authorization" if sip.method() == "REGISTER" else "Proxy-Authorization"
    for n in range(min(sip.number(f"$hdrc({name})"), _MOST)):
        parts = _PART.findall(sip.text(f"$(hdr({name})[{n}])") or "")
        said = {key.lower(): value for key, value in parts}
        if said.get("realm") == realm:
            return said.get("username")
    return None


def proof(realm: str, ha1: str) -> Proof:
    """Check the request's credentials for the realm against an HA1."""
    result = KSR.auth.pv_auth_check(realm, ha1, 1, 0)
    if isinstance(result, bool):
        raise BadCall("pv_auth_check")
    if result > 0:
        return Proof.GOOD
    if result in _STALE:
        return Proof.STALE
    return Proof.WRONG if result == _WRONG else Proof.NONE


def challenge(realm: str, *, stale: bool = False) -> None:
    """Ask for credentials: 401 to a REGISTER, 407 to anything else."""
    # auth_challenge knows which by the method; the two by name do not exist on 5.6.
    flags = _QOP | _SAY_STALE if stale else _QOP
    done(KSR.auth.auth_challenge(realm, flags), "auth_challenge")


def has_credentials() -> bool:
    """Whether the request brings any, for whatever realm."""
    names = ("Authorization", "Proxy-Authorization")
    return any(done(KSR.hdr.is_present(name), "is_present") for name in names)


def drop_credentials() -> None:
    """Take our realm's credentials out of the request: they are nobody else's business."""
    KSR.auth.consume_credentials()

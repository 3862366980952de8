"""Numbers in the user part of a SIP URI, where some characters stand escaped (RFC 3261 §19.1.2)."""

import re

# `#` must be escaped there, `*` and `+` may be. A digit needs none: one that comes so is no number
# that anybody dials, and is refused with the rest that does not match.
_MEANT = {"%23": "#", "%2A": "*", "%2B": "+"}
_MAY_STAND_SO = re.compile("|".join(_MEANT), re.IGNORECASE)
# A `?` in the user part is a letter like others (RFC 3261 §25.1).
_WITH_HEADERS = re.compile(r"(?P<bare>sips?:(?:[^@]*@)?+[^@?]*+)\?.*", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})", re.ASCII)


def dialled(user: str) -> str:
    """Return what a user part dials; whether that is a number is another question. Parameters
    beside a number (RFC 4694's of ported numbers, RFC 3966's) are the sender's network's: no plan
    of ours asks for them, and no carrier of ours gets them.
    """
    number = user.partition(";")[0]
    return _MAY_STAND_SO.sub(lambda found: _MEANT[found[0].upper()], number)


def written(number: str) -> str:
    """Return a number as a user part."""
    return number.replace("#", "%23")


def plain(user: str) -> str:
    """Return a user part with every escape resolved, once: as whoever gets it may well read it."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), user)


def may_be_dialled(user: str) -> bool:
    """Whether a plain user part could be taken for a number by who gets it: digits, however they
    are separated (RFC 3966 §5.1.1), whatever parameters follow. A word has a letter in it.
    """
    before = user.partition(";")[0]
    return any(c.isdigit() for c in before) and not any(c.isalpha() for c in before)


def bare(uri: str) -> str:
    """Return a URI without its headers, which no Request-URI may have (RFC 3261 §19.1.1)."""
    found = _WITH_HEADERS.fullmatch(uri)
    return found["bare"] if found else uri

"""KSR, for replies: what the one that failed says, those on their way to the caller, and what a
branch's request asks of them.
"""

import KSR

from kemi import sip
from kemi.results import done


def said(name: str, which: int | str = "*") -> str:
    """Read a header of the reply that ended the attempt in hand, in a failure route: all its lines
    as one, or one of them, from 0; "" when there is none. Carriers write Latin-1 in quoted texts;
    what is not UTF-8 is replaced, for what stands beside it counts.
    """
    return sip.raw_text(f"$T_rpl($(hdr({name})[{which}]))", "utf-8")


def lines(name: str, most: int) -> tuple[str, ...]:
    """Read a header as `said` does, at most so many of its lines, one by one where it matters: a
    quote that one of them never closes would take the next into its text.
    """
    whole = said(name)
    if '"' not in whole or "," not in whole:
        return (whole,)
    count = min(sip.number(f"$T_rpl($hdrc({name}))"), most)
    return (whole,) if count < 2 else tuple(said(name, which) for which in range(count))


def is_reliable() -> bool:
    """Whether the provisional reply in hand is one that a PRACK acknowledges (RFC 3262 §3)."""
    return done(KSR.hdr.is_present("RSeq"), "is_present")


def has_body() -> bool:
    """Whether the message has a body."""
    return done(KSR.textops.has_body(), "has_body")


def remove_body() -> None:
    """Take the body out of the message, and the headers that speak of it."""
    done(KSR.textopsx.remove_body(), "remove_body")
    for name in ("Content-Type", "P-Early-Media"):
        KSR.textops.remove_hf(name)


def becomes(code: int, phrase: str) -> None:
    """Give the reply in hand another status."""
    done(KSR.textopsx.change_reply_status(code, phrase), "change_reply_status")


def drop() -> None:
    """Let the provisional reply in hand go no further."""
    KSR.set_drop()


def ask_for_no_reliable_provisionals() -> None:
    """Take the offer of 100rel out of this branch's INVITE; what the caller requires stays."""
    KSR.textopsx.exclude_hf_value("Supported", "100rel")

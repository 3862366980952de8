"""KSR, for replies on their way to the caller, and what a branch's request asks of them."""

import KSR

from kemi.results import done


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

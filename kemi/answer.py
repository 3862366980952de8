"""The answer to the caller when nobody took the call: always a reply of our own, so that no header
of it is a carrier's. What it says is decided in bellhop/finals.py.
"""

import re

from bellhop import contacts, finals, health
from bellhop.calls import Call
from bellhop.contacts import Contact
from bellhop.dialling import Refusal
from bellhop.health import Skipped
from bellhop.reason import parse, q850
from bellhop.recursion import Failure
from kemi import ksr_replies, ksr_transactions, ledger, sip

# The headers of finals.Code.repair hold tokens, media types and numbers.
_REPAIR = re.compile(r"[A-Za-z0-9.!%*_+`'~/ ,;=-]{1,200}", re.ASCII)


def final(call: Call, why: str) -> None:
    """Answer with what the attempts came to."""
    told = finals.CANCELLED if ksr_transactions.cancelled() else finals.final(call)
    leads = contacts.parse(*ksr_replies.lines("Contact", contacts.READ)) if told.moved else ()
    if told.moved and not leads:
        told = finals.nowhere(told)
    headers = []
    if (reason := finals.reason(told, call.reason_to_caller)) is not None:
        headers.append(f"Reason: {reason}")
    if leads:
        headers += _moved(leads)
    elif told.attempt and (name := finals.code(told.code).repair):
        said = call.attempts[told.attempt - 1].repair
        headers += [f"{name}: {said}"] if said else []
    sip.reply(told.code, told.phrase, *headers)
    cause = q850(parse(reason)).cause if reason is not None else None
    ledger.final(call, told.code, cause, why, of=told.attempt)


def all_out(call: Call, skipped: tuple[Skipped, ...]) -> None:
    """Answer a call for which nobody could be tried: at once, and with when to come again."""
    cause, after = health.told(skipped)
    told = finals.Final(
        code=503, phrase="Service Unavailable", about=finals.About.SILENCE, cause=cause, ours=True
    )
    reason = finals.reason(told, call.reason_to_caller)
    headers = [f"Reason: {reason}"] if reason is not None else []
    headers += [f"Retry-After: {after}"] if after is not None else []
    sip.reply(told.code, told.phrase, *headers)
    ledger.final(call, told.code, cause if reason is not None else None, skipped[0].out.value)


def refuse(call: Call, refusal: Refusal) -> None:
    """Answer a call that goes nowhere."""
    told = finals.Final(
        code=refusal.code,
        phrase=refusal.phrase,
        about=finals.About.NUMBER,
        cause=refusal.cause,
        ours=True,
    )
    reason = finals.reason(told, call.reason_to_caller)
    sip.reply(told.code, told.phrase, *((f"Reason: {reason}",) if reason else ()))
    why = refusal.phrase.lower().replace(" ", "-")
    ledger.final(call, told.code, refusal.cause if reason else None, why)


def _moved(leads: tuple[Contact, ...]) -> list[str]:
    """Return the Contact of a 3xx, where it leads. Kamailio writes one of its own besides, the last
    and without a q, of the Request-URI as it stands (measured): the carrier's, unless one that is
    meant is put there. So it is the last of those that are preferred, and they have no q either.
    """
    best = sum(one.q == leads[0].q for one in leads)
    *others, last = (Contact(one.uri) for one in leads[:best])
    sip.put("$ru", last.uri)
    others += leads[best:]
    return [f"Contact: {', '.join(one.header() for one in others)}"] if others else []


def repair(failure: Failure) -> str:
    """Return what the reply of the attempt in hand says of how to do better: what a 420 or 422 asks
    for, from a closed set; "" when it says nothing.
    """
    name = finals.code(failure.code).repair if failure.replied and failure.code else ""
    value = ksr_replies.said(name) if name else ""
    return value if _REPAIR.fullmatch(value) else ""

"""One attempt: the request pointed at the next leg and sent; if it can't be, at the one after it.

A leg is never tried twice: the call's attempts only go forward. The call travels between the
callbacks in an AVP of the transaction, in shared memory, because a timeout's failure route runs in
another process than the request did.
"""

import time
from collections.abc import Callable

import msgspec

from bellhop.calls import (
    Call,
    Exhausted,
    Leg,
    LegKind,
    answer_timer,
    begun,
    challenged,
    ended,
    next_leg,
    ring_timer,
)
from bellhop.finals import NOT_REGISTERED, NOT_SENT, UNRESOLVED
from bellhop.htdigest import Credential
from bellhop.identity import PRIVACY
from bellhop.recursion import Failure, Verdict
from bellhop.settings import Site
from kemi import (
    aim,
    answer,
    challenges,
    contact,
    early,
    engaged,
    health,
    ksr_health,
    ksr_replies,
    ksr_transactions,
    ledger,
    metrics,
    questions,
    sender,
    sip,
)

_CALL = "$avp(bellhop)"
# AVPs are stacks: what is written so is the only one then.
_CALL_ALONE = "$(avp(bellhop)[*])"
BRANCH = "$avp(bellhop_branch)"
_BRANCH_ALONE = "$(avp(bellhop_branch)[*])"
RANG = "$avp(bellhop_rang)"
_MADE = "$T_branch_idx"
# Of the branch that t_relay makes next, in a failure route (tm's own count there; in the request
# route it stays 0, however many could not be sent: measured).
NEXT_BRANCH = "$T_branch_idx"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Call).decode


def now() -> int:
    """Return the call's clock: ms, monotonic, the same in all processes of this host."""
    return time.monotonic_ns() // 1_000_000


def load() -> Call | None:
    """Return the transaction's call."""
    stored = sip.text(_CALL)
    return _decode(stored) if stored else None


def store(call: Call) -> None:
    """Keep the call with the transaction, in the place of the old one."""
    sip.put(_CALL_ALONE, _encode(call).decode())


def go_on(
    site: Site, call: Call, branch: int | None, write_last: Callable[[], None] = lambda: None
) -> None:
    """Try the next leg, and the next while one cannot be sent to; when there is none, answer.
    branch: the index that tm gives to the branch that it makes next. write_last: writes down the
    attempt before, once: the next INVITE does not wait for it, but all that is written later does.
    """
    while True:
        # A failure route has just asked; what is cancelled in between, tm refuses to forward.
        if (branch is None or not call.attempts) and ksr_transactions.cancelled():
            end(call, "cancelled")
            return
        gate = health.Gate(site, call, now())
        index = next_leg(call, now(), gate.out)
        if gate.skipped or isinstance(index, Exhausted):
            write_last()
        for one in gate.skipped:
            ledger.skip(call, one, now())
        if isinstance(index, Exhausted):
            if gate.skipped and not call.attempts:
                answer.all_out(call, tuple(gate.skipped))
            else:
                end(call, index.value)
            return
        call = begun(call, index, now())
        store(call)
        unsent = _send(site, call, branch)
        write_last()
        if unsent is None:
            return
        branch = None  # tm may have made one all the same
        failure = Failure(None, replied=False, cancelled=ksr_transactions.cancelled())
        health.failed(site, call, failure, now())
        if failure.cancelled:  # between the check and the relay: tm refuses to forward then
            continue
        call = ended(call, now(), rule=unsent, failure=failure, verdict=Verdict.ADVANCE)
        store(call)
        ledger.write_down(call, ledger.entry(call, unsent.replace("-", " ")))


def end(call: Call, why: str) -> None:
    """End the call with an answer of ours; a late reply finds its attempts over."""
    store(call)
    answer.final(call, why)


def again(site: Site, call: Call, branch: int, credential: Credential) -> bool:
    """Send the current attempt once more, with the credentials that its reply asks for. False: it
    could not be, for the challenge is of another realm, or of a kind that we do not know.
    """
    store(challenged(call))
    return _send(site, call, branch, credential) is None


def _send(
    site: Site, call: Call, branch: int | None, credential: Credential | None = None
) -> str | None:
    """Send the INVITE to the current leg; returns why it could not be, as a rule's name."""
    leg = call.leg
    if credential is None:
        engaged.callee(call)
        sender.hold(call)
    if not aim.at(site, leg):
        return NOT_REGISTERED if leg.kind is LegKind.DEVICE else UNRESOLVED
    if credential is None:
        challenges.go_past(call)
        challenges.expect(site, leg)
    elif not challenges.answer(credential):
        return NOT_SENT
    if len(call.attempts) > 1 or credential is not None:  # what the one before has left
        sip.forget(RANG)
    _arm(leg, branch)
    timer = answer_timer(call, now())
    ksr_transactions.timers(timer, min(timer, leg.first_reply or timer))
    return None if ksr_transactions.relay() else NOT_SENT


def _arm(leg: Leg, branch: int | None) -> None:
    """Arm the attempt's routes. That of the branch costs a callback, so it is armed only where its
    request is another than the others', or nobody knows its index before it is made.
    """
    shaped = bool(leg.headers or leg.sender) or leg.early_media == early.SUPPRESS
    if branch is None:
        sip.forget(BRANCH)
    else:
        sip.put(_BRANCH_ALONE, str(branch))
    if shaped:
        ksr_transactions.on_branch("ksr_branch_shaped")
    elif branch is None:
        ksr_transactions.on_branch("ksr_branch_call")
    ksr_transactions.on_call()


def branch() -> None:
    """Remember which branch is the current attempt's, as it is made, and leave who it replaces."""
    ksr_health.branch_made()
    sip.put(_BRANCH_ALONE, str(sip.number(_MADE)))


def shaped_branch() -> None:
    """Remember the branch, and give it its own headers: what is added here, no other branch has."""
    branch()
    call = load()
    if call is not None:
        early.asks(call.leg)
        if call.leg.sender:
            sender.write(call.leg.sender)
        for line in call.leg.headers:
            if line.startswith(PRIVACY):  # a message has one (RFC 3323 §4.2): the caller's is in it
                sip.remove_headers(PRIVACY)
            sip.append_header(line)


def progressed(site: Site) -> None:
    """Note a reply to the current attempt: 18x means that it rang, and starts the ring timer, once;
    a 2xx ends the call's search. A reply of an abandoned attempt changes nothing, nor does one
    that comes again: a 2xx does until the caller's ACK has arrived. An abandoned carrier's ringing
    or announcement is not the caller's to hear.
    """
    code, made, current, at = questions.numbers("$rs", _MADE, BRANCH, RANG)
    if code is None or code >= 300:
        return  # what ends an attempt is the failure route's
    call = load()
    if call is None:
        return
    if code > 100:
        contact.keep(site, device=call.leg.kind is LegKind.DEVICE)
        sender.answer(call.leg.sender)
    if call.current.ended >= 0 or current is None or current != made:
        if code < 200:
            ksr_replies.drop()
        return
    moment = now()
    ring = rang(call, at)
    if code >= 200:
        health.alive(site, call, moment)
        if not call.rang and ring < 0:
            metrics.delay(call, moment)
        call = ended(call, moment, rule="answered", rang=ring >= 0, ring=ring)
        store(call)
        ledger.answered(call, code)
        return
    early.heard(call.leg, code)
    if 180 <= code <= 183 and ring < 0:
        sip.put(RANG, str(moment))
        health.alive(site, call, moment)
        if not call.rang:
            metrics.delay(call, moment)
        timer = ring_timer(call, moment)
        ksr_transactions.timers(timer, timer)


def rang(call: Call, at: int | None) -> int:
    """Return how many ms the current attempt took to its first 18x, which came `at` that moment;
    -1 when none has come.
    """
    return -1 if at is None else at - call.current.started

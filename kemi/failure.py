"""The failure route: read what happened, let the core decide, act. It may run in the timer process,
where nothing may block: it reads the transaction, and writes to shared memory.
"""

from functools import lru_cache

from bellhop import reason, sides
from bellhop.calls import Call, LegKind, ended
from bellhop.conflicts import conflict
from bellhop.finals import FOLLOWED
from bellhop.health import retry_after
from bellhop.profiles import CARRIER, Profile
from bellhop.recursion import Decision, Failure, Verdict, decide
from bellhop.settings import Site
from kemi import (
    answer,
    attempt,
    challenges,
    health,
    hung_up,
    ksr_replies,
    ksr_transactions,
    late,
    ledger,
    questions,
    redirect,
    sip,
    standby,
)
from kemi.secrets import Secrets


def failed(site: Site, secrets: Secrets) -> None:
    """Decide what follows the failure of the current attempt; of a request that is no call's, the
    reply goes on as it is.
    """
    call = attempt.load()
    if call is None:
        sip.error("a failure route without a call: the reply goes on")
        return
    at, code, here, branch, transaction, bye = questions.numbers(
        attempt.RANG,
        "$T_reply_code",
        attempt.BRANCH,
        attempt.NEXT_BRANCH,
        "$T(id_index)",
        hung_up.SAID,
    )
    ring = attempt.rang(call, at)
    profile = _profile(site, call)
    failure = _read(
        code,
        trusted=call.leg.trusted,
        heeded=profile.trust_reason,
        rang=ring >= 0,
        hung_up=bye is not None,
    )
    credential = challenges.credential(site, secrets, call, failure)
    if credential is not None and attempt.again(site, call, branch or 0, credential):
        return
    health.failed(site, call, failure, attempt.now(), asked_away=_asked_away(failure))
    decided, conflicts = _decided(failure, profile, call.earlier)
    if call.leg.kind is LegKind.PBX:
        standby.failed(site, call.leg, failure)
        decided = sides.decided(failure, call.leg.name) or decided
    call, decision = redirect.follow(site, call, profile, decided)
    call = ended(
        call,
        attempt.now(),
        rule=decision.rule,
        failure=failure,
        verdict=decision.verdict,
        rang=failure.rang,
        ring=ring,
        repair=answer.repair(failure),
    )
    entry = ledger.entry(call, decision.why, conflict=conflicts)
    late.left(entry, transaction or 0, here)
    due = ledger.Due(call, entry)
    try:
        if decision.verdict is Verdict.ADVANCE or decision.rule == FOLLOWED:
            attempt.go_on(site, call, branch or 0, due.write_down)
        else:
            due.write_down()
            attempt.end(call, decision.rule)
    finally:
        due.write_down()


# Carriers fail in few ways; a peer that makes up others costs time, and a bounded part of memory.
@lru_cache(maxsize=1024)
def _decided(
    failure: Failure, profile: Profile, earlier: tuple[Failure, ...]
) -> tuple[Decision, bool]:
    """Return the decision, and whether the cause alone would have made another."""
    decision = decide(failure, profile, earlier)
    return decision, conflict(failure, decision, profile)


def _profile(site: Site, call: Call) -> Profile:
    """Return the profile that decides on the current leg. A call that began before the site was
    changed may name one that is gone.
    """
    name = call.profile_of(call.leg)
    if name not in site.profiles:
        sip.error(f"call={call.id} profile={name} is no longer in the site; {CARRIER.name} decides")
    return site.profiles.get(name, CARRIER)


def _asked_away(failure: Failure) -> int | None:
    """Return the ms for which a 503 asks to be left alone (RFC 3261 §21.5.4)."""
    if failure.code != 503 or not failure.replied:
        return None
    return retry_after(ksr_replies.said("Retry-After", 0))


def _read(code: int | None, *, trusted: bool, heeded: bool, rang: bool, hung_up: bool) -> Failure:
    """Read this attempt's failure: tm gives its winning reply (failure_reply_mode 3)."""
    cancelled = hung_up or ksr_transactions.cancelled(in_transaction=True)
    if ksr_transactions.timed_out_here():
        return Failure(None, replied=False, rang=rang, cancelled=cancelled)
    said = reason.said(*ksr_replies.lines("Reason", reason.MAX_VALUES))
    return Failure(
        code or 0,
        cause=said.cause,
        location=said.location,
        conflicting=said.conflicting,
        rang=rang,
        cancelled=cancelled,
        trusted=trusted,
        heeded=heeded,
    )

"""A call that begins here: who calls, what was dialled, where that goes."""

import itertools
import os
import time
from random import SystemRandom

from bellhop import users
from bellhop.callers import Caller, Kind
from bellhop.calls import Call, Leg, LegKind
from bellhop.dialling import Refusal, ToCarriers, ToFeature, ToZone, destination
from bellhop.health import Hand
from bellhop.identity import introduced
from bellhop.legs import legs_of
from bellhop.settings import Site
from kemi import (
    answer,
    attempt,
    challenges,
    contact,
    dialog,
    digest,
    engaged,
    floods,
    headers,
    health,
    ksr_auth,
    ksr_health,
    names,
    sip,
    who,
)
from kemi.secrets import Secrets
from kemi.sip import Way

# A Call-ID is as long as its caller likes, and calls are in memory that all of Kamailio shares.
_CALL_ID = 255
_counter = itertools.count()
_random = SystemRandom()
# Of what no number is, the ledger keeps so much.
_DIALLED = 64
# Made before the fork: two edges that write one ledger give their calls different names.
_START = f"{_random.randrange(0x10000):04x}"


def invite(site: Site, secrets: Secrets, key: bytes, way: Way) -> None:
    """Take a call: prove the caller, decide, send it on; every way out of here answers."""
    caller = proved(site, secrets, way)
    if caller is None:
        return
    dialled = users.dialled(sip.text("$rU") or "")
    where = destination(site, caller, dialled, _random)
    if isinstance(where, Refusal):
        answer.refuse(_call(site, caller, dialled), where)
        return
    if caller.kind is Kind.PBX:
        headers.strip_identity()
    else:
        headers.strip()
    to_pager = isinstance(where, ToZone | ToFeature)
    if to_pager:
        headers.assert_identity(caller)
    if sip.behind_nat():
        sip.answer_to_source()
    contact.keep(site, device=caller.kind is Kind.DEVICE)
    challenges.strip(site)
    legs, profile = legs_of(where, names.resolve, site.numbering)
    privacy = headers.privacy() if isinstance(where, ToCarriers) else ""
    legs = introduced(site, caller, legs, privacy=privacy)
    peers = _peers(caller, legs) | _moved(site, legs, profile)
    dialog.record(key, tuple(sorted(peers)))
    if caller.kind is Kind.DEVICE and not to_pager:
        engaged.caller(caller.name)
    prefix = where.prefix if isinstance(where, ToCarriers) else ""
    call = _call(site, caller, dialled, legs, profile=profile, prefix=prefix, privacy=privacy)
    with ksr_health.request_route():
        attempt.go_on(site, call, branch=0)


def _call(
    site: Site,
    caller: Caller,
    dialled: str,
    legs: tuple[Leg, ...] = (),
    *,
    profile: str = "",
    prefix: str = "",
    privacy: str = "",
) -> Call:
    now = time.monotonic_ns() // 1_000_000
    return Call(
        call_id=(sip.text("$ci") or "")[:_CALL_ID],
        id=f"{int(time.time() * 1000):x}-{_START}{os.getpid():x}-{next(_counter):x}",
        caller=_spelled(caller),
        dialled=dialled[:_DIALLED],
        profile=profile,
        started=now,
        deadline=now + site.edge.budget,
        attempts_allowed=site.edge.attempts,
        legs=legs,
        privacy=privacy,
        reason_to_caller=reason_to(site, caller),
        prefix=prefix,
    )


def reason_to(site: Site, caller: Caller) -> str:
    """Return which Reason this caller gets. The pbx always gets one: its reports live of it."""
    match caller.kind:
        case Kind.PBX:
            return "add"
        case Kind.TRUNK:
            own = site.trunks[caller.name].reason_to_caller
        case Kind.CARRIER:
            own = site.carriers[caller.name].reason_to_caller
        case Kind.DEVICE:
            own = ""
    return own or site.edge.reason_to_caller


def proved(site: Site, secrets: Secrets, way: Way) -> Caller | None:
    """Return who calls; None when that has been answered."""
    match who.door(site, way):
        case who.Door.DEVICES:
            caller = digest.device(site, secrets, way)
            if caller is None:
                return None
            ksr_auth.drop_credentials()
            # The identity is the authenticated one; a From that says another name is a lie to the
            # callee's display, so it is refused (anonymous is RFC 3323's, and no name).
            if sip.text("$fU") != caller.name and not headers.names_nobody():
                sip.reply(403, "From Is Not You")
                return None
            return caller
        case who.Door.TRUNKS:
            caller = who.peer(site, way.source)
            if caller is None:
                floods.tell_of_stranger()
            elif _is_blocked(caller):
                sip.reply(503, "Service Unavailable")
                return None
        case who.Door.INTERNAL:
            caller = who.pbx(site, way.source)
        case None:
            caller = None
    if caller is None:
        sip.reply(403, "Not A Peer Of This Site")
    return caller


def _is_blocked(caller: Caller) -> bool:
    return caller.kind is Kind.CARRIER and health.hand(caller.name) is Hand.BLOCK


def _spelled(caller: Caller) -> str:
    if caller.kind is Kind.DEVICE or not caller.name:
        return caller.name
    return f"{caller.kind.value}:{caller.name}" + (f":{caller.number}" if caller.number else "")


def _moved(site: Site, legs: tuple[Leg, ...], profile: str) -> set[str]:
    """Return the names of those that a redirect may lead to: any carrier, where one is followed."""
    profiles = (site.profiles[leg.profile or profile] for leg in legs)
    if all(one.redirect != "follow" for one in profiles):
        return set()
    return {f"carrier:{name}" for name in site.carriers}


def _peers(caller: Caller, legs: tuple[Leg, ...]) -> set[str]:
    """Return the names of those that the dialog may be with, as dialog.peers_of spells them."""
    names = {"pbx" if leg.kind is LegKind.PBX else f"{leg.kind}:{leg.name}" for leg in legs}
    match caller.kind:
        case Kind.PBX:
            names.add("pbx")
        case Kind.TRUNK | Kind.CARRIER:
            names.add(f"{caller.kind.value}:{caller.name}")
        case Kind.DEVICE:
            pass
    return {name for name in names if not name.startswith("device:")}

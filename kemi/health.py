"""A carrier's health as all processes of this Kamailio share it: which legs a call must leave out,
and what its attempts tell of their gateways.

The hash table `bellhop_health` holds `hand:CARRIER` (drain or block; nothing means allow) and
`gateway:CARRIER/ADDRESS`, a breaker that is not as good as new. A healthy gateway has no entry, so
that a call costs it one look-up, and nothing is written.
"""

import time

import msgspec

from bellhop.calls import Call, Leg, LegKind
from bellhop.carriers import Carrier
from bellhop.health import (
    CLOSED,
    Breaker,
    Hand,
    Kind,
    Out,
    Outcome,
    Skipped,
    after,
    asked,
    gateway_key,
    hand_key,
    outcome,
    why_out,
)
from bellhop.recursion import Failure
from bellhop.settings import Site
from kemi import ksr_health, ksr_tables, sip, standby

TABLE = "bellhop_health"

_HANDS = {hand.value: hand for hand in Hand}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Breaker).decode


def hand(carrier: str) -> Hand:
    """Return what a human has set for a carrier."""
    said = ksr_tables.read(TABLE, hand_key(carrier))
    if said is not None and said not in _HANDS:
        sip.error(f"carrier={carrier} hand={said[:40]!a} is none of {', '.join(Hand)}")
    return _HANDS.get(said or "", Hand.ALLOW)


class Gate:
    """Which legs of a call are out now; `skipped` are those that were asked for and are.

    Whoever is let in has been counted: as the gateway's trial, among the carrier's calls, and in
    its calls of this second.
    """

    def __init__(self, site: Site, call: Call, now: int) -> None:
        self._site, self._call, self._now = site, call, now
        self.skipped: list[Skipped] = []

    def out(self, index: int) -> bool:
        """Whether this leg may not be tried now."""
        leg = self._call.legs[index]
        if leg.kind is LegKind.PBX and standby.passes_over(self._site, leg):
            self.skipped.append(Skipped(index, Out.PROBE_DOWN))
            return True
        carrier = _carrier(self._site, leg)
        if carrier is None:
            return False
        rule = why_out(hand(carrier.name), probed_down=self._probed_down(carrier, leg))
        found = Skipped(index, rule) if rule else self._enter(index, carrier, leg)
        if found is None:
            return False
        self.skipped.append(found)
        return True

    def _probed_down(self, carrier: Carrier, leg: Leg) -> bool:
        probed = self._site.edge.probe and carrier.probe
        return bool(probed) and ksr_health.probed_down(f"sip:{leg.address}")

    def _enter(self, index: int, carrier: Carrier, leg: Leg) -> Skipped | None:
        wait = _ask_breaker(carrier, leg, self._now)
        if wait is not None:
            return Skipped(index, Out.BREAKER_OPEN, wait)
        rule = _over_limit(carrier)
        if rule is not None:
            _tell(carrier, leg, Outcome(Kind.NOTHING), began=self._now, now=self._now)
            return Skipped(index, rule)
        return None


def _carrier(site: Site, leg: Leg) -> Carrier | None:
    """Return a leg's carrier; None for somebody else's leg, for a carrier that a reload removed,
    and for a name that is not resolved, of which nothing can be known.
    """
    known = leg.kind is LegKind.CARRIER and leg.address
    return site.carriers.get(leg.name) if known else None


def _ask_breaker(carrier: Carrier, leg: Leg, now: int) -> int | None:
    """Ask to send a call to a gateway; None: it may go, and is the trial where there is to be one.
    Else the ms until one may.
    """
    key = gateway_key(carrier.name, leg.address)
    if ksr_tables.read(TABLE, key) is None:
        return None
    with ksr_tables.locked(TABLE, key):
        breaker = _read(key)
        may, then = asked(breaker, now, carrier.answer_timeout)
        if then != breaker:
            ksr_tables.keep(TABLE, key, _encode(then).decode())
    return None if may else max(1_000, breaker.until - now)


def _over_limit(carrier: Carrier) -> Out | None:
    """Count a call among the carrier's; returns the limit that it would go over, uncounted then."""
    if not carrier.calls:
        return _enter(carrier)
    with ksr_tables.locked(TABLE, hand_key(carrier.name)):
        if ksr_health.calls(carrier.name) >= carrier.calls:
            return Out.CALLS_LIMIT
        return _enter(carrier)


def _enter(carrier: Carrier) -> Out | None:
    most = carrier.calls_per_second
    if most and not ksr_health.within_rate(carrier.name, most):
        return Out.RATE_LIMIT
    ksr_health.enter(carrier.name)
    return None


def alive(site: Site, call: Call, now: int) -> None:
    """Note that the current attempt rings or was answered."""
    carrier = _carrier(site, call.leg)
    if carrier is not None:
        _tell(carrier, call.leg, outcome(None), began=call.current.started, now=now)


def failed(
    site: Site,
    call: Call,
    failure: Failure,
    now: int,
    *,
    asked_away: int | None = None,
) -> None:
    """Note how the current attempt failed (bellhop.health.outcome), and that it is over."""
    carrier = _carrier(site, call.leg)
    if carrier is None:
        return
    ksr_health.leave(carrier.name)
    seen = outcome(failure, asked_away=asked_away, credentials=call.current.challenged)
    _tell(carrier, call.leg, seen, began=call.current.started, now=now)


def _tell(carrier: Carrier, leg: Leg, seen: Outcome, *, began: int, now: int) -> None:
    key = gateway_key(carrier.name, leg.address)
    good = seen.kind is Kind.LIFE or seen.kind is Kind.NOTHING
    if good and ksr_tables.read(TABLE, key) is None:
        return
    with ksr_tables.locked(TABLE, key):
        breaker = _read(key)
        then = after(
            breaker,
            seen,
            began=began,
            now=now,
            at=time.time(),
            faults=carrier.breaker,
            pause=carrier.breaker_pause,
        )
        if then == CLOSED:
            ksr_tables.remove(TABLE, key)
        elif then != breaker:
            ksr_tables.keep(TABLE, key, _encode(then).decode())
    if bool(then.until) != bool(breaker.until) or then.until > breaker.until:
        state = f"open why={then.why} for={then.pause}ms" if then.until else "closed"
        sip.note(f"carrier={carrier.name} gateway={leg.address} breaker={state}")


def _read(key: str) -> Breaker:
    stored = ksr_tables.read(TABLE, key)
    if stored is None:
        return CLOSED
    try:
        return _decode(stored)
    except msgspec.MsgspecError:  # a hand's, by RPC
        sip.error(f"{key}: no breaker: {stored[:80]!a}")
        return CLOSED

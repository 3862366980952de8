"""How carriers stand: what the edge says of their gateways and calls, and the ledger of their past,
put together. Pure: what could not be learned is None.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from bellhop.carriers import Carrier
from bellhop.entries import LATE
from bellhop.finals import NOT_SENT, UNRESOLVED
from bellhop.health import SKIPPED, Breaker, Hand, gateway_key, hand_key
from bellhop.ledger import Tally
from bellhop.registrations import State
from bellhop.registrations import state as registered

# What was never at the carrier is no seizure (ITU-T E.411: answered seizures by all seizures).
_NO_SEIZURES = frozenset({NOT_SENT, UNRESOLVED})
_PROBES = {"A": "alive", "T": "alive", "I": "dead", "D": "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the edge says of itself; None where it could not be asked.

    health: the table bellhop_health. probes: the dispatcher's flags by URI. calls: by carrier.
    names: the addresses of gateways that are named. registrations: where ours are, by Contact.
    """

    health: Mapping[str, str] | None = None
    probes: Mapping[str, str] | None = None
    calls: Mapping[str, int] | None = None
    names: Mapping[str, tuple[str, ...]] | None = None
    registrations: Mapping[str, State] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStanding:
    """One address of a carrier; "" for a name that is not resolved.

    breaker: closed, open or half-open; why, again: what opened it, and the Unix time when it may be
    tried; opened: when it opened, and opens: how often in a row. faults: in a row, while closed.
    probe: alive, dead or off.
    """

    gateway: str
    address: str
    breaker: str | None = None
    why: str = ""
    again: float | None = None
    opened: float | None = None
    opens: int = 0
    faults: int = 0
    probe: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One carrier. calls: now; most_calls, most_per_second: 0 is no limit. attempts: that reached
    it; answered: of these. skipped: how often it was out, by rule. causes: of its failures, the
    most frequent first: Q.850 cause, or else SIP code, or else nothing came. registration: where
    ours at it is; "" where the site wants none, None where that could not be learned.
    """

    carrier: str
    hand: str | None
    calls: int | None
    most_calls: int
    most_per_second: int
    attempts: int | None
    answered: int | None
    skipped: Mapping[str, int]
    causes: tuple[tuple[str, int], ...]
    gateways: tuple[GatewayStanding, ...]
    registration: str | None = ""

    @property
    def ratio(self) -> float | None:
        """Return the answer-seizure ratio, 0 to 1; None when nothing was tried."""
        return (self.answered or 0) / self.attempts if self.attempts else None


def table(dump: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return the keys and values of an htable.dump."""
    found: dict[str, str] = {}
    for entry in dump:
        slot = entry.get("slot")
        for item in slot if isinstance(slot, list) else ():
            found[str(item["name"])] = str(item["value"])
    return found


def registrations(dump: object) -> dict[str, State]:
    """Return where each registration of a uac.reg_dump is, by its Contact's user part. One alone
    comes without a list.
    """
    records = dump if isinstance(dump, list) else [dump]
    return {
        str(r["l_uuid"]): registered(r) for r in records if isinstance(r, dict) and "l_uuid" in r
    }


def _registration(carrier: Carrier, edge: Edge) -> str | None:
    if not carrier.register_user:
        return ""
    if edge.registrations is None:
        return None
    return edge.registrations.get(carrier.register_contact, State.TRYING).value


def probes(listed: object) -> dict[str, str]:
    """Return the flags by URI of a dispatcher.list, whose nesting differs between versions."""
    match listed:
        case {"URI": str(uri), "FLAGS": str(flags)}:
            return {uri: flags}
        case dict():
            parts: Iterable[object] = listed.values()
        case list():
            parts = listed
        case _:
            return {}
    return {uri: flags for part in parts for uri, flags in probes(part).items()}


def standing(carrier: Carrier, edge: Edge, tallies: Iterable[Tally] | None, now: float) -> Standing:
    """Return how a carrier stands at a Unix time."""
    reached: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for one in tallies or ():
        # A late answer is no attempt of its own: its attempt has a row besides.
        if one.leg != f"carrier:{carrier.name}" or one.verdict == LATE:
            continue
        if one.verdict == SKIPPED:
            skipped[one.rule] += one.times
        elif one.rule not in _NO_SEIZURES:
            reached[one.verdict] += one.times
            if one.verdict != "answered":
                causes[_cause(one)] += one.times
    known = tallies is not None
    hand = None if edge.health is None else edge.health.get(hand_key(carrier.name), Hand.ALLOW)
    return Standing(
        carrier=carrier.name,
        hand=None if hand is None else str(hand),
        calls=None if edge.calls is None else edge.calls.get(carrier.name, 0),
        most_calls=carrier.calls,
        most_per_second=carrier.calls_per_second,
        attempts=reached.total() if known else None,
        answered=reached["answered"] if known else None,
        skipped=dict(skipped.most_common()),
        causes=tuple(causes.most_common()),
        gateways=tuple(_gateways(carrier, edge, now)),
        registration=_registration(carrier, edge),
    )


def _cause(one: Tally) -> str:
    if one.cause is not None:
        return f"Q.850 {one.cause}"
    return f"SIP {one.code}" if one.code is not None else "no reply"


def _gateways(carrier: Carrier, edge: Edge, now: float) -> Iterator[GatewayStanding]:
    for gateway in carrier.gateways:
        spelled = str(gateway)
        if gateway.address:
            addresses: tuple[str, ...] = (str(gateway.address),)
        else:
            addresses = (edge.names or {}).get(spelled, ()) or ("",)
        for address in addresses:
            yield _gateway(carrier, spelled, address, edge, now)


def _gateway(
    carrier: Carrier, gateway: str, address: str, edge: Edge, now: float
) -> GatewayStanding:
    flags = None if edge.probes is None else edge.probes.get(f"sip:{address}", "D")
    probe = None if flags is None else _PROBES.get(flags[:1])
    if edge.health is None:
        return GatewayStanding(gateway=gateway, address=address, probe=probe)
    breaker = _breaker(edge.health.get(gateway_key(carrier.name, address)))
    if breaker is None:
        return GatewayStanding(gateway=gateway, address=address, probe=probe)
    again = breaker.at + breaker.pause / 1_000
    state = "open" if now < again else "half-open"
    return GatewayStanding(
        gateway=gateway,
        address=address,
        breaker=state if breaker.until else "closed",
        why=breaker.why,
        again=again if breaker.until else None,
        opened=breaker.at if breaker.until else None,
        opens=breaker.opened,
        faults=breaker.faults,
        probe=probe,
    )


def _breaker(stored: str | None) -> Breaker | None:
    """Return a breaker from the table; None for what a hand has put there, which is none."""
    try:
        return msgspec.json.decode(stored, type=Breaker) if stored else Breaker()
    except msgspec.MsgspecError:
        return None

"""How a carrier is, for people: in brief, one of all; in full, for who looks for what is wrong."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from bellhop import causes
from bellhop.carriers import Carrier
from bellhop.commands import show
from bellhop.entries import Entry
from bellhop.health import WHY, Hand, Out
from bellhop.profiles import CARRIER
from bellhop.settings import Site
from bellhop.standing import GatewayStanding, Standing
from bellhop.values import spelled

_TOP = 3  # causes, in brief
_ROUTES = 8  # that are named
_Q850 = re.compile(r"Q\.850 ([0-9]{1,3})")
_COLUMNS = ("ended (UTC)", "call", "dialled", "gateway", "after", "came to", "then")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """When it was seen, and since when the ledger was read (Unix times); whether it is probed."""

    now: float
    since: float
    probing: bool


def in_brief(one: Standing, seen: Seen) -> None:
    """Print a carrier of many."""
    _head(one)
    pairs = _gateways(one, seen)
    if one.registration != "":
        pairs += [("registration", one.registration or "not known")]
    pairs += [("calls", _calls(one)), ("answered", _ratio(one))]
    if one.causes:
        top = ", ".join(f"{cause} ({times})" for cause, times in one.causes[:_TOP])
        pairs += [("failures", top)]
    if one.skipped:
        pairs += [("left out", ", ".join(f"{rule} ({n})" for rule, n in one.skipped.items()))]
    show.lines(pairs)


def in_full(
    one: Standing,
    carrier: Carrier,
    routes: tuple[str, ...],
    failures: tuple[Entry, ...] | None,
    seen: Seen,
) -> None:
    """Print one carrier. failures: its newest attempts that nobody answered; None: not known."""
    _head(one)
    pairs = _gateways(one, seen)
    if one.registration != "":
        who = f"as {carrier.register_user}, for calls to {carrier.register_contact}"
        pairs += [("registration", f"{one.registration or 'not known'}, {who}")]
    pairs += [("calls", _calls(one)), ("routes", _routes(routes)), ("bounds", _bounds(carrier))]
    pairs += [("profile", carrier.profile or f"its route's, else {CARRIER.name}")]
    known = "" if one.attempts is None else f" since {_when(seen.since)} UTC"
    pairs += [("answered", f"{_ratio(one)}{known}")]
    names = ("failures", *[""] * len(one.causes))
    pairs += [
        (name, f"{_named(cause)} ({times})")
        for name, (cause, times) in zip(names, one.causes, strict=False)
    ]
    names = ("left out", *[""] * len(one.skipped))
    pairs += [
        (name, f"{rule} ({times}): {WHY[Out(rule)]}" if rule in set(Out) else f"{rule} ({times})")
        for name, (rule, times) in zip(names, one.skipped.items(), strict=False)
    ]
    show.lines(pairs)
    if failures:
        click.echo()
        show.table(_COLUMNS, (_row(entry) for entry in failures))
        click.echo(f"\nbellhop calls {failures[0].call} shows the newest in full")


def routes(carrier: str, site: Site) -> tuple[str, ...]:
    """Return the prefixes of the routes that lead to a carrier, as the site file has them."""
    return tuple(route.prefix for route in site.routes if carrier in route.carriers)


def contract(routes: tuple[str, ...], failures: tuple[Entry, ...] | None) -> dict[str, Any]:
    """Return what programs get of one carrier, besides what they get of each."""
    last = None if failures is None else [msgspec.structs.asdict(entry) for entry in failures]
    return {"routes": list(routes), "last_failures": last}


def _head(one: Standing) -> None:
    hand = "?" if one.hand is None else one.hand
    usable = hand == Hand.ALLOW and any(_goes(g) for g in one.gateways)
    show.heading(f"{one.carrier}: {hand}", "green" if usable else "red")


def _goes(gateway: GatewayStanding) -> bool:
    return gateway.breaker in {"closed", "half-open"} and gateway.probe != "dead"


def _gateways(one: Standing, seen: Seen) -> list[tuple[str, str]]:
    return [(gateway.gateway, _gateway(gateway, seen)) for gateway in one.gateways]


def _gateway(one: GatewayStanding, seen: Seen) -> str:
    words = []
    if one.address != one.gateway:
        words.append(one.address or "its name is not resolved")
    match one.breaker:
        case None:
            words.append("breaker not known")
        case "closed":
            faults = f", {show.count(one.faults, 'fault')}" if one.faults else ""
            words.append(f"breaker closed{faults}")
        case state:
            again = one.again or 0
            until = (
                f"until {datetime.fromtimestamp(again, UTC):%H:%M:%S} UTC, {again - seen.now:.0f} s"
                if state == "open"
                else "the next call tries it"
            )
            since = f"since {_when(one.opened)} UTC" if one.opened else ""
            times = f"{one.opens} times in a row" if one.opens > 1 else ""
            told = (f"breaker {state} [{one.why}]", since, times, until)
            words.append(", ".join(filter(None, told)))
    if seen.probing:
        words.append(f"probe: {one.probe or 'not known'}")
    return "; ".join(words)


def _calls(one: Standing) -> str:
    rate = f", at most {one.most_per_second} a second" if one.most_per_second else ""
    most = f" of {one.most_calls}" if one.most_calls else ""
    return f"{'?' if one.calls is None else one.calls}{most} now{rate}"


def _ratio(one: Standing) -> str:
    if one.attempts is None:
        return "not known"
    if one.ratio is None:
        return "nothing was tried"
    return f"{one.answered} of {one.attempts} ({one.ratio:.1%})"


def _routes(prefixes: tuple[str, ...]) -> str:
    if not prefixes:
        return "none: no call leads to it"
    more = f" and {len(prefixes) - _ROUTES} more" if len(prefixes) > _ROUTES else ""
    return ", ".join(f'"{prefix}"' for prefix in prefixes[:_ROUTES]) + more


def _bounds(carrier: Carrier) -> str:
    breaker = (
        f"the breaker opens at {show.count(carrier.breaker, 'fault')} in a row,"
        f" for {spelled(carrier.breaker_pause)} at first"
        if carrier.breaker
        else "the breaker never opens"
    )
    answer, ring = spelled(carrier.answer_timeout), spelled(carrier.ring_timeout)
    return f"given up after {answer} without a sign, after {ring} of ringing; {breaker}"


def _named(cause: str) -> str:
    found = _Q850.fullmatch(cause)
    return f"Q.850 {causes.title(int(found[1]))}" if found else cause


def _row(entry: Entry) -> tuple[str, ...]:
    came = f"SIP {entry.code}" if entry.code else "no reply"
    came += f", Q.850 {entry.cause}" if entry.cause is not None else ""
    then = f"{entry.verdict} [{entry.rule}]"
    when = _when(entry.at)
    return when, entry.call, entry.dialled, entry.gateway, f"{entry.ms} ms", came, then


def _when(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S}"

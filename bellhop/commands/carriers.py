"""`bellhop carriers`: how carriers are, and setting one aside by hand."""

import re
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from bellhop import ledgers, names, rpc, standing
from bellhop.addresses import Address
from bellhop.commands import show
from bellhop.databases import Absent, Down
from bellhop.health import Hand, gateway_key, hand_key
from bellhop.ledger import Tally
from bellhop.registrations import State
from bellhop.settings import Site
from bellhop.standing import Edge, GatewayStanding, Standing
from bellhop.values import duration

_TABLE = "bellhop_health"
_TOP = 3
_REGISTRATIONS = "usrloc.db"  # the edge has that before its first start
# What the dispatcher says (code 500) when its list is empty: in the first second after a start.
_NOT_LOADED = ": No Destination Sets"


def _duration(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """Read a duration as the site file spells it, or in days."""
    del ctx
    if days := re.fullmatch(r"([0-9]{1,3})d", value, re.ASCII):
        value = f"{int(days[1]) * 24}h"
    try:
        return duration(1_000, 8_784 * 3_600_000)(value)
    except ValueError as error:
        said = str(error).replace('like "20s"', 'like "24h" or "7d"')
        raise click.BadParameter(said, param=param) from None


@click.group("carriers", invoke_without_command=True)
@show.site_option
@click.option("--last", default="24h", show_default=True, callback=_duration, metavar="DURATION",
              help="How far back the ledger is read.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
@click.pass_context
def command(ctx: click.Context, *, site: str, last: int, as_json: bool) -> None:
    """Show how each carrier is: its gateways, its calls, and what came of its attempts."""
    ctx.obj = site  # read when it is needed: who asks a verb for its help may have none
    if ctx.invoked_subcommand is not None:
        return
    now = time.time()
    missing: list[str] = []
    here = show.site(site)
    edge = _ask(here, missing)
    tallies = _tallies(here, now - last / 1_000, missing)
    found = [standing.standing(c, edge, tallies, now) for c in here.carriers.values()]
    if as_json:
        carriers = [{**asdict(one), "answer_seizure_ratio": one.ratio} for one in found]
        show.as_json({"carriers": carriers, "not_learned": missing})
    else:
        for one in found:
            _print(one, probing=bool(here.edge.probe), now=now)
        for line in missing:
            click.echo(f"bellhop: carriers: not known: {show.safe(line)}", err=True)
    if missing:
        raise click.exceptions.Exit(1)


def _verb(hand: Hand, what: str) -> None:
    @command.command(hand.value, help=what)
    @click.argument("carrier")
    @click.option("--site", metavar="FILE", help="The site file, as before the verb.")
    @click.pass_obj
    def verb(before: str, carrier: str, site: str | None) -> None:
        _set(site or before, carrier, hand)


_verb(Hand.DRAIN, "Give CARRIER no new calls; its own are taken.")
_verb(Hand.BLOCK, "Begin no calls with CARRIER, and take none.\n\nCalls that are there go on.")
_verb(Hand.ALLOW, "Let calls go to CARRIER again.\n\nWhat its gateways did is forgotten.")


def _set(file: str, carrier: str, hand: Hand) -> None:
    site = show.site(file)
    if carrier not in site.carriers:
        known = ", ".join(site.carriers) or "none"
        raise click.ClickException(f"no carrier {carrier!r}; known: {known}")
    edge = site.edge.internal
    try:
        health = _health(edge)
        before = health.get(hand_key(carrier), Hand.ALLOW)
        if hand is not Hand.ALLOW:
            rpc.call(edge, "htable.sets", _TABLE, hand_key(carrier), hand.value)
        else:
            for key in health:
                if key == hand_key(carrier) or key.startswith(gateway_key(carrier, "")):
                    _delete(edge, key)
        calls = int(rpc.call(edge, "dlg.profile_get_size", "bellhop", carrier))
    except rpc.RpcError as error:
        raise click.ClickException(str(error)) from None
    go_on = f"; {calls} of its calls go on" if calls and hand is not Hand.ALLOW else ""
    click.echo(show.safe(f"{carrier}: {hand.value} (was {before}){go_on}"))


def _delete(edge: Address, key: str) -> None:
    try:
        rpc.call(edge, "htable.delete", _TABLE, key)
    except rpc.NotKnownError:
        return  # a call has just closed the breaker: what was wanted


def _health(edge: Address) -> dict[str, str]:
    return standing.table(rpc.call(edge, "htable.dump", _TABLE))


def _ask(site: Site, missing: list[str]) -> Edge:
    """Ask the edge; what it does not tell is added to `missing`."""
    edge = site.edge.internal
    try:
        health = _health(edge)
        calls = {
            name: int(rpc.call(edge, "dlg.profile_get_size", "bellhop", name))
            for name in site.carriers
        }
        text = str(rpc.call(edge, "pv.shvGet", "bellhop_names").get("value") or "")
    except rpc.RpcError as error:
        missing.append(str(error))
        return Edge()
    book = names.decode(text) if text else {}
    addresses = {
        name: tuple(str(Address(record.host, record.port)) for record in records)
        for name, records in book.items()
    }
    return Edge(
        health=health,
        calls=calls,
        names=addresses,
        probes=_probes(site, missing),
        registrations=_registrations(site, missing),
    )


def _registrations(site: Site, missing: list[str]) -> dict[str, State] | None:
    if not any(carrier.register_user for carrier in site.carriers.values()):
        return {}
    try:
        return standing.registrations(rpc.call(site.edge.internal, "uac.reg_dump"))
    except (rpc.RpcError, TypeError) as error:
        missing.append(f"where we are registered: {error}")
        return None


def _probes(site: Site, missing: list[str]) -> dict[str, str] | None:
    if not site.edge.probe:
        return {}
    try:
        return standing.probes(rpc.call(site.edge.internal, "dispatcher.list"))
    except rpc.RpcError as error:
        if not str(error).endswith(_NOT_LOADED):
            missing.append(f"what the probes found: {error}")
        return None


def _tallies(site: Site, since: float, missing: list[str]) -> tuple[Tally, ...] | None:
    try:
        ledger = ledgers.read(site)
        found = ledger.tallies(since)
        ledger.close()
    except Absent as error:
        if (Path(site.site.state) / _REGISTRATIONS).exists():
            return ()  # this is the edge's machine, and no call has been made yet
        elsewhere = "it is on the edge's machine"
        missing.append(f"what became of calls: {ledgers.name(site)}: {error} ({elsewhere})")
        return None
    except Down as error:
        missing.append(f"what became of calls: {ledgers.name(site)}: {error}")
        return None
    return found


def _print(one: Standing, *, probing: bool, now: float) -> None:
    hand = "?" if one.hand is None else one.hand
    usable = hand == Hand.ALLOW and any(_goes(g) for g in one.gateways)
    show.heading(f"{one.carrier}: {hand}", "green" if usable else "red")
    rate = f", at most {one.most_per_second} a second" if one.most_per_second else ""
    most = f" of {one.most_calls}" if one.most_calls else ""
    pairs = [(g.gateway, _gateway(g, probing=probing, now=now)) for g in one.gateways]
    if one.registration != "":
        pairs += [("registration", one.registration or "not known")]
    pairs += [("calls", f"{_or_unknown(one.calls)}{most} now{rate}"), ("answered", _ratio(one))]
    if one.causes:
        top = ", ".join(f"{cause} ({times})" for cause, times in one.causes[:_TOP])
        pairs += [("failures", top)]
    if one.skipped:
        pairs += [("left out", ", ".join(f"{rule} ({n})" for rule, n in one.skipped.items()))]
    show.lines(pairs)


def _goes(gateway: GatewayStanding) -> bool:
    return gateway.breaker in {"closed", "half-open"} and gateway.probe != "dead"


def _gateway(one: GatewayStanding, *, probing: bool, now: float) -> str:
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
            again = datetime.fromtimestamp(one.again or 0, UTC)
            until = f"until {again:%H:%M:%S} UTC" if state == "open" else "the next call tries it"
            left = f", {(one.again or 0) - now:.0f} s" if state == "open" else ""
            words.append(f"breaker {state} [{one.why}], {until}{left}")
    if probing:
        words.append(f"probe: {one.probe or 'not known'}")
    return "; ".join(words)


def _ratio(one: Standing) -> str:
    if one.attempts is None:
        return "not known"
    if one.ratio is None:
        return "nothing was tried"
    return f"{one.answered} of {one.attempts} ({one.ratio:.1%})"


def _or_unknown(value: int | None) -> str:
    return "?" if value is None else str(value)

"""`bellhop carriers`: how carriers are, one of them in full, and setting one aside by hand."""

import re
import time
from dataclasses import asdict, dataclass
from typing import Any

import click

from bellhop import rpc, standing
from bellhop.addresses import Address
from bellhop.carriers import Carrier
from bellhop.commands import carrier, learned, show
from bellhop.commands.carrier import Seen
from bellhop.health import Hand, gateway_key, hand_key
from bellhop.settings import Site
from bellhop.values import duration

_FAILURES = 10  # of one carrier, that are shown


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that stand before the verb or the carrier: last is in ms."""

    site: str
    last: int
    as_json: bool


class _Verbs(click.Group):
    """Verbs; what is none of them is a carrier, which is shown in full."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or the carrier that is asked for."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return args[0], _one, args


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


_last = click.option("--last", callback=_duration, metavar="DURATION", default="24h",
                     show_default=True, help="How far back the ledger is read.")  # fmt: skip
_json = click.option("--json", "as_json", is_flag=True, help="Print for programs.")


@click.group(
    "carriers",
    cls=_Verbs,
    invoke_without_command=True,
    subcommand_metavar="[CARRIER] | drain CARRIER | block CARRIER | allow CARRIER",
)
@show.site_option
@_last
@_json
@click.pass_context
def command(ctx: click.Context, *, site: str, last: int, as_json: bool) -> None:
    """Show how each carrier is: its gateways, its calls, and what came of its attempts; or CARRIER
    in full, with its last failures.
    """
    # Read when it is needed: who asks a verb for its help may have no site file.
    ctx.obj = Asked(site, last, as_json)
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, "")


@click.command("carrier")
@click.argument("words", nargs=-1)
@click.option("--site", metavar="FILE")
@click.option("--last", callback=lambda ctx, param, value: value and _duration(ctx, param, value))
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def _one(
    before: Asked, *, words: tuple[str, ...], site: str | None, last: int | None, as_json: bool
) -> None:
    """Show a carrier in full."""
    if len(words) > 1:
        verbs = ", ".join(Hand)
        raise click.UsageError(f"expected one carrier, or one of {verbs}, got {words[0]!r}")
    asked = Asked(site or before.site, last or before.last, as_json or before.as_json)
    _show(asked, words[0])


def _show(asked: Asked, name: str) -> None:
    """Show the carrier of that name, or each in brief when it is empty."""
    now = time.time()
    since = now - asked.last / 1_000
    missing: list[str] = []
    site = show.site(asked.site)
    carriers = [_known(site, name)] if name else list(site.carriers.values())
    edge = learned.of_edge(site, [one.name for one in carriers], missing)
    tallies = learned.of_ledger(site, lambda ledger: ledger.tallies(since), missing)
    found = [standing.standing(one, edge, tallies, now) for one in carriers]
    seen = Seen(now=now, since=since, probing=bool(site.edge.probe))
    more: dict[str, Any] = {}
    if name:
        failures = None
        if tallies is not None:  # else it has been told why
            newest = _FAILURES
            failures = learned.of_ledger(site, lambda it: it.failures(name, newest), missing)
        routes = carrier.routes(name, site)
        more = carrier.contract(routes, failures)
    if asked.as_json:
        told = [{**asdict(one), "answer_seizure_ratio": one.ratio, **more} for one in found]
        show.as_json({"carriers": told, "not_learned": missing})
    elif name:
        carrier.in_full(found[0], carriers[0], routes, failures, seen)
    else:
        for one in found:
            carrier.in_brief(one, seen)
    for line in () if asked.as_json else missing:
        click.echo(f"bellhop: carriers: not known: {show.safe(line)}", err=True)
    if missing:
        raise click.exceptions.Exit(1)


def _known(site: Site, name: str) -> Carrier:
    if name not in site.carriers:
        known = ", ".join(site.carriers) or "none"
        raise click.ClickException(f"no carrier {name!r}; known: {known}")
    return site.carriers[name]


def _verb(hand: Hand, what: str) -> None:
    @command.command(hand.value, help=what)
    @click.argument("name", metavar="CARRIER")
    @click.option("--site", metavar="FILE", help="The site file, as before the verb.")
    @click.pass_obj
    def verb(before: Asked, name: str, site: str | None) -> None:
        _set(site or before.site, name, hand)


_verb(Hand.DRAIN, "Give CARRIER no new calls; its own are taken.")
_verb(Hand.BLOCK, "Begin no calls with CARRIER, and take none.\n\nCalls that are there go on.")
_verb(Hand.ALLOW, "Let calls go to CARRIER again.\n\nWhat its gateways did is forgotten.")


def _set(file: str, name: str, hand: Hand) -> None:
    site = show.site(file)
    _known(site, name)
    edge = site.edge.internal
    try:
        health = learned.health(edge)
        before = health.get(hand_key(name), Hand.ALLOW)
        if hand is not Hand.ALLOW:
            rpc.call(edge, "htable.sets", learned.TABLE, hand_key(name), hand.value)
        else:
            for key in health:
                if key == hand_key(name) or key.startswith(gateway_key(name, "")):
                    _delete(edge, key)
        calls = int(rpc.call(edge, "dlg.profile_get_size", "bellhop", name))
    except rpc.RpcError as error:
        raise click.ClickException(str(error)) from None
    go_on = f"; {calls} of its calls go on" if calls and hand is not Hand.ALLOW else ""
    click.echo(show.safe(f"{name}: {hand.value} (was {before}){go_on}"))


def _delete(edge: Address, key: str) -> None:
    try:
        rpc.call(edge, "htable.delete", learned.TABLE, key)
    except rpc.NotKnownError:
        return  # a call has just closed the breaker: what was wanted

"""`bellhop check`: whether a site file is good, and if not, all that is wrong with it."""

import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from bellhop import htdigest, named_files, tls
from bellhop.carriers import Carrier
from bellhop.changes import unasked
from bellhop.commands import show
from bellhop.devices import Device
from bellhop.profiles import BUILT_IN
from bellhop.schedules import time_zone
from bellhop.settings import Site, SiteError, load
from bellhop.targets import Outside, identity, is_multicast, target
from bellhop.values import spelled
from bellhop.zones import members

_GIVEN_UP = 5_000  # ms, of an OPTIONS that nobody answers
_SOME_NUMBER = "+442079460000"  # of those that Ofcom keeps for stories


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--tls-config", type=click.Path(path_type=Path), default=tls.CONFIG,
              show_default=True, metavar="FILE",
              help="Kamailio's file of certificates, where a listener is of TLS.")  # fmt: skip
def command(*, file: Path, tls_config: Path) -> None:
    """Check the site file FILE, and the files that it names where they are readable here.

    Every mistake is said, each with file, line and key.
    """
    try:
        site = load(file)
        notes = _files(site, tls_config)
        notes += [note for look in _LOOKS for note in look(site)]
    except SiteError as error:
        for line in error.lines:
            click.echo(line, err=True)
        click.echo(f"bellhop: check: {show.count(len(error.lines), 'mistake')}", err=True)
        raise click.exceptions.Exit(1) from None
    counts = {
        "device": len(site.devices),
        "zone": len(site.zones),
        "carrier": len(site.carriers),
        "route": len(site.routes),
        "trunk": len(site.trunks),
        "DID": len(site.dids),
    }
    said = ", ".join(show.count(number, what) for what, number in counts.items())
    click.echo(f"{file}: good: {said}")
    for note in notes:
        click.echo(f"{file}: note: {note}")


def _files(site: Site, tls_config: Path) -> list[str]:
    """Return what is worth knowing about all that it names; SiteError when one of them is wrong."""
    wrong: list[str] = []
    notes: list[str] = []
    looks: list[Callable[[Site], list[str]]] = [_secrets]
    looks += [partial(_credentials, carrier) for carrier in site.carriers.values()]
    for look in looks:
        try:
            notes += look(site)
        except SiteError as error:
            wrong += error.lines
    for others, more in (
        named_files.look(site),
        tls.look(site, tls_config, datetime.now(UTC)),
    ):
        wrong += others
        notes += more
    if wrong:
        raise SiteError(tuple(wrong))
    return notes


def _unread(key: str, path: Path) -> list[str]:
    """Return why a secret file cannot be checked here, if so; SiteError when it is no file."""
    try:
        path.open("rb").close()
    except FileNotFoundError:
        return [f"{key}: {path} is not here, so it was not checked"]
    except PermissionError:
        return [f"{key}: {path} may not be read by you, so it was not checked"]
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
    return []


def _credentials(carrier: Carrier, site: Site) -> list[str]:
    """Return what is worth knowing about what we prove ourselves with to a carrier; SiteError when
    the edge would not begin with it.
    """
    path = site.file(carrier.secret_file)
    if not carrier.auth_user:
        return []
    if not (unread := _unread(f"carriers.{carrier.name}.secret_file", path)):
        htdigest.one(path, carrier.auth_user)
    return unread


def _secrets(site: Site) -> list[str]:
    """Return what is worth knowing about what devices prove themselves with; SiteError when the
    edge would not begin with it.
    """
    path = site.file(site.site.secret_file)
    if unread := _unread("site.secret_file", path):
        return unread
    known = htdigest.read(path, site.site.realm)
    notes = []
    if path.stat().st_mode & stat.S_IROTH:
        notes += [f"site.secret_file: everybody on this machine may read {path}: chmod o-r"]
    without = sorted(
        d.number + (f" (as {d.auth_user})" if d.auth_user != d.number else "")
        for d in site.devices.values()
        if d.auth_user not in known
    )
    if without:
        what = f'no HA1 of the realm "{site.site.realm}" in {path.name}'
        notes += [f"{what}, so they can't register: {', '.join(without)}"]
    return notes


def _idle(site: Site) -> Iterator[str]:
    """Yield what the site says, and nothing comes of."""
    for zone in site.zones.values():
        if zone.volume is None:
            continue
        found = members(zone, site.zones, site.devices, None, site.numbering)
        if not any(isinstance(member, Device) and member.vapix for member in found):
            yield f"zones.{zone.number}.volume: no member has vapix, so nobody's volume is set"
    for profile in site.profiles.values():
        if profile.name not in BUILT_IN and (causes := unasked(profile)):
            why = (
                "its codes decide before them; causes_first = true has them asked first"
                if profile.trust_reason
                else "its trust_reason is false"
            )
            yield f"profiles.{profile.name}: the causes {', '.join(causes)} are never asked: {why}"
    for schedule in site.schedules.values():
        if time_zone(schedule.timezone) is None:
            yield (
                f'schedules.{schedule.name}.timezone: this machine knows no "{schedule.timezone}":'
                " where the pager's does not either, its bells are silent"
            )


def _shadowed(site: Site) -> Iterator[str]:
    """Yield the trunks' prefixes that begin routes: a number is a trunk's before it is a carrier's,
    and its plus is no digit, so that extensions that begin with 4 take +44 and +49.
    """
    for trunk in site.trunks.values():
        for prefix in trunk.numbers:
            taken = [one for one in site.by_prefix if one.startswith(prefix.removeprefix("+"))]
            if taken:
                more = f" and {len(taken) - 1} more" if taken[1:] else ""
                route = f'the route "{taken[0]}"{more}'
                yield (
                    f'trunks.{trunk.name}.numbers: "{prefix}" also begins {route}:'
                    " what is dialled so, with a + or without, rings there, by no carrier"
                )


def _doubled(site: Site) -> Iterator[str]:
    """Yield members that a zone's own list has twice: perhaps another was meant."""
    for zone in site.zones.values():
        for member in dict.fromkeys(zone.members):
            if zone.members.count(member) > 1:
                where = f"zones.{zone.number}.members"
                yield f'{where}: "{member}" stands there twice, and is rung once'


def _spelled(site: Site) -> Iterator[str]:
    """Yield members that zones spell in two ways: each page knows its own spelling alone, so that
    one does not take from another what they share.
    """
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    for zone in site.zones.values():
        for member in zone.members:
            if member in site.devices or member in site.zones:
                continue
            key = identity(target(member, site.devices), site.numbering)
            spelled, where = first.setdefault(key, (member, zone.number))
            if spelled != member and where != zone.number:
                what = "two streams, which horns mix" if is_multicast(member) else "rung twice"
                yield (
                    f'zones.{zone.number}.members: "{member}" is "{spelled}" of zones.{where}:'
                    f" in pages of both at once it is {what}"
                )


def _written(site: Site) -> Iterator[str]:
    """Yield carriers that get numbers in another form than `format` lets one expect."""
    plan = site.numbering
    for carrier in site.carriers.values():
        key = f"carriers.{carrier.name}.format"
        sent = carrier.dialled(_SOME_NUMBER, plan)
        if carrier.format == "+e164" and not sent.startswith("+"):
            changed = "prefix" if carrier.prefix else "strip"
            yield (
                f"{key}: where {changed} changes the digits no plus is left:"
                f' {_SOME_NUMBER} is sent as "{sent}"'
            )
        if carrier.format != "dialled" and not (plan.international or plan.national):
            yield (
                f"{key}: without [numbering] only what is dialled with a + is known to be E.164:"
                " all else is sent as it was dialled"
            )


def _outlasted(site: Site) -> Iterator[str]:
    """Yield zones that would ring a member for longer than the edge lets any call ring."""
    budget = site.edge.budget
    for zone in site.zones.values():
        found = members(zone, site.zones, site.devices, None, site.numbering)
        for key, kind in (("ring_timeout", Device), ("outside_timeout", Outside)):
            wanted = getattr(zone, key)
            if wanted > budget and any(isinstance(member, kind) for member in found):
                yield (
                    f"zones.{zone.number}.{key}: {spelled(wanted)} is more than edge.budget, after"
                    f" which the edge ends a call that nobody has answered: {spelled(budget)}"
                )


def _hasty(site: Site) -> Iterator[str]:
    """Yield that probes come before the one before is given up (fr_timer in bellhop.cfg)."""
    if 0 < (every := site.edge.probe) < _GIVEN_UP:
        yield (
            f"edge.probe: {spelled(every)}: a gateway gets {60_000 // every} OPTIONS a minute,"
            f" which a carrier may take for an attack; that it is silent is known after"
            f" {spelled(_GIVEN_UP)} in any case"
        )


# Each yields notes on what is no mistake, and may not be meant.
_LOOKS = (_idle, _shadowed, _doubled, _spelled, _written, _outlasted, _hasty)

"""`bellhop pages`: the pages that were made, or refused, newest first."""

from datetime import datetime

import click

from bellhop.commands import show
from bellhop.commands.calls import When
from bellhop.commands.report import opened
from bellhop.databases import Refused
from bellhop.report import Report

_COLUMNS = ("began (UTC)", "page", "zone", "paged by", "lasted", "what became of it")


@click.command("pages")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 100_000), metavar="N",
              help="So many at most.")  # fmt: skip
@click.option("--zone", default="", metavar="NUMBER", help="The zone that was paged.")
@click.option("--by", default="", metavar="LEADER", help="Who paged, as the list spells him.")
@click.option("--member", default="", metavar="NUMBER", help="A device that was to hear it.")
@click.option("--since", type=When(), help='Begun since: "2h" ago, or "2026-11-21 06:30" (UTC).')
@click.option(
    "--incomplete", is_flag=True, help="Those that a member did not play, and refused ones."
)
@show.site_option
@click.option("--database", metavar="FILE|URL", help="The reports, where they are not the site's.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs: reports in full.")
def command(
    *,
    last: int,
    zone: str,
    by: str,
    member: str,
    since: float | None,
    incomplete: bool,
    site: str,
    database: str | None,
    as_json: bool,
) -> None:
    """List the newest pages. `bellhop report PAGE` shows one, member by member."""
    asked = zone or by or member or since is not None or incomplete

    def fits(one: Report) -> bool:
        return bool(
            (not zone or one.zone == zone)
            and (not by or one.leader == by)
            and (not member or any(m.device == member for m in one.members))
            and (since is None or datetime.fromisoformat(one.started).timestamp() >= since)
            and (not incomplete or one.incomplete)
        )

    with opened(site, database) as reports:
        newest = reports.newest()
        found: list[Report] = []
        unread: list[Refused] = []
        while len(found) < last and (one := next(newest, None)):
            if isinstance(one, Refused):
                unread.append(one)
            elif fits(one):
                found.append(one)
        if as_json:
            show.as_json([one.contract() for one in found])
        elif found:
            show.table(_COLUMNS, map(_row, found))
        show.unread(unread)
    if not found and not as_json:  # a list for programs may be empty
        click.echo(f"bellhop: pages: {'none such' if asked else 'none yet'}", err=True)
        raise click.exceptions.Exit(1)


def _row(one: Report) -> tuple[str, ...]:
    return (
        one.started.replace("T", " ")[:19],
        one.page,
        one.zone,
        one.leader,
        _lasted(one),
        one.sentence(),
    )


def _lasted(one: Report) -> str:
    if one.ended is None:
        return "goes on"
    ended, began = (datetime.fromisoformat(text) for text in (one.ended, one.started))
    return f"{(ended - began).total_seconds():.1f} s"

"""`bellhop report`: what became of a page."""

import contextlib
from collections.abc import Iterator

import click

from bellhop import archives, causes
from bellhop.commands import show
from bellhop.databases import Absent, Down, Refused
from bellhop.places import shown
from bellhop.report import MemberReport, Report
from bellhop.reports import Reports


@click.command("report")
@click.argument("page", required=False)
@show.site_option
@click.option("--database", metavar="FILE|URL", help="The reports, where they are not the site's.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(*, page: str | None, site: str, database: str | None, as_json: bool) -> None:
    """Show the report of PAGE, or of the newest page."""
    with opened(site, database) as reports:
        found = reports.get(page)
    if found is None:
        raise click.ClickException(f"no page {page}" if page else "no page yet")
    if as_json:
        show.as_json(found.contract())
        return
    _print(found)


@contextlib.contextmanager
def opened(site: str, database: str | None) -> Iterator[Reports]:
    """Open the reports of a site, or others that are named. Raises what click tells as one line."""
    name = shown(database or site)
    try:
        if database:
            reports = archives.read_named(database)
        else:
            found = show.site(site, "--database FILE")
            name = archives.name(found)
            reports = archives.read(found)
            show.warning(archives.stuck(found))
        with contextlib.closing(reports):
            yield reports
    except Absent as error:
        said = f"{name}: {error} (no page yet? it is on the pager's machine)"
        raise click.ClickException(said) from None
    except (Down, Refused) as error:  # Refused: of what is asked, or of what is in it
        raise click.ClickException(f"{name}: {error}") from None


def _print(one: Report) -> None:
    all_played = len(one.played) == len(one.members)
    some = one.played or one.ended is None
    show.heading(one.sentence(), "green" if all_played else "yellow" if some else "red")
    running = "still running" if one.ended is None else f"until {one.ended[11:23]}"
    show.lines(
        [
            ("page", f"{one.page}: zone {one.zone}, paged by {one.leader}"),
            ("time", f"{one.started.replace('T', ' ')[:23]} UTC, {running}"),
            *(("key", note) for note in one.notes),
            *([("message", f"played {one.times} times")] if one.times > 1 else []),
            *([("stopped", f"by {one.stopped_by}")] if one.stopped_by else []),
            *((m.device, _member(m)) for m in one.members),
        ]
    )


def _member(member: MemberReport) -> str:
    said: str = member.outcome
    if member.answered_ms is not None:
        said += f", answered after {member.answered_ms} ms"
    if member.joined_ms is not None:
        said += f", joined after {member.joined_ms} ms"
    if member.why:
        said += f": {member.why}"
    facts = [f"SIP {member.sip}"] if member.sip else []
    facts += [f"Q.850 {causes.title(member.cause)}"] if member.cause else []
    if member.sent:
        got = "not measured" if member.received is None else f"{member.received} of {member.sent}"
        facts.append(f"RTP received: {got}")
    return f"{said} ({', '.join(facts)})" if facts else said

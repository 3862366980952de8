"""`bellhop calls`: what became of calls, attempt by attempt, and which rule decided each step."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bellhop import causes
from bellhop.commands import show
from bellhop.ledger import Entry, Ledger, Told
from bellhop.settings import SiteError, load

DEFAULT_SITE = "/etc/bellhop/site.toml"


@click.command("calls")
@click.argument("call", required=False)
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--site", envvar="BELLHOP_SITE", default=DEFAULT_SITE, metavar="FILE")
@click.option("--database", metavar="FILE", help="The ledger, where it is not the site's.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(*, call: str | None, last: int, site: str, database: str | None, as_json: bool) -> None:
    """Show the newest calls, or CALL in full: Bellhop's identifier of it, or its Call-ID."""
    ledger = _open(site, database)
    one = ledger.call(call) if call else None
    found = list(ledger.calls(last)) if not call else [one] if one else []
    ledger.close()
    if not found:
        click.echo(
            f"bellhop: calls: no call {call}" if call else "bellhop: calls: none yet", err=True
        )
        raise click.exceptions.Exit(1)
    if as_json:
        show.as_json([[msgspec.structs.asdict(e) for e in told.attempts] for told in found])
        return
    for told in found:
        _print(told)


def _open(site: str, database: str | None) -> Ledger:
    try:
        path = Path(database) if database else Path(load(site).site.state) / "calls.db"
    except SiteError as error:
        raise click.ClickException("; ".join(error.lines)) from None
    try:
        return Ledger.reading(path)
    except sqlite3.Error as error:
        raise click.ClickException(f"{path}: {error}") from None


def _print(told: Told) -> None:
    attempts = told.attempts
    if not attempts:
        show.heading(
            f"{show.safe(told.caller)} called {show.safe(told.dialled)}: not answered", "red"
        )
        return
    first, last = attempts[0], attempts[-1]
    began = datetime.fromtimestamp(first.at - first.ms / 1000, UTC)
    answered = last.verdict == "answered"
    outcome = f"answered by {last.leg}" if answered else "not answered"
    who = show.safe(first.caller or "somebody")
    show.heading(
        f"{who} called {show.safe(first.dialled)}: {outcome}", "green" if answered else "red"
    )
    show.lines(
        [
            ("began", f"{began:%Y-%m-%d %H:%M:%S} UTC, call {first.call}"),
            *((f"{e.attempt}.", _attempt(e)) for e in attempts),
        ]
    )


def _attempt(entry: Entry) -> str:
    got = f"{entry.code}" if entry.code else "no reply"
    if entry.cause is not None:
        got += f", Q.850 {causes.title(entry.cause)}"
    if entry.rang:
        got += ", it rang"
    when = f"+{entry.after_ms} ms, {entry.ms} ms"
    if entry.verdict == "answered":
        return f"{entry.leg} ({when}): {got}: answered"
    return f"{entry.leg} ({when}): {got}: {entry.verdict} [{entry.rule}], {entry.why}"

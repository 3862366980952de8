"""`bellhop calls`: what became of calls, and of one call in full, which rule decided each step."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from bellhop import causes, ledgers
from bellhop.commands import show
from bellhop.databases import Absent, Down, Refused
from bellhop.entries import LATE
from bellhop.health import SKIPPED
from bellhop.ledger import Entry, Ledger, Told
from bellhop.places import shown
from bellhop.searches import Search

_COLUMNS = ("began (UTC)", "call", "caller", "dialled", "caller got", "after", "tried")


class When(click.ParamType[float]):
    """A point in time: so long ago, or a date and time in UTC."""

    name = "when"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return it as Unix time, or say what is expected."""
        found = show.when(str(value), datetime.now(UTC))
        if found is None:
            expected = 'expected a time like "2h", "3d" or "2026-11-21 06:30" (UTC)'
            raise click.BadParameter(f"{expected}, got {value!r}", ctx, param)
        return float(found.timestamp())


@click.command("calls")
@click.argument("call", required=False)
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 100_000), metavar="N",
              help="So many at most.")  # fmt: skip
@click.option("--caller", default="", metavar="CALLER", help="As the list spells it.")
@click.option("--dialled", default="", metavar="PREFIX", help="Numbers that begin so.")
@click.option("--since", type=When(), help='Ended since: "2h" ago, or "2026-11-21 06:30" (UTC).')
@click.option("--until", type=When(), help="Ended before.")
@click.option("--answered/--failed", "answered", default=None, help="By what became of them.")
@click.option("--carrier", default="", metavar="NAME", help="It was tried; also trunk:NAME.")
@click.option("--code", type=click.IntRange(100, 699), help="An attempt ended with this SIP code.")
@click.option("--cause", type=click.IntRange(1, 127), help="… with this Q.850 cause.")
@click.option(
    "--verdict",
    type=click.Choice(["advance", "stop", "redirect", "answered", SKIPPED, LATE]),
    callback=lambda _ctx, _param, value: value or "",
    help="An attempt came to this.",
)
@click.option(
    "--conflicts",
    is_flag=True,
    help="The SIP code decided, and the cause alone would have decided otherwise.",
)
@show.site_option
@click.option("--database", metavar="FILE|URL", help="The ledger, where it is not the site's.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    *,
    call: str | None,
    last: int,
    site: str,
    database: str | None,
    as_json: bool,
    **conditions: Any,
) -> None:
    """List the newest calls, or show CALL in full: Bellhop's identifier of it, or its Call-ID.

    Conditions on an attempt (carrier, code, cause, verdict, conflicts) hold for one and the same.
    """
    unread: list[Refused] = []
    try:
        with closing(_open(site, database)) as ledger:
            if call:
                one = ledger.call(call)
                found = [one] if one else []
            else:
                found = list(ledger.calls(last, Search(**conditions), unread))
        if as_json and (found or not call):  # a list for programs may be empty
            show.as_json([_contract(told) for told in found])
        elif call and found:
            _print(found[0])
        elif found:
            show.table(_COLUMNS, map(_row, found))
        show.unread(unread)
    except (Down, Refused) as error:  # Refused: of what is asked, or of what is in it
        said = f"{shown(database)}: {error}" if database else str(error)
        raise click.ClickException(said) from None
    if not found and (call or not as_json):
        said = (
            f"no call {call}" if call else "none such" if any(conditions.values()) else "none yet"
        )
        click.echo(f"bellhop: calls: {said}", err=True)
        raise click.exceptions.Exit(1)


def _open(site: str, database: str | None) -> Ledger:
    if database:
        return ledgers.read_named(database)
    found = show.site(site, "--database FILE")
    try:
        ledger = ledgers.read(found)
    except Absent as error:
        said = f"{ledgers.name(found)}: {error} (no call yet? it is on the edge's machine)"
        raise click.ClickException(said) from None
    except Down as error:
        raise Down(f"{ledgers.name(found)}: {error}") from None
    show.warning(ledgers.stuck(found))
    return ledger


def _contract(told: Told) -> dict[str, Any]:
    ending = told.ending
    return {
        "call": told.call,
        "call_id": told.call_id,
        "caller": told.caller,
        "dialled": told.dialled,
        "began": round(told.began, 3),
        "answered": told.answered,
        "ending": msgspec.structs.asdict(ending) if ending else None,
        "attempts": [msgspec.structs.asdict(entry) for entry in told.attempts],
    }


def _time(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S}"


def _name(leg: str) -> str:
    return leg.removeprefix("carrier:")


def _row(told: Told) -> tuple[str, ...]:
    """Return a call's line of the list."""
    ending = told.ending
    return (
        _time(told.began),
        told.call,
        told.caller or "somebody",
        told.dialled,
        _got(told),
        _duration(ending.ms) if ending else "",
        " > ".join(f"{_name(e.leg)} {_came(e)}" for e in told.attempts) or "nobody",
    )


def _came(entry: Entry) -> str:
    if entry.verdict == SKIPPED:
        return "out"
    if entry.verdict == LATE:
        return "answered too late"
    text = str(entry.code) if entry.code else "silent"
    text += f"/{entry.cause}" if entry.cause is not None else ""
    return text + ("!" if entry.conflict else "")


def _got(told: Told) -> str:
    if told.ending is None:
        return "200" if told.answered else "not known"
    cause = told.ending.cause
    return f"{told.ending.code}" + (f"/{cause}" if cause is not None else "")


def _duration(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _print(told: Told) -> None:
    """Show a call in full."""
    by = next((e.leg for e in told.attempts if e.verdict == "answered"), "")
    outcome = f"answered by {by}" if by else "not answered"
    who = told.caller or "somebody"
    show.heading(f"{who} called {told.dialled}: {outcome}", "green" if by else "red")
    show.lines(
        [
            ("began", f"{_time(told.began)} UTC"),
            ("call", f"{told.call}, Call-ID {told.call_id}"),
            *([("route", told.ending.prefix)] if told.ending and told.ending.prefix else []),
            ("caller got", _told_caller(told)),
        ]
    )
    if told.attempts:
        click.echo()
        show.lines(list(_ladder(told)))


def _told_caller(told: Told) -> str:
    ending = told.ending
    if ending is None:
        return "not known: the call goes on, or its end was not written down"
    text = f"{ending.code}"
    if ending.cause is not None:
        text += f", Q.850 {causes.title(ending.cause)}"
    if ending.of:
        text += f", as attempt {ending.of} said"
    return f"{text}; after {_duration(ending.ms)} [{ending.why}]"


def _ladder(told: Told) -> Iterator[tuple[str, str]]:
    """Yield what went out and what came back, with its time in ms since the caller's INVITE."""
    for entry in told.attempts:
        if entry.verdict == SKIPPED:
            out = f"--- {entry.leg} {entry.gateway}".rstrip()
            yield f"+{entry.after_ms} ms", f"{out}: not tried [{entry.rule}], {entry.why}"
            continue
        if entry.verdict == LATE:
            yield f"+{entry.after_ms + entry.ms} ms", f"<-- {entry.leg}: {_outcome(entry)}"
            continue
        where = f" at {entry.gateway}" if entry.gateway else ""
        number = f", as {entry.number}" if entry.number not in {"", told.dialled} else ""
        yield f"+{entry.after_ms} ms", f"--> {entry.attempt}. {entry.leg}{where}{number}"
        if entry.ring_ms is not None:
            yield f"+{entry.after_ms + entry.ring_ms} ms", "<-- it rings"
        yield f"+{entry.after_ms + entry.ms} ms", f"<-- {_outcome(entry)}"


def _outcome(entry: Entry) -> str:
    text = str(entry.code) if entry.code else "no reply"
    if entry.cause is not None:
        text += f", Q.850 {causes.title(entry.cause)}"
        text += f" (at {entry.location})" if entry.location else ""
        text += "" if entry.trusted and entry.believed else ", which is not believed"
    if entry.conflicting:
        text += ", two Q.850 causes that differ"
    if entry.rang and entry.ring_ms is None:
        text += ", it rang"
    if entry.verdict == "answered":
        return f"{text}: answered"
    text += f": {entry.verdict} [{entry.rule}], {entry.why}"
    return text + ("; the cause alone would have decided otherwise" if entry.conflict else "")

"""`bellhop replay`: which past calls a profile would have sent another way."""

import sys
from contextlib import closing

import click

from bellhop import causes, ledgers
from bellhop.commands import show
from bellhop.databases import Down, Refused
from bellhop.places import shown
from bellhop.replay import Group, Replay, is_at, replay

_NAMED = 10  # legs that an error tells
UNKNOWN = "what a carrier that was not asked would have said, and whether there was one left"


@click.command("replay")
@click.argument("ledger")
@click.option("--profile", "name", required=True, metavar="NAME", help="Whose rules would decide.")
@click.option("--site", metavar="FILE", help="A site file, for its own profiles.")
@click.option(
    "--leg", default="", metavar="LEG", help="Only attempts at LEG: carrier:north, or carrier: all."
)
@click.option(
    "--last", type=click.IntRange(1, 1_000_000_000), metavar="N", help="Only the newest N calls."
)
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    *, ledger: str, name: str, site: str | None, leg: str, last: int | None, as_json: bool
) -> None:
    """Say which calls in LEDGER would have gone another way under a profile.

    LEDGER is a calls.db, or the URL of one in PostgreSQL. Each call is followed up to the first
    attempt that the profile decides otherwise; what would have come after that is not known.
    """
    profile, _ = show.profile(name, site)
    unread: list[Refused] = []
    try:
        with closing(ledgers.read_named(ledger)) as opened:
            calls = (told.attempts for told in opened.calls(last or sys.maxsize, unread=unread))
            came = replay((attempts for attempts in calls if attempts), profile, leg)
        if came.calls or not unread:
            _print(came, profile.name, leg, as_json=as_json)
        show.unread(unread)
    except (Down, Refused) as error:
        raise click.ClickException(f"{shown(ledger)}: {error}") from None


def _print(came: Replay, name: str, leg: str, *, as_json: bool) -> None:
    if came.legs and not any(is_at(one, leg) for one in came.legs):
        known = ", ".join(sorted(came.legs)[:_NAMED])
        raise click.ClickException(f"no attempt at {leg} in these calls; there are some at {known}")
    groups = sorted(came.groups.values(), key=lambda group: -group.calls)
    if as_json:
        show.as_json(_contract(name, came, groups))
        return
    show.heading(
        f"{name}: {came.turned} of {show.count(came.calls, 'call')} would have gone another way",
        "yellow" if came.turned else "green",
    )
    rows = [(f"{group.calls}x", _told(group)) for group in groups]
    rows += [
        (f"{code}+{cause}", _conflict(cause, **counts))
        for (code, cause), counts in sorted(came.conflicts.items())
    ]
    if rows:
        show.lines([*rows, ("unknown", UNKNOWN)])


def _told(group: Group) -> str:
    (was, old), (would, new) = group.was, group.would
    text = f"{was} [{old}] would have been {would} [{new}], {group.source}"
    if group.saved:
        text += f"; {show.count(group.saved, 'later attempt')} not made"
    if group.lost:
        text += f", {show.count(group.lost, 'answered call')} lost"
    return f"{text}; as call {', '.join(group.examples)}"


def _conflict(cause: int, *, attempts: int, otherwise: int) -> str:
    return (
        f"code and cause {causes.title(cause)} disagree in {show.count(attempts, 'attempt')};"
        f" the profile decides {otherwise} otherwise"
    )


def _contract(name: str, came: Replay, groups: list[Group]) -> dict[str, object]:
    return {
        "profile": name,
        "calls": came.calls,
        "attempts": came.attempts,
        "turned": came.turned,
        "lost": sum(group.lost for group in groups),
        "turns": [
            {
                "was": {"verdict": group.was[0], "rule": group.was[1]},
                "would": {
                    "verdict": group.would[0],
                    "rule": group.would[1],
                    "source": group.source,
                },
                "calls": group.calls,
                "lost": group.lost,
                "saved": group.saved,
                "examples": group.examples,
            }
            for group in groups
        ],
        "conflicts": [
            {"code": code, "cause": cause, **counts}
            for (code, cause), counts in sorted(came.conflicts.items())
        ],
        "unknown": UNKNOWN,
    }

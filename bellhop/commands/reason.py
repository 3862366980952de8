"""`bellhop reason`: what a Reason header says."""

from dataclasses import asdict

import click

from bellhop import causes
from bellhop.commands import show
from bellhop.explain import bodies
from bellhop.reason import LOCATIONS, Q850, ReasonValue, parse, q850


@click.command("reason")
@click.argument("header")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(*, header: str, as_json: bool) -> None:
    """Read HEADER, a Reason header with or without its name; several lines are read together."""
    values = parse(bodies(header))
    if as_json:
        show.as_json([asdict(value) for value in values])
        return
    if not values:
        click.echo("no value in it")
        return
    show.lines([(value.protocol, _content(value)) for value in values])
    click.echo(_counts(q850(values)))


def _content(value: ReasonValue) -> str:
    if value.cause is None:
        parts = ["no valid cause"]
    elif value.protocol == "Q.850":
        parts = [causes.title(value.cause)]
    else:
        parts = [str(value.cause)]
    if value.text is not None:
        parts.append(f'"{value.text}"')
    if value.location is not None:
        parts.append(f"location {value.location}, {LOCATIONS[value.location]}")
    return "; ".join(parts)


def _counts(said: Q850) -> str:
    if said.conflicting:
        return "two Q.850 causes that differ: the decision takes none of them"
    if said.cause is None:
        return "no Q.850 cause: the decision goes by the SIP code alone"
    return f"the decision takes cause {said.cause}"

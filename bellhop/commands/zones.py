"""`bellhop zones`: the zones, and how their members are now."""

from typing import Any

import click

from bellhop.commands import show
from bellhop.control import ControlError, ask

_PATIENCE = 10.0  # s: what is asked here is told at once


@click.command("zones")
@click.argument("words", nargs=-1, metavar="[ZONE] | out DEVICE [ZONE] | in DEVICE [ZONE]")
@show.site_option
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(*, words: tuple[str, ...], site: str, as_json: bool) -> None:
    """Show the zones, or ZONE: who would hear a page now.

    `out` takes DEVICE out of ZONE, or of all zones, until `in` puts it back.
    """
    question = _question(words)
    try:
        found = ask(show.site(site).site.state, question, _PATIENCE)
    except ControlError as error:
        raise click.ClickException(str(error)) from None
    if question["do"] == "zones":
        found = [one for one in found if question["zone"] in {"", one["zone"]}]
        if not found:
            raise click.ClickException(f"no zone {question['zone']}")
    if as_json:
        show.as_json(found)
    elif question["do"] == "zones":
        _print(found)
    else:
        where = f"zone {question['zone']}" if question["zone"] else "all zones"
        now = "out of" if question["do"] == "out" else "back in"
        click.echo(f"{question['device']} is {now} {where}")


def _print(found: list[dict[str, Any]]) -> None:
    for one in found:
        ready = sum(member["state"] == "ready" for member in one["members"])
        show.heading(
            f"{one['zone']} {one['name']}: {ready} of {len(one['members'])} ready",
            "green" if ready == len(one["members"]) else "yellow",
        )
        show.lines([(m["member"], m["state"] + (f": {m['why']}" if m["why"] else ""))
                    for m in one["members"]])  # fmt: skip


def _question(words: tuple[str, ...]) -> dict[str, str]:
    """Return what the pager is asked, and the zone that it is about."""
    match words:
        case ("out" | "in" as do, device):
            return {"do": do, "device": device, "zone": ""}
        case ("out" | "in" as do, device, zone):
            return {"do": do, "device": device, "zone": zone}
        case () | (_,) if words not in {("out",), ("in",)}:
            return {"do": "zones", "zone": "".join(words)}
        case _:
            raise click.UsageError("expected [ZONE], out DEVICE [ZONE] or in DEVICE [ZONE]")

"""`bellhop zones`: the zones, and how their members are now."""

import click

from bellhop.commands import show
from bellhop.commands.calls import DEFAULT_SITE
from bellhop.control import ControlError, ask
from bellhop.settings import SiteError, load


@click.command("zones")
@click.argument("zone", required=False)
@click.option("--site", envvar="BELLHOP_SITE", default=DEFAULT_SITE, metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(*, zone: str | None, site: str, as_json: bool) -> None:
    """Show the zones, or ZONE: who would hear a page now."""
    try:
        found = ask(load(site).site.state, {"do": "zones"})
    except SiteError as error:
        raise click.ClickException("; ".join(error.lines)) from None
    except ControlError as error:
        raise click.ClickException(str(error)) from None
    if zone is not None:
        found = [one for one in found if one["zone"] == zone]
        if not found:
            raise click.ClickException(f"no zone {zone}")
    if as_json:
        show.as_json(found)
        return
    for one in found:
        ready = sum(member["state"] == "ready" for member in one["members"])
        show.heading(
            f"{one['zone']} {one['name']}: {ready} of {len(one['members'])} ready",
            "green" if ready == len(one["members"]) else "yellow",
        )
        show.lines([(m["member"], m["state"] + (f": {m['why']}" if m["why"] else ""))
                    for m in one["members"]])  # fmt: skip

"""`bellhop page`: a page that a program or a person at a keyboard starts."""

import base64
from pathlib import Path

import click

from bellhop import sounds
from bellhop.commands import show
from bellhop.control import ControlError, ask


@click.command("page")
@click.argument("zone")
@click.option("--say", metavar="TEXT", help="Have a text spoken, by the site's say_command.")
@click.option("--play", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
              help="Play a WAV file.")  # fmt: skip
@click.option("--from", "phone", metavar="PHONE", help="Ring a phone, and let it speak.")
@click.option("--stop", is_flag=True, help="End the zone's pages.")
@show.site_option
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    *,
    zone: str,
    say: str | None,
    play: str | None,
    phone: str | None,
    stop: bool,
    site: str,
    as_json: bool,
) -> None:
    """Page ZONE with a spoken text, a sound file or a phone. Ends when the page has begun.

    With --stop, the pages of ZONE that run are ended.
    """
    given = [one for one in (say, play, phone, stop or None) if one is not None]
    if len(given) != 1:
        raise click.UsageError("expected one of --say TEXT, --play FILE, --from PHONE and --stop")
    try:
        made = ask(show.site(site).site.state, _question(zone, say, play, phone))
    except OSError as error:
        raise click.ClickException(f"{play}: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--play") from None
    except ControlError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        show.as_json(made)
    elif stop:
        click.echo(f"the pages of zone {zone} are ended")
    else:
        click.echo(f"page {made['page']} of zone {zone}: `bellhop report` has what becomes of it")


def _question(zone: str, say: str | None, play: str | None, phone: str | None) -> dict[str, str]:
    """Return what the pager is asked. Raises OSError and ValueError for a file that is no sound."""
    if play is not None:
        sound = sounds.converted(Path(play).read_bytes())
        return {"do": "page", "zone": zone, "sound": base64.b64encode(sound).decode()}
    if say is not None:
        return {"do": "page", "zone": zone, "say": say}
    if phone is not None:
        return {"do": "page", "zone": zone, "from": phone}
    return {"do": "stop", "zone": zone}

"""`bellhop page`: a page that a program or a person at a keyboard starts."""

import base64
from pathlib import Path

import click

from bellhop import sounds
from bellhop.commands import show
from bellhop.commands.calls import DEFAULT_SITE
from bellhop.control import ControlError, ask
from bellhop.settings import SiteError, load


@click.command("page")
@click.argument("zone")
@click.option("--say", metavar="TEXT", help="Have a text spoken, by the site's say_command.")
@click.option("--play", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
              help="Play a WAV file.")  # fmt: skip
@click.option("--from", "phone", metavar="PHONE", help="Ring a phone, and let it speak.")
@click.option("--site", envvar="BELLHOP_SITE", default=DEFAULT_SITE, metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    *, zone: str, say: str | None, play: str | None, phone: str | None, site: str, as_json: bool
) -> None:
    """Page ZONE with a spoken text, a sound file or a phone. Ends when the page has begun."""
    given = [one for one in (say, play, phone) if one is not None]
    if len(given) != 1:
        raise click.UsageError("expected one of --say TEXT, --play FILE and --from PHONE")
    question: dict[str, str] = {"do": "page", "zone": zone}
    try:
        if play is not None:
            sound = sounds.converted(Path(play).read_bytes())
            question["sound"] = base64.b64encode(sound).decode()
        elif say is not None:
            question["say"] = say
        else:
            question["from"] = str(phone)
        made = ask(load(site).site.state, question)
    except SiteError as error:
        raise click.ClickException("; ".join(error.lines)) from None
    except OSError as error:
        raise click.ClickException(f"{play}: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--play") from None
    except ControlError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        show.as_json(made)
    else:
        click.echo(f"page {made['page']} of zone {zone}: `bellhop report` has what becomes of it")

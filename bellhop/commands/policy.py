"""`bellhop policy`: the whole policy as a table, SIP code by cause."""

from pathlib import Path

import click

from bellhop.commands import show
from bellhop.overview import markdown, written_into
from bellhop.profiles import CARRIER


@click.command("policy")
@click.option("--profile", "name", default=CARRIER.name, show_default=True, metavar="NAME")
@click.option("--site", metavar="FILE", help="A site file, for its own profiles.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Write it between the marks of a document instead.",
)
def command(*, name: str, site: str | None, into: Path | None) -> None:
    """Print what every SIP code, and every cause beside it, leads to, in Markdown."""
    profile, _ = show.profile(name, site)
    table = markdown(profile)
    if into is None:
        click.echo(table, nl=False)
        return
    try:
        into.write_text(written_into(into.read_text("utf-8"), table), "utf-8")
    except OSError as error:
        raise click.ClickException(f"{into}: {error.strerror}") from None
    except ValueError as error:
        raise click.ClickException(f"{into}: {error}") from None

"""`bellhop render`: the lists that Kamailio and Asterisk need of a site, in their own languages."""

from pathlib import Path

import click

from bellhop.render_kamailio import listen_cfg
from bellhop.settings import Site, SiteError, load
from bellhop.sides import STANDBY, beside


def _site(ctx: click.Context, param: click.Parameter, file: Path) -> Site:
    del ctx, param
    try:
        return load(file)
    except SiteError as error:
        for line in error.lines:
            click.echo(line, err=True)
        raise click.exceptions.Exit(1) from None


_SITE = click.argument("site", metavar="FILE", type=click.Path(path_type=Path), callback=_site)


@click.group("render")
def command() -> None:
    """Print what Kamailio or Asterisk must know of a site file."""


@command.command("kamailio")
@_SITE
def kamailio(*, site: Site) -> None:
    """Print the lines that go before bellhop.cfg in kamailio.cfg."""
    click.echo(listen_cfg(site), nl=False)


@command.command("asterisk")
@_SITE
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write the files to.",
)
@click.option("--standby", is_flag=True, help="For the Asterisk that stands by.")
def asterisk(*, site: Site, into: Path, standby: bool) -> None:
    """Write the files that Asterisk's configuration includes."""
    if standby:
        try:
            site = beside(site, STANDBY)
        except SiteError as error:
            raise click.ClickException(str(error)) from None
    from bellhop.render_asterisk import asterisk_files  # noqa: PLC0415

    files = asterisk_files(site)
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (into / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{error.filename or into}: {error.strerror}") from None
    for name in files:
        click.echo(into / name)

"""What the verbs share when they print: safe text, and lines of a name and its content."""

import errno
import json
import os
import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import click

from bellhop.databases import Refused
from bellhop.profiles import BUILT_IN, Profile, find
from bellhop.settings import Site, SiteError, load

DEFAULT_SITE = "/etc/bellhop/site.toml"
site_option = click.option(
    "--site",
    envvar="BELLHOP_SITE",
    default=DEFAULT_SITE,
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The site file.",
)
_NARROWEST = 40
_AGO = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def site(path: str, else_by: str = "") -> Site:
    """Read the site file that --site names. Raises what click tells as one line; else_by: an option
    that does without the file.
    """
    try:
        return load(path)
    except SiteError as error:
        said = "; ".join(error.lines)
        if said == f"{DEFAULT_SITE}: {os.strerror(errno.ENOENT)}":
            said += " (--site FILE says where it is)"
        elif else_by:
            said += f" ({else_by} does without it)"
        raise click.ClickException(said) from None


def profile(name: str, site: str | None) -> tuple[Profile, Mapping[str, Profile]]:
    """Return a profile and all that there are: the built-in ones, and a site's own if one is named.

    Raises what click tells as one line.
    """
    try:
        known = load(site).profiles if site else BUILT_IN
        return find(name, known), known
    except SiteError as error:
        raise click.ClickException("; ".join(error.lines)) from None
    except ValueError as error:
        own = "" if site else "; a site's own are known with --site FILE"
        raise click.BadParameter(f"{error}{own}", param_hint="--profile") from None


def count(number: int, what: str) -> str:
    """Return a number of things: `1 call`, `2 calls`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def safe(text: str) -> str:
    """Return a peer's text fit for a terminal: what is not printable becomes an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def as_json(value: object) -> None:
    """Print a value for programs, in one line."""
    click.echo(json.dumps(value))


def unread(found: Sequence[Refused]) -> None:
    """Raise, when all that can be read is printed, why some of it cannot, if there is any such."""
    if found:
        more = f", nor can {len(found) - 1} more" if found[1:] else ""
        raise Refused(f"{found[0]}{more}")


def warning(text: str) -> None:
    """Say what puts in doubt what is printed, if there is anything, beside it."""
    if text:
        click.echo(f"bellhop: {safe(text)}", err=True)


def heading(text: str, colour: str) -> None:
    """Print a first line that stands out, in colour where the reader is a terminal."""
    plain = False if "NO_COLOR" in os.environ else None
    click.echo(click.style(safe(text), fg=colour, bold=True), color=plain)


def lines(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and contents in two columns, as wide as the terminal."""
    pairs = [(safe(name), safe(content)) for name, content in pairs]
    indent = max(len(name) for name, _ in pairs) + 4
    width = max(shutil.get_terminal_size((100, 24)).columns, indent + _NARROWEST)
    for name, content in pairs:
        click.echo(
            textwrap.fill(
                content,
                width=width,
                initial_indent=f"  {name}".ljust(indent),
                subsequent_indent=" " * indent,
                break_on_hyphens=False,
            )
        )


def table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print rows under the names of their columns, each as wide as its widest text."""
    texts = [tuple(names), *(tuple(safe(text) for text in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def when(text: str, now: datetime) -> datetime | None:
    """Read a point in time: "2h" (or s, m, d) before now, or a date and time, in UTC where it says
    nothing else. None when it is neither.
    """
    try:
        if found := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError):  # OverflowError: before the year 1
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)

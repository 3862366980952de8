"""`bellhop pin`: a line for a zone's PIN file."""

import secrets
import sys

import click

from bellhop import pins


@click.command("pin")
@click.option("--remark", default="", metavar="TEXT", help="Whose it is, or what for.")
def command(*, remark: str) -> None:
    """Ask for a PIN, and print the line that a zone's pin_file has for it.

    From a pipe the PIN is read in one line, and not asked for.
    """
    if sys.stdin.isatty():
        said = click.prompt("PIN", hide_input=True, confirmation_prompt="again", err=True)
    else:
        said = sys.stdin.readline().rstrip("\r\n")
    try:
        line = pins.hashed(said, secrets.token_bytes(16))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    if not remark.isprintable():
        raise click.BadParameter("expected printable text", param_hint="--remark")
    click.echo(f"{line}  # {remark}" if remark else line)

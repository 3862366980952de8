"""The verbs of the command line: one module a verb, each with a click command named `command`.

A verb is imported only when it is used, so that what one of them needs is no other's burden. To
add one: write `bellhop/commands/VERB.py`, and name it in VERBS.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

# In the order of the help.
VERBS: Mapping[str, str] = MappingProxyType(
    {
        "check": "Check a site file.",
        "reload": "Have the running edge take a changed site file.",
        "calls": "Show calls, attempt by attempt.",
        "carriers": "Show how carriers are, and set one aside by hand.",
        "page": "Page a zone with a spoken text, a sound file or a phone.",
        "zones": "Show zones, and who would hear a page now.",
        "pages": "List pages, and what became of them.",
        "report": "Show what became of a page.",
        "pin": "Print the line of a PIN for a zone's PIN file.",
        "explain": "Say whether the next carrier would be tried after a failure, and why.",
        "reason": "Read a Reason header.",
        "replay": "Say which past calls a profile would have sent another way.",
        "policy": "Print the whole policy as a table: SIP code by cause.",
        "render": "Print what Kamailio or Asterisk must know of a site.",
    }
)


class Verbs(click.Group):
    """The group of all verbs, each loaded when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the help."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb; None when there is no such verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        try:
            module = import_module(f"bellhop.commands.{cmd_name}")
        except ModuleNotFoundError as error:
            raise click.UsageError(
                f"{cmd_name}: needs the Python package {error.name}, which is not installed here"
            ) from error
        found = module.command
        if not isinstance(found, click.Command):
            raise TypeError(f"bellhop.commands.{cmd_name}.command is no click command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that the command line begins with, or say which there are."""
        if args[0] not in VERBS and not args[0].startswith("-"):
            raise click.UsageError(
                f"expected one of the commands {', '.join(VERBS)}, got {args[0]!r}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help's list of verbs without loading any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bellhop", message="%(prog)s %(version)s")
def bellhop() -> None:
    """Bellhop delivers calls: paging zones, and the next carrier when one is blocked.

    Exit codes: 0 good; 1 the input is wrong, nothing was found, or nobody answered; 2 the command
    line is wrong.
    """

"""`bellhop explain`: what would be done after a failure, and why."""

import re
from collections.abc import Iterator

import click

from bellhop import causes, profiles
from bellhop.commands import show
from bellhop.explain import NO_REPLY_CODE, Explanation, explain
from bellhop.profiles import CARRIER, Profile
from bellhop.reason import LOCATIONS
from bellhop.recursion import Failure, Verdict

_FAILURE = re.compile(r"[3-6][0-9]{2}", re.ASCII)
_COLOURS = {Verdict.ADVANCE: "green", Verdict.STOP: "red", Verdict.REDIRECT: "yellow"}

_MEANINGS = {
    Verdict.ADVANCE: "try the next carrier",
    Verdict.STOP: "try no other carrier",
    Verdict.REDIRECT: "pass it back to the caller",
}


class Code(click.ParamType[int]):
    """The code of a final reply that is no answer."""

    name = "code"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the code, or say what is expected."""
        if _FAILURE.fullmatch(str(value)):
            return int(value)
        expected = f"expected the code of a failure, 300 to 699, got {str(value)!r}"
        raise click.BadParameter(expected, ctx, param, "CODE")


def _profile(ctx: click.Context, param: click.Parameter, name: str) -> Profile:
    try:
        return profiles.find(name)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param, "--profile") from None


@click.command("explain")
@click.argument("code", type=Code(), required=False)
@click.option(
    "--reason", "headers", multiple=True, metavar="HEADER", help="Reason header; again for more."
)
@click.option(
    "--profile",
    default=CARRIER.name,
    callback=_profile,
    metavar="NAME",
    help=f"One of {', '.join(profiles.BUILT_IN)}. Default: {CARRIER.name}.",
)
@click.option("--rang", is_flag=True, help="An 18x had come.")
@click.option("--no-reply", is_flag=True, help="No final reply came; CODE may be left out.")
@click.option("--cancelled", is_flag=True, help="The caller had given up.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    *,
    code: int | None,
    headers: tuple[str, ...],
    profile: Profile,
    rang: bool,
    no_reply: bool,
    cancelled: bool,
    as_json: bool,
) -> None:
    """Say whether the next carrier would be tried after a failure with CODE, and why.

    The causes are believed, as from a carrier with trust_reason.
    """
    if code is None:
        if not no_reply:
            raise click.UsageError("expected CODE, 300 to 699, or --no-reply")
        code = NO_REPLY_CODE
    failure = Failure(code, rang=rang, cancelled=cancelled, replied=not no_reply)
    said = explain(failure, headers, profile)
    if as_json:
        show.as_json(said.contract())
        return
    show.heading(f"{said.decision.verdict}: {_meaning(said)}", _COLOURS[said.decision.verdict])
    show.lines(
        [
            ("why", f"{said.decision.why} [{said.decision.rule}]"),
            ("source", said.decision.source),
            ("cause", show.safe(_cause(said.failure))),
            ("profile", "; ".join([profile.name, *_others(said)])),
        ]
    )


def _meaning(said: Explanation) -> str:
    if said.decision.verdict is Verdict.REDIRECT and said.profile.redirect == "follow":
        return "go where it points"
    return _MEANINGS[said.decision.verdict]


def _cause(failure: Failure) -> str:
    if failure.conflicting:
        return "two that differ, so none counts"
    if failure.cause is None:
        return "none"
    known = causes.cause(failure.cause)
    text = f"{known}, class {known.group}" if known else causes.title(failure.cause)
    if failure.location is not None:
        text += f"; location {failure.location}, {LOCATIONS[failure.location]}"
    return text


def _others(said: Explanation) -> Iterator[str]:
    for name, decision in said.others.items():
        if decision == said.decision:
            yield f"{name} decides the same"
        elif decision.verdict is said.decision.verdict:
            yield f"{name} too says {decision.verdict} [{decision.rule}]"
        else:
            yield f"{name} says {decision.verdict} [{decision.rule}]"

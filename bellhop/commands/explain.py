"""`bellhop explain`: what would be done after a failure, and why."""

import re
from collections.abc import Iterator
from dataclasses import asdict

import click

from bellhop import causes
from bellhop.changes import Change, changes
from bellhop.commands import show
from bellhop.explain import NO_REPLY_CODE, Explanation, explain
from bellhop.profiles import CARRIER, SETTINGS, Profile, spelled
from bellhop.reason import LOCATIONS
from bellhop.recursion import Failure, Verdict
from bellhop.values import shown

_FAILURE = re.compile(r"[3-6][0-9]{2}", re.ASCII)
_COLOURS = {Verdict.ADVANCE: "green", Verdict.STOP: "red", Verdict.REDIRECT: "yellow"}

_MEANINGS = {
    Verdict.ADVANCE: "try the next carrier",
    Verdict.STOP: "try no other carrier",
    Verdict.REDIRECT: "pass it back to the caller",
}


DEFAULT = "default"
_SPELLED = {"code": "{}", "cause": "cause {}"}


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


@click.command("explain")
@click.argument("code", type=Code(), required=False)
@click.option(
    "--reason",
    "headers",
    multiple=True,
    metavar="HEADER",
    help="Reason header like 'Q.850;cause=34'; again for more.",
)
@click.option(
    "--profile", "name", metavar="NAME", help=f"Whose rules decide. Default: {CARRIER.name}."
)
@click.option("--site", metavar="FILE", help="A site file, for its own profiles.")
@click.option("--rang", is_flag=True, help="An 18x had come.")
@click.option("--no-reply", is_flag=True, help="No final reply came; CODE may be left out.")
@click.option("--cancelled", is_flag=True, help="The caller had given up.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    *,
    code: int | None,
    headers: tuple[str, ...],
    name: str | None,
    site: str | None,
    rang: bool,
    no_reply: bool,
    cancelled: bool,
    as_json: bool,
) -> None:
    """Say whether the next carrier would be tried after a failure with CODE, and why.

    The causes are believed, as from a carrier with trust_reason. With --profile and no CODE: say
    all that the profile changes, and on whose word.
    """
    profile, known = show.profile(name or CARRIER.name, site)
    if code is None and not no_reply:
        if name is None or headers or rang or cancelled:
            raise click.UsageError("expected CODE, 300 to 699, or --no-reply")
        _tell_profile(profile, as_json=as_json)
        return
    failure = Failure(
        NO_REPLY_CODE if code is None else code,
        rang=rang,
        cancelled=cancelled,
        replied=not no_reply,
    )
    said = explain(failure, headers, profile, known)
    if as_json:
        show.as_json(said.contract())
        return
    show.heading(f"{said.decision.verdict}: {_meaning(said)}", _COLOURS[said.decision.verdict])
    show.lines(
        [
            ("why", f"{said.decision.why} [{said.decision.rule}]"),
            ("source", said.decision.source),
            ("cause", _cause(said.failure, headers)),
            ("profile", "; ".join([profile.name, *_others(said)])),
        ]
    )


def _tell_profile(profile: Profile, *, as_json: bool) -> None:
    found = changes(profile)
    if as_json:
        settings = {
            s: {"value": getattr(profile, s), "source": profile.origins.get(s, DEFAULT)}
            for s in SETTINGS
        }
        show.as_json(
            {
                "profile": profile.name,
                "extends": profile.extends or None,
                "source": profile.source or None,
                "settings": settings,
                "changes": [asdict(change) for change in found],
            }
        )
        return
    extends = f" extends {profile.extends}" if profile.extends else " is the policy itself"
    show.heading(f"{profile.name}{extends}", "green")
    show.lines(
        [
            *((s, _setting(profile, s)) for s in SETTINGS),
            *((_SPELLED[c.kind].format(c.what), _change(c)) for c in found if c.kind in _SPELLED),
        ]
    )
    if not found:
        click.echo("  It changes nothing.")


def _setting(profile: Profile, name: str) -> str:
    return f"{spelled(getattr(profile, name))} [{profile.origins.get(name, DEFAULT)}]"


def _change(change: Change) -> str:
    same = change.says == change.instead
    instead = f"{CARRIER.name} too" if same else f"{CARRIER.name}: {change.instead}"
    return f"{change.says} ({instead}) [{change.source}]"


def _meaning(said: Explanation) -> str:
    if said.decision.verdict is Verdict.REDIRECT and said.profile.redirect == "follow":
        return "go where it points"
    return _MEANINGS[said.decision.verdict]


def _cause(failure: Failure, headers: tuple[str, ...]) -> str:
    if failure.conflicting:
        return "two that differ, so none counts"
    if failure.cause is None:
        # `--reason 34` is no Reason header, and a decision without its cause would look like one.
        return "none" + (f" in {', '.join(map(shown, headers))}" if headers else "")
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

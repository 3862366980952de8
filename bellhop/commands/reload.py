"""`bellhop reload`: have the running edge take a changed site file, without dropping a call."""

import json
import time
from pathlib import Path
from typing import Any

import click

from bellhop import rpc
from bellhop.addresses import Address
from bellhop.commands import show
from bellhop.reload import ONLY_A_RESTART
from bellhop.settings import Site, SiteError, load

_PATIENCE = 30.0  # seconds: the edge looks every second, and a large site takes some to read
_PACE = 0.1
_TOLD = ("mistakes", "changed", "differences")  # of an edge's answer
# What the edge alone has of the site; all else the pager or Asterisk has too, and reads by itself.
_EDGE = frozenset({"profiles", "carriers", "routes", "dids"})


@click.command("reload")
@show.site_option
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(*, site: str, as_json: bool) -> None:
    """Have the running edge take its changed site file: carriers, routes, profiles, devices.

    The file is checked here and by the edge, which reads it under its own name for it; one that is
    wrong changes nothing.
    """
    try:
        found = load(Path(site))
        answer = _reload(found)
    except SiteError as error:
        answer = {"mistakes": list(error.lines), "changed": [], "differences": []}
    except rpc.RpcError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps({key: answer[key] for key in _TOLD}))
    else:
        _print(answer)
    if answer["mistakes"]:
        raise click.exceptions.Exit(1)


def _reload(site: Site) -> dict[str, Any]:
    """Ask for a reload, and return what came of it. Raises RpcError."""
    edge = site.edge.internal
    wanted = max(int(time.time()), _number(edge, "bellhop_wanted") + 1)
    rpc.call(edge, "pv.shvSet", "bellhop_wanted", "int", wanted)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        said = _value(edge, "bellhop_said")
        answer: dict[str, Any] = json.loads(said) if said else {}
        if answer.get("wanted", 0) >= wanted:
            return {**{key: [] for key in _TOLD}, **answer}
        time.sleep(_PACE)  # the pace of asking
    raise rpc.RpcError(f"the edge at {edge} has not said within {_PATIENCE:g} s what came of it")


def _value(edge: Address, name: str) -> str:
    """Return one of Kamailio's shared variables; "" when it is empty."""
    return str(rpc.call(edge, "pv.shvGet", name).get("value") or "")


def _number(edge: Address, name: str) -> int:
    return int(_value(edge, name) or 0)


def _print(answer: dict[str, Any]) -> None:
    if answer["mistakes"]:
        for line in answer["mistakes"]:
            click.echo(line, err=True)
        click.echo("bellhop: reload: nothing was changed", err=True)
        if not all(line.endswith(ONLY_A_RESTART) for line in answer["mistakes"]):
            click.echo(
                "Kamailio would not start with this file: mend it before the next start", err=True
            )
        return
    changed = answer["changed"]
    click.echo(f"reloaded: {', '.join(changed) if changed else 'nothing differs'}")
    for line in answer["differences"]:
        click.echo(f"  {show.safe(line)}")
    if set(changed) - _EDGE:
        click.echo("note: the pager and Asterisk keep what they had until they are reloaded too")

"""A page as it begins: its name, and those of its members that nobody will ring."""

import secrets
import time
from collections.abc import Mapping

from bellhop.claims import Verdict
from bellhop.members import Member
from bellhop.pages import Page, Request
from bellhop.reports import report


def begun(request: Request) -> Page:
    """Return the page that is asked for, as it begins."""
    now = time.time()
    members = [Member(device=device.number) for device in request.members]
    members += [Member(device=n).failed(20, 480, "not registered") for n in request.absent]
    members += [Member(device=n).out(why) for n, why in request.out.items()]
    members += [
        Member(device=n).failed(21, 403, "this caller may not call outside") for n in request.barred
    ]
    return Page(
        id=f"{int(now):x}-{secrets.token_hex(4)}",
        zone=request.zone.number,
        leader=request.leader,
        started=now,
        quorum=request.zone.quorum,
        head_start=request.zone.head_start,
    ).with_members(*members)


def whys(verdicts: Mapping[str, Verdict]) -> str:
    """Return why members are left out, each reason once."""
    return ", ".join(dict.fromkeys(verdict.why for verdict in verdicts.values()))


def said(page: Page) -> str:
    """Return what the log has of a page."""
    return f'report="{report(page).sentence()}"'

"""A page as it begins: its name, and those of its members that nobody will ring."""

import secrets
import time
from collections.abc import Collection, Mapping

from ami import legs
from bellhop.claims import Verdict, Way
from bellhop.members import Member
from bellhop.pages import Page, Request
from bellhop.report import report

_ANNOUNCER = "Local/s@bellhop-program"  # whose other half plays a file (extensions.conf)


def begun(request: Request) -> Page:
    """Return the page that is asked for, as it begins."""
    now = time.time()
    members = [
        Member(device=device.number, elsewhere=device.number in request.elsewhere)
        for device in request.members
    ]
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
        announced=request.channel.startswith(_ANNOUNCER),
    ).with_members(*members)


def wait(request: Request, ways: Collection[Way], *, queued: bool) -> int:
    """Return how long the leader waits before he is let in without us (ms): until the last member
    could have come. A telephone outside may ring for longer than a horn; and whom the turn of a
    page that waits for it finds in use is waited for then.
    """
    zone = request.zone
    rings = max((legs.patience(member, zone) for member in request.members), default=0)
    may_wait = Way.WAIT in ways or (queued and zone.in_use == "wait")
    return (
        rings
        + zone.head_start
        + (zone.in_use_wait if may_wait else 0)
        + (zone.queue_wait if queued else 0)
    )


def whys(verdicts: Mapping[str, Verdict]) -> str:
    """Return why members are left out, each reason once."""
    return ", ".join(dict.fromkeys(verdict.why for verdict in verdicts.values()))


def said(page: Page) -> str:
    """Return what the log has of a page."""
    return f'report="{report(page).sentence()}"'

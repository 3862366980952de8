"""The two Asterisks of a site: the first, and the one that stands by, each with its own pager.

A page goes to the first. When that does not answer, or cannot (5xx), it goes to the other; what an
Asterisk has decided (4xx, 6xx), the other would only say again. Nothing is handed over: a page
that ran on the first is over with it.
"""

from collections.abc import Mapping
from dataclasses import replace

from bellhop.addresses import Address
from bellhop.pagers import Pbx
from bellhop.recursion import Decision, Failure, Verdict
from bellhop.settings import Site
from bellhop.tables import SiteError

# The names of their legs.
FIRST, STANDBY = "pbx", "standby"

_DECIDED = "pbx-decided"


def sides(site: Site) -> Mapping[str, Address]:
    """Return where each Asterisk hears the edge, by name; the first is the first."""
    found = {FIRST: site.pbx.address}
    return found if site.standby is None else {**found, STANDBY: site.standby.address}


def at(site: Site, host: str) -> str | None:
    """Return the Asterisk at a host address; None for somebody else's."""
    if site.pbx.address.host == host:
        return FIRST
    one = site.standby
    return STANDBY if one is not None and one.address.host == host else None


def other_of(site: Site, side: str) -> tuple[str, Address] | None:
    """Return the name and address of the other Asterisk; None where there is one alone."""
    return next((one for one in sides(site).items() if one[0] != side), None)


def beside(site: Site, side: str) -> Site:
    """Return the site as this Asterisk, and the pager beside it, have it: `pbx` and `pager` are
    theirs. Raises SiteError when nothing stands by.
    """
    if side == FIRST:
        return site
    one = site.standby
    if one is None:
        raise SiteError((f"{site.path.name}: there is no [standby]",))
    return replace(
        site,
        pbx=Pbx(address=one.address, media=one.media),
        pager=replace(site.pager, agi=one.agi, ami=one.ami),
    )


def decided(failure: Failure, side: str) -> Decision | None:
    """Return what ends the search, when an Asterisk has refused a page; None while the other may
    help.
    """
    if not failure.replied or failure.code is None or 500 <= failure.code < 600:
        return None
    return Decision(
        verdict=Verdict.STOP,
        rule=_DECIDED,
        why=f"{side} has decided: another Asterisk would say the same again",
        source="bellhop/sides.py",
    )

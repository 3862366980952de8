"""Which of the two Asterisks takes a page: the first, unless it is dead and the other is not. Dead
is one that answered no page, or no probe (OPTIONS, by the dispatcher); a probe that it answers
brings it back. What phones see of pages, that one tells them too.
"""

import re

from bellhop.calls import Leg
from bellhop.recursion import Failure
from bellhop.render_kamailio import PBX_SET
from bellhop.settings import Site
from bellhop.sides import FIRST, STANDBY, at, sides
from kemi import ksr_health, sip

# Seconds that a subscription lasts: then a phone asks anew, and has the word of the Asterisk that
# takes pages by then.
_LASTS = 120
_SHORT = re.compile(r"0*([0-9]{1,2}|1[01][0-9]|120)", re.ASCII)


def serving(site: Site) -> str:
    """Return the name of the Asterisk that takes pages now."""
    if site.standby is None or not _dead(str(site.pbx.address)):
        return FIRST
    return FIRST if _dead(str(site.standby.address)) else STANDBY


def told_by_another(site: Site, host: str | None) -> bool:
    """Whether a subscription that goes on at this host is with the Asterisk that takes no pages."""
    return site.standby is not None and host is not None and at(site, host) != serving(site)


def bound_subscription(site: Site) -> None:
    """Have a subscription last no longer than we may leave a phone with an Asterisk that is gone: a
    notifier may give less than is asked for (RFC 6665 §4.2.1.1).
    """
    if site.standby is None or _SHORT.fullmatch(sip.text("$hdr(Expires)") or ""):
        return
    sip.remove_headers("Expires")
    sip.append_header(f"Expires: {_LASTS}")


def passes_over(site: Site, leg: Leg) -> bool:
    """Whether the leg is to the first Asterisk, which is dead, while the other one lives."""
    return leg.name == FIRST and serving(site) == STANDBY


def _dead(address: str) -> bool:
    return ksr_health.probed_down(f"sip:{address}", PBX_SET)


def failed(site: Site, leg: Leg, failure: Failure) -> None:
    """Note an Asterisk that has not answered a page: the next one does not wait for it."""
    address = sides(site).get(leg.name)
    if site.standby is None or address is None or failure.replied or failure.cancelled:
        return
    ksr_health.hold_for_dead(f"sip:{address}", PBX_SET)
    sip.error(f"pbx={leg.name} address={address} does not answer")

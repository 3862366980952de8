"""Which of the two Asterisks takes a page: the first, unless it is dead and the other is not. Dead
is one that answered no page, or no probe (OPTIONS, by the dispatcher); a probe that it answers
brings it back.
"""

from bellhop.calls import Leg
from bellhop.recursion import Failure
from bellhop.render_kamailio import PBX_SET
from bellhop.settings import Site
from bellhop.sides import FIRST, sides
from kemi import ksr_health, sip


def passes_over(site: Site, leg: Leg) -> bool:
    """Whether the leg is to the first Asterisk, which is dead, while the other one lives."""
    if site.standby is None or leg.name != FIRST:
        return False
    return _dead(str(site.pbx.address)) and not _dead(str(site.standby.address))


def _dead(address: str) -> bool:
    return ksr_health.probed_down(f"sip:{address}", PBX_SET)


def failed(site: Site, leg: Leg, failure: Failure) -> None:
    """Note an Asterisk that has not answered a page: the next one does not wait for it."""
    address = sides(site).get(leg.name)
    if site.standby is None or address is None or failure.replied or failure.cancelled:
        return
    ksr_health.hold_for_dead(f"sip:{address}", PBX_SET)
    sip.error(f"pbx={leg.name} address={address} does not answer")

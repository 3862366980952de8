"""Floods: how many requests of one address may prove nothing.

Every request counts, by its source, before anything else is done with it, unless it is a peer's
own, at a peer's door; one that proves itself (a right digest, our mark on a dialog) is taken off
the count again. So a whole site behind one NAT address may register at once, and who only asks is
left without an answer above the bound. It is no ban: a datagram's source can be forged, and a ban
would shut out whoever it was forged as.
"""

from functools import lru_cache
from ipaddress import ip_network

from bellhop.settings import Site
from kemi import ksr_auth, ksr_tables, sip, who
from kemi.sip import Way

# Counters by source, of some two seconds; and what each was denied within a minute (bellhop.cfg).
_ASKED = "bellhop_asked"
_DENIED = "bellhop_denied"
_STRANGERS = "bellhop_strangers"
_TOLD = 10  # of them a minute: an address can be forged, and the log is read by people
# What looks as if it will prove itself may be so many times as much: it costs a digest to know.
_PROMISING = 4


def admitted(site: Site, way: Way) -> bool:
    """Count the request, and say whether it is to be looked at; if not, it gets no answer."""
    if who.is_peer(site, way):
        return True
    key = _counted_as(way.source.host)
    asked = ksr_tables.count(_ASKED, key)
    bound = site.edge.unproved
    if asked <= bound:
        return True
    if asked <= _PROMISING * bound and (ksr_auth.has_credentials() or sip.has_to_tag()):
        return True
    if ksr_tables.count(_DENIED, key) == 1:
        sip.error(f"source={key} floods: more than {bound} requests in 2 s that prove nothing")
    return False


def proved(site: Site, way: Way) -> None:
    """Take a request off its source's count: it has shown that it may be here."""
    if not who.is_peer(site, way):  # which is not counted
        ksr_tables.uncount(_ASKED, _counted_as(way.source.host))


def source_key() -> str:
    """Return what the message in hand's source is counted as."""
    return _counted_as(sip.way().source.host)


def tell_of_stranger() -> None:
    """Log who would call at the door of carriers and trunks and is neither, once a minute: it may
    be one of them that has moved.
    """
    source = source_key()
    first = ksr_tables.count(_STRANGERS, source) == 1
    if first and ksr_tables.count(_STRANGERS, "*") <= _TOLD:
        sip.note(f"source={source} is no carrier's and no trunk's address: refused (403)")


@lru_cache(maxsize=4096)
def _counted_as(host: str) -> str:
    """Return what a source is counted as: its address; of IPv6 the /64, which is one line's."""
    if ":" not in host:
        return host
    return str(ip_network((host, 64), strict=False).network_address)

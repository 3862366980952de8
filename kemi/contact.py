"""Where the next requests of a dialog find whoever sends this message: at its Contact, or where it
came from. A device may be behind a NAT. A peer may name its host: a worker would wait for DNS, and
what a stranger's name resolves to might be anybody, so its ACK and BYE would be refused.
"""

import re

from bellhop.addresses import ip
from kemi import ksr_dialog, sip
from kemi.results import Unreadable

_HOST = re.compile(r"sips?:(?:[^@>]*@)?(\[[^]]*\]|[^:;>]*)", re.IGNORECASE)
_OURS = f";{ksr_dialog.MARK}="  # in our own Record-Route
_NEXT = "$_s($(ct{nameaddr.uri}{uri.host})\n$hdr(Record-Route))"


def keep(*, device: bool) -> None:
    """Put the source into the Contact as an alias, where the Contact itself would not do."""
    if device or _leads_to_a_name():
        sip.mark_contact()


def _leads_to_a_name() -> bool:
    """Whether the next hop is a name: the Contact's host, or that of a proxy of the peer's that
    stays in the path.
    """
    try:
        said = sip.text(_NEXT) or ""
    except Unreadable:
        return False  # nobody can follow such a Contact, and the message is worth as much without
    # A host has no line's end in it, and neither it nor a route is spelled as Kamailio's word for
    # nothing. Asked by itself, a Contact that is not there (most answers to a BYE have none) is an
    # error in Kamailio's log.
    host, routes = (part.replace("<null>", "") for part in said.split("\n", 1))
    nearest = routes.partition(",")[0]
    if nearest and _OURS not in nearest and (proxy := _HOST.search(nearest)):
        host = proxy[1]
    return bool(host) and ip(host.strip("[]")) is None

"""Where the next requests of a dialog find whoever sends this message: at its Contact, or where it
came from. A device may be behind a NAT. A peer may name its host: a worker would wait for DNS, and
what a stranger's name resolves to might be anybody, so its ACK and BYE would be refused.
"""

import re

from bellhop.addresses import ip
from kemi import ksr_contact, ksr_dialog, sip
from kemi.results import Unreadable

_HOST = re.compile(r"sips?:(?:[^@>]*@)?(\[[^]]*\]|[^:;>]*)", re.IGNORECASE)
_OURS = f";{ksr_dialog.MARK}="  # in our own Record-Route
_URI = "$(ct{nameaddr.uri})"
_SAID = f"$_s({_URI}\n$(ct{{nameaddr.uri}}{{uri.host}})\n$hdr(Record-Route))"


def keep(*, device: bool) -> None:
    """Put the source into the Contact as an alias, where the Contact itself would not do.

    Of several aliases the first is followed (ksr_contact.follow), so it must be ours: where there
    is one already, of a stranger's address (measured: a device had our ACK and BYE sent to it) or
    for a proxy of the sender's, ours is put before it.
    """
    try:
        said = sip.text(_SAID)
    except Unreadable:
        said = None
    # Nobody can follow a Contact that is not UTF-8, or more than Kamailio 5.6 puts into one text
    # (8 kB, then it has none), and the message is worth as much without. A URI has no line's end in
    # it, and neither it nor a route is spelled as Kamailio's word for nothing.
    found, host, routes = (part.replace("<null>", "") for part in (said or "\n\n").split("\n", 2))
    aliased = ";alias=" in found.lower()
    if device or aliased or _leads_to_a_name(host, routes):
        ksr_contact.mark(aliased=aliased)


def uri() -> str:
    """Return the URI in Contact, "" without one. Asked by itself, a Contact that is not there (most
    answers to a BYE have none) would be an error in Kamailio's log. Raises Unreadable.
    """
    return (sip.text(f"$_s({_URI})") or "").replace("<null>", "")


def _leads_to_a_name(host: str, routes: str) -> bool:
    """Whether the next hop is a name: the Contact's host, or that of a proxy of the peer's that
    stays in the path.
    """
    nearest = routes.partition(",")[0]
    if _OURS not in nearest and (proxy := _HOST.search(nearest)):
        host = proxy[1]
    return bool(host) and ip(host.strip("[]")) is None

"""Where the next requests of a dialog find whoever sends this message: at its Contact, or where it
came from. A device may be behind a NAT. A peer may name its host: a worker would wait for DNS, and
what a stranger's name resolves to might be anybody, so its ACK and BYE would be refused. Or a
transport, or an address of a kind, for which there is no listener of ours.
"""

import re

from bellhop.addresses import ip
from bellhop.settings import Site
from kemi import ksr_contact, ksr_dialog, sip
from kemi.results import Unreadable

_URI_HOST = re.compile(r"sips?:(?:[^@>]*@)?(\[[^]]*\]|[^:;>]*)[^>]*", re.IGNORECASE)
_TRANSPORT = re.compile(r";transport=([a-z]+)", re.IGNORECASE)
_OURS = f";{ksr_dialog.MARK}="  # in our own Record-Route
_URI = "$(ct{nameaddr.uri})"
_SAID = f"$_s($proto\n{_URI}\n$(ct{{nameaddr.uri}}{{uri.host}})\n$hdr(Record-Route))"


def keep(site: Site, *, device: bool) -> None:
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
    parts = (part.replace("<null>", "") for part in (said or "\n\n\n").split("\n", 3))
    came, found, host, routes = parts
    aliased = ";alias=" in found.lower()
    if device:
        ksr_contact.mark(always=aliased)
        return
    if proxy := _proxy(routes):
        found, host = proxy[0], proxy[1]
    by_udp = came.lower() in {"", "udp"}
    unreachable = bool(host) and not _has_listener(site, found, host)
    unreachable = unreachable or not (by_udp or _says_by_what(found))
    if aliased or unreachable or (host and ip(host.strip("[]")) is None):
        ksr_contact.mark(always=aliased or unreachable)


def uri() -> str:
    """Return the URI in Contact, "" without one. Asked by itself, a Contact that is not there (most
    answers to a BYE have none) would be an error in Kamailio's log. Raises Unreadable.
    """
    return (sip.text(f"$_s({_URI})") or "").replace("<null>", "")


def _proxy(routes: str) -> re.Match[str] | None:
    """Return the URI, in it the host, of a proxy of the peer's that is next to us in the path."""
    nearest = routes.partition(",")[0]
    return None if _OURS in nearest else _URI_HOST.search(nearest)


def _says_by_what(uri: str) -> bool:
    """Whether a URI of somebody who came by a connection is another than that without a word of it:
    `sip:` alone would be UDP (RFC 3263 §4.1), at a port where nobody may listen to that.
    """
    if _TRANSPORT.search(uri) or uri[:5].lower() == "sips:":
        return True
    there = uri.partition(":")[2].rpartition("@")[2].partition(";")[0]
    return there != str(sip.way().source)


def _has_listener(site: Site, uri: str, host: str) -> bool:
    """Whether a listener of ours has the transport and the kind of address that a URI has; a name
    stands for any.
    """
    said = _TRANSPORT.search(uri)
    protocol = said[1].lower() if said else "udp"
    if uri[:5].lower() == "sips:":
        protocol = "tls"
    ours = (("udp", site.edge.internal), *((one.protocol, one.address) for one in site.edge.trunks))
    kinds = {":" in address.host for mine, address in ours if mine == protocol}
    return bool(kinds) if ip(host.strip("[]")) is None else (":" in host) in kinds

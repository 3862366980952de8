"""Addresses: where a peer is, and which sockets we listen on, each in its one spelling."""

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache

_LONGEST_IP = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")


UDP, TCP, TLS = "udp", "tcp", "tls"
PROTOCOLS = (UDP, TCP, TLS)


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and port. A name is no address: resolving one inside a Kamailio worker blocks
    it (tm resolves synchronously), so names never get this far.

    protocol: by which it is reached; whoever is at an address is there by any.
    """

    host: str
    port: int
    protocol: str = field(default=UDP, compare=False)

    def __str__(self) -> str:
        """As it stands in a SIP URI (RFC 3261 §19.1.1) or, reached by UDP, in a dial string."""
        way = f";transport={self.protocol}" if self.protocol != UDP else ""
        return f"{bracketed(self.host)}:{self.port}{way}"


def protocol_of(there: str) -> str:
    """Return by which protocol an address, as Address spells it, is reached."""
    return there.partition(";transport=")[2] or UDP


def bracketed(host: str) -> str:
    """Return a host as it stands in a URI: an IPv6 address in brackets (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket that Kamailio listens on, in its own spelling: `udp:192.0.2.1:5060`."""

    protocol: str
    address: Address

    def __str__(self) -> str:
        """Kamailio's spelling, for `listen=` and `$fs`."""
        return f"{self.protocol}:{self.address}"


def network(text: str, most: int) -> tuple[str, ...]:
    """Return all addresses of a network, `192.0.2.0/28`; none for what is no network, whose bits
    of a host are 0 (RFC 4632 §3.1), or has more than so many.
    """
    try:
        found = ipaddress.ip_network(text) if "%" not in text else None
    except ValueError:
        return ()
    if found is None or found.num_addresses > most:
        return ()
    each = [one for address in found if (one := ip(str(address)))]
    return tuple(each) if len(each) == found.num_addresses else ()


def ip(text: str) -> str | None:
    """Return an IP address in its one spelling; None for a name, for "any address", which is
    nobody's, and for one with a scope, whose text Python lets be anything.
    """
    if len(text) > _LONGEST_IP or "%" in text:
        return None
    return _ip(text)


# A site's peers are few, and Python takes as long to read an address as Kamailio for a transaction.
@lru_cache(maxsize=4096)
def _ip(text: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    parsed = mapped or parsed
    return None if parsed.is_unspecified else str(parsed)

"""Where a peer is reached: addresses, and names, which are resolved outside Kamailio's workers."""

import re
from dataclasses import dataclass

from bellhop import meant
from bellhop.addresses import PROTOCOLS, TLS, UDP, Address, bracketed, ip, network
from bellhop.values import address, list_of, shown

DEFAULT_PORT, _TLS_PORT = 5060, 5061  # RFC 3261 §19.1.2
_MOST = 256  # addresses of a network: each is a key of what is asked at each request
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
# With a letter in its last label, or it is an address with something missing.
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*(?=[A-Za-z0-9-]*[A-Za-z]){_LABEL}", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Gateway:
    """One place where a peer takes calls: an IP address and port, or that alone, for port 5060; a
    name and port, which is looked up as A or AAAA; or a name alone, which has SRV records, or else
    stands for port 5060 (RFC 3263 §4.2), by TLS 5061. port: 0 when a name has none. protocol: by
    which calls go there.
    """

    host: str
    port: int
    named: bool = False
    protocol: str = UDP

    @property
    def address(self) -> Address | None:
        """Return it as an address; None for a name."""
        return None if self.named else Address(self.host, self.port, self.protocol)

    @property
    def name(self) -> str:
        """Return a name as it stands in a URI; "" for an address."""
        if not self.named:
            return ""
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def default_port(self) -> int:
        """Return the port that a name without one stands for."""
        return default_port(self.protocol)

    def __str__(self) -> str:
        """As the site file has it."""
        there = self.name or f"{bracketed(self.host)}:{self.port}"
        return there if self.protocol == UDP else f"{self.protocol}:{there}"


def _gateway(value: object) -> Gateway:
    expected = (
        'expected an address like "192.0.2.1:5060", or a name like "sip.carrier.example" or '
        f'"sip.carrier.example:5060", got {shown(value)}{meant.ipv6(value)}{_by_connection(value)}'
    )
    if not isinstance(value, str):
        raise ValueError(expected)
    said, colon, rest = value.partition(":")
    protocol, there = (said, rest) if colon and said in PROTOCOLS else (UDP, value)
    try:
        found = address(there)
    except ValueError:
        if alone := _without_port(there):
            return Gateway(alone, default_port(protocol), protocol=protocol)
        host, colon, port = there.partition(":")
        # A word without a dot or a port is rather somebody's name here than a host's.
        if not _NAME.fullmatch(host) or not (_is_port(port) if colon else "." in host):
            raise ValueError(expected) from None
        return Gateway(host.lower(), int(port) if colon else 0, named=True, protocol=protocol)
    return Gateway(found.host, found.port, protocol=protocol)


def _by_connection(value: object) -> str:
    """Tell who has written a protocol as it stands in a URI how it is said here."""
    said = isinstance(value, str) and "transport=" in value.lower()
    return '; TCP and TLS are written like "tls:sip.carrier.example"' if said else ""


def default_port(protocol: str) -> int:
    """Return the port that stands for none (RFC 3261 §19.1.2)."""
    return _TLS_PORT if protocol == TLS else DEFAULT_PORT


def _without_port(text: str) -> str | None:
    """Read an IP address that stands for a port (RFC 3263 §4.2). IPv6 has brackets: without them
    nobody could tell a port at its end.
    """
    in_brackets = text.startswith("[") and text.endswith("]")
    host = ip(text[1:-1] if in_brackets else text)
    return host if host and in_brackets == (":" in host) else None


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and 0 < int(text) < 65536


def gateways(value: object) -> tuple[Gateway, ...]:
    """Read one gateway, or a list of them in the order in which they are tried."""
    if not isinstance(value, list):
        return (_gateway(value),)
    found: list[Gateway] = []
    wrong: list[str] = []
    for place, item in enumerate(value, 1):
        try:
            one = _gateway(item)
        except ValueError as error:
            wrong.append(f"item {place}: {error}")
            continue
        if one in found:
            wrong.append(f"item {place}: {shown(item)} stands in the list twice")
        found.append(one)
    if not value:
        wrong.append("expected at least one gateway, got an empty list")
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(found)


def read_sources(value: object) -> tuple[str, ...]:
    """Read where a peer's requests come from: a list of IP addresses, and of networks, as carriers
    publish them; each is all of its addresses.
    """
    return tuple(dict.fromkeys(one for block in _blocks(value) for one in block))


def _block(value: object) -> tuple[str, ...]:
    text = value if isinstance(value, str) else ""
    alone = ip(text)
    if found := (alone,) if alone else network(text, _MOST):
        return found
    wanted = f'an IP address, or a network of at most {_MOST} like "192.0.2.0/28"'
    raise ValueError(f"expected {wanted}, got {shown(value)}")


_blocks = list_of(_block)


def hosts(several: tuple[Gateway, ...]) -> tuple[str, ...]:
    """Return the addresses among them, without ports: where calls of such a peer come from."""
    return tuple(dict.fromkeys(one.host for one in several if not one.named))

"""The addresses of gateways that the site has by name: looked up by a process of its own, read by
the workers, which never wait for DNS.

What was found stands in a shared variable, which every worker reads again only when it has changed.
A name that does not resolve any more keeps the addresses that it had: a carrier whose DNS is down
may well take calls. One that never did has none, and its leg is passed over.
"""

from collections.abc import Iterator
from random import SystemRandom

from bellhop import names
from bellhop.addresses import TCP, TLS, UDP, Address
from bellhop.carriers import Carrier, Trunk
from bellhop.gateways import Gateway
from bellhop.names import Book, Record
from bellhop.settings import Site
from kemi import ksr_dns, sip

FOUND = "$shv(bellhop_names)"
_random = SystemRandom()
# RFC 3263 §4.1: where SRV records of a protocol stand.
_SERVICES = {UDP: "_sip._udp", TCP: "_sip._tcp", TLS: "_sips._tcp"}
_MISSED = 20  # looks, of one each 30 s, until a name that had SRV records is taken for one without


class _Read:
    """The book as this process read it last."""

    text = ""
    book: Book = {}  # noqa: RUF012 - replaced, never changed


def _book() -> Book:
    text = sip.text(FOUND) or ""
    if text != _Read.text:
        _Read.book = names.decode(text) if text else {}
        _Read.text = text
    return _Read.book


def resolve(gateway: Gateway) -> tuple[Address, ...]:
    """Return a gateway's addresses, in the order to try; none for a name that is not resolved."""
    if gateway.address:
        return (gateway.address,)
    return names.ordered(_book().get(str(gateway), ()), _random, gateway.protocol)


def caller_at(site: Site, host: str) -> Carrier | Trunk | None:
    """Return the peer whose calls come from an address: a source, or what its names resolve to."""
    return site.peers.by_source.get(host) or next(_named(site, host), None)


def peers_at(site: Site, host: str) -> tuple[Carrier | Trunk, ...]:
    """Return the peers that a request within a dialog to this address may go to: two carriers may
    have one gateway, or names that lead to one.
    """
    return (*site.peers.by_host.get(host, ()), *_named(site, host))


def _named(site: Site, host: str) -> Iterator[Carrier | Trunk]:
    book = _book() if site.peers.named else {}
    for peer in site.peers.named:
        found = (book.get(str(gateway), ()) for gateway in peer.gateways if gateway.named)
        if any(record.host == host for records in found for record in records):
            yield peer


class Resolver:
    """Looks the names up. `every`: how many of its turns pass between two looks at a name that has
    resolved; one that has not is looked up each fifth turn.
    """

    def __init__(self, every: int = 30) -> None:
        self._every = every
        self._turn = 0
        self._names: frozenset[str] = frozenset()
        self._without: dict[str, int] = {}  # names that had SRV records: looks since without any

    def run(self, site: Site) -> None:
        """Look up what is due; all in the first turn, and when the site has other names."""
        named = {str(one): one for one in _gateways(site) if one.named}
        fresh = named.keys() != self._names
        self._names = frozenset(named)
        known = _book()
        due = [
            one
            for text, one in named.items()
            if fresh or self._turn % (self._every if known.get(text) else 5) == 0
        ]
        self._turn += 1
        if not due and not fresh:
            return
        kept = {text: records for text, records in known.items() if text in named}
        for one in due:
            found = tuple(self._look_up(one))
            taken = {record.host for record in found} & names.somebody_elses(one, site)
            if records := names.permitted(found, one, site):
                kept[str(one)] = records
                left = "the others are used"
            else:
                left = "its last addresses are used" if kept.get(str(one)) else "it is passed over"
            if taken:
                whose = f"{', '.join(sorted(taken))}, somebody else's in this site"
                sip.error(f"gateway={one} resolves to {whose}: {left}")
            elif not records:
                sip.error(f"gateway={one} does not resolve: {left}")
        if kept != known:
            sip.put(FOUND, names.encode(kept).decode())
            sip.note(f"names={','.join(sorted(kept)) or 'none'}")

    def _look_up(self, gateway: Gateway) -> Iterator[Record]:
        """Yield a name's records (RFC 3263 §4.2): SRV without a port, else its addresses."""
        services = [] if gateway.port else self._services(gateway)
        if services is None:
            return
        for target, port, priority, weight in services or [
            (gateway.host, gateway.port or gateway.default_port, 0, 0)
        ]:
            for host in ksr_dns.addresses(target):
                yield Record(host=host, port=port, priority=priority, weight=weight)

    def _services(self, gateway: Gateway) -> list[tuple[str, int, int, int]] | None:
        """Return a name's SRV records. None: there are none now, and there were a while ago: ipops
        says the same of a server that did not answer, and the name's own address is often a web
        server's.
        """
        name = f"{_SERVICES[gateway.protocol]}.{gateway.host}"
        found = ksr_dns.services(name)
        if found:
            self._without[name] = 0
        elif name in self._without:
            self._without[name] += 1
            if self._without[name] <= _MISSED:
                return None
            del self._without[name]
        return found


def _gateways(site: Site) -> Iterator[Gateway]:
    for peers in (site.trunks, site.carriers):
        for peer in peers.values():
            yield from peer.gateways

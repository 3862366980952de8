"""Who is at the other end of a trunk, by address: indexed once, asked at each request."""

from collections.abc import Iterable
from dataclasses import dataclass

from bellhop.carriers import AS_WRITTEN, Carrier, Trunk

Peer = Trunk | Carrier


@dataclass(frozen=True, slots=True)
class Peers:
    """A site's trunks and carriers.

    by_source: whose calls come from an address; of two, who stands first. by_host: who sits at one,
    for requests to it: all of them, for a call may be with any. named: those with a gateway by
    name, whose addresses its look-up tells. senders: whether any carrier has a From of its own.
    """

    by_source: dict[str, Peer]
    by_host: dict[str, tuple[Peer, ...]]
    named: tuple[Peer, ...]
    senders: bool


def peers(trunks: Iterable[Trunk], carriers: Iterable[Carrier]) -> Peers:
    """Return the index; where two have one address, a trunk is before a carrier."""
    every: tuple[Peer, ...] = (*trunks, *carriers)
    last_first = every[::-1]  # of one key, a dict keeps what came last
    by_host: dict[str, tuple[Peer, ...]] = {}
    for peer in every:
        for host in {*peer.sources, *peer.hosts}:
            by_host[host] = (*by_host.get(host, ()), peer)
    return Peers(
        by_source={source: peer for peer in last_first for source in peer.sources},
        by_host=by_host,
        named=tuple(peer for peer in every if any(gateway.named for gateway in peer.gateways)),
        senders=any(isinstance(peer, Carrier) and peer.sender != AS_WRITTEN for peer in every),
    )

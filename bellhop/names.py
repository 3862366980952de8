"""What the names of gateways resolve to: records that one process looks up, and all read."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from itertools import groupby
from random import Random

import msgspec

from bellhop.addresses import PROTOCOLS, UDP, Address
from bellhop.gateways import Gateway
from bellhop.settings import Site
from bellhop.weights import drawn


class Record(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One address of a name. priority: the smaller is tried first; weight: the share of calls among
    equals (RFC 2782). Both are 0 where there is no SRV record.
    """

    host: str
    port: int
    priority: int = 0
    weight: int = 0


# By the gateway's spelling in the site file.
Book = Mapping[str, tuple[Record, ...]]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(dict[str, tuple[Record, ...]]).decode


def address(record: Record, name: str) -> Address:
    """Return where a record of a name, as the site file spells it, leads."""
    protocol, _, rest = name.partition(":")
    return Address(record.host, record.port, protocol if rest and protocol in PROTOCOLS else UDP)


def ordered(records: Sequence[Record], random: Random, protocol: str = UDP) -> tuple[Address, ...]:
    """Return the addresses in the order to try them: by priority, and drawn by weight within one
    (RFC 2782), each once. Records of one weight 0 are alternatives as good as one another, which
    are tried in the order that DNS gave.
    """
    order: list[Record] = []
    for _, equals in groupby(sorted(records, key=lambda r: r.priority), lambda r: r.priority):
        order += drawn(list(equals), lambda record: record.weight, random)
    return tuple(dict.fromkeys(Address(record.host, record.port, protocol) for record in order))


def permitted(records: Iterable[Record], gateway: Gateway, site: Site) -> tuple[Record, ...]:
    """Return the records that a carrier's or trunk's name may have: of the family that the edge
    speaks with its peers, and none of an address that is somebody else's in this site. Whoever
    answers for a name could otherwise have calls sent to the pbx, or be taken for another peer.
    """
    version = ip_address(site.edge.way_to(gateway.protocol).address.host).version
    others = somebody_elses(gateway, site)
    return tuple(r for r in records if r.host not in others and _fits(r.host, version))


def somebody_elses(gateway: Gateway, site: Site) -> set[str]:
    """Return the addresses of the site that are not the gateway's peer's: a source of its own is
    where its name may well lead.
    """
    others = {one.address.host for one in (*site.edge.devices, *site.edge.trunks)}
    others |= {site.edge.internal.host, site.pbx.address.host, site.pager.agi.host}
    if site.standby is not None:
        others |= {site.standby.address.host, site.standby.agi.host}
    known = site.peers.by_host
    own = {host for host, there in known.items() if any(gateway in one.gateways for one in there)}
    return others | (known.keys() - own)


def _fits(host: str, version: int) -> bool:
    try:
        known = ip_address(host)
    except ValueError:
        return False
    never = known.is_unspecified or known.is_multicast or known.is_loopback or known.is_link_local
    return known.version == version and not never

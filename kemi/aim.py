"""An attempt is pointed at its leg: where its INVITE goes, and by which of our sockets."""

from bellhop import sides, users
from bellhop.addresses import Address, protocol_of
from bellhop.calls import Leg, LegKind
from bellhop.settings import Site
from kemi import headers, ksr_registrar, names, sip


def at(site: Site, leg: Leg) -> bool:
    """Point the request at the leg; False when it is a device that is not registered, or a gateway
    whose name nobody has resolved.
    """
    if leg.kind is LegKind.DEVICE:
        # lookup sets the socket that the device registered over, so that it passes its NAT.
        return ksr_registrar.find(leg.name) and _is_a_devices(site, leg)
    # One that stands by no longer, after a reload, is passed over.
    asterisk = sides.sides(site).get(leg.name, "") if leg.kind is LegKind.PBX else ""
    address = str(asterisk) or leg.address
    if not address:
        return False
    if leg.kind is LegKind.PBX:
        socket = f"udp:{site.edge.internal}"
    else:
        socket = str(site.edge.way_to(protocol_of(address)))
    sip.put("$ru", f"sip:{users.written(leg.user)}@{leg.host or address}")
    sip.put("$du", f"sip:{address}")
    sip.put("$fs", socket)
    return True


def _is_a_devices(site: Site, leg: Leg) -> bool:
    """Whether the registered contact may be one. It is the device's own word: one that names a
    peer would be called as if we did, past all rights; and a name could be anybody's.
    """
    there = sip.next_hop()
    if there is not None and not _is_a_peers(site, there):
        headers.drop_uri_headers()
        return True
    sip.error(f"device={leg.name} its registered contact is a peer's or a name: not called")
    return False


def _is_a_peers(site: Site, there: Address) -> bool:
    """Whether a gateway, an Asterisk, or we ourselves are at an address."""
    if there == site.edge.internal or there in sides.sides(site).values():
        return True
    gateways = (one for peer in names.peers_at(site, there.host) for one in peer.gateways)
    return any(there in names.resolve(one) for one in gateways)

"""Whether the edge can send to whom a site names: by which socket its calls leave, and what is no
place to send them.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from bellhop.addresses import Address, Listener
from bellhop.tables import Mistake


def mistakes(parts: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield what could never be called. A table that could not be read stands as None."""
    edge = parts["edge"]
    if edge is None:
        return
    own = {one.address for one in (*edge.devices, *edge.trunks)} | {edge.internal}
    missing: set[str] = set()
    for kind in ("carriers", "trunks"):
        for name, peer in parts[kind].items():
            for gateway in peer.gateways if peer else ():
                leaves = edge.way_to(gateway.protocol)
                if leaves.protocol != gateway.protocol:
                    missing.add(gateway.protocol)
                elif gateway.address is not None:
                    yield from _of(f"{kind}.{name}.gateway", gateway.address, own, leaves)
    for protocol in sorted(missing):
        what = f"expected one of {protocol} among them: by it leave calls to carriers and trunks"
        yield Mistake("edge.trunks", what)
    inside = Listener("udp", edge.internal)
    for name in ("pbx", "standby"):
        if parts.get(name):
            yield from _of(f"{name}.address", parts[name].address, own, inside)


def _of(path: str, there: Address, own: set[Address], leaves: Listener) -> Iterator[Mistake]:
    here, known = ip_address(leaves.address.host), ip_address(there.host)
    if there in own:
        yield Mistake(path, f"{there} is a listener of the edge itself")
    elif known.is_multicast:
        yield Mistake(path, f"{there} is a multicast address: nobody takes calls there")
    elif known.version != here.version:
        yield Mistake(path, f"{there} is IPv{known.version}; calls leave by {leaves}")

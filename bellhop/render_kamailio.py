"""What of a site Kamailio's own configuration must hold: listeners, a database, whom to probe."""

from collections.abc import Container
from pathlib import Path

from bellhop.addresses import protocol_of
from bellhop.legs import Resolve
from bellhop.settings import Site
from bellhop.sides import sides

# The dispatcher's set of our gateways: far from the small numbers that people give to theirs.
SET = 20117
# Its set of the Asterisks, where one stands by (kemi/standby.py).
PBX_SET = 20118
_PBX_PROBE = 2  # seconds, where the site has no interval of its own
# The dialog module's profile of which devices are in calls that are no pages (bellhop.cfg).
DEVICES = "bellhop_devices"
# And of an Asterisk's calls: `SIDE:NUMBER` for one that it made, `SIDE:` for one that it got.
LEGS = "bellhop_legs"
# Its flags of a destination: not probed at all, and dead until a probe says otherwise.
_DISABLED, _INACTIVE_PROBING = 4, 9


def listen_cfg(site: Site) -> str:
    """Return the lines for kamailio.cfg, to be included before bellhop.cfg."""
    lines = [f"# Printed by `bellhop render kamailio` from {site.path.name}; do not edit."]
    lines += [f'#!define BELLHOP_USRLOC "sqlite:///{site.site.state}/usrloc.db"']
    if probes(site):
        every = site.edge.probe // 1_000 or _PBX_PROBE
        lines += [f"#!define BELLHOP_PROBE {every}"]
        lines += [f'#!define BELLHOP_GATEWAYS "{gateways_file(site)}"']
    if site.edge.probe_devices:
        lines += [f"#!define BELLHOP_PROBE_DEVICES {site.edge.probe_devices // 1_000}"]
    if site.edge.hide_topology:
        lines += ["#!define BELLHOP_TOPOS"]
    if site.proves_itself:
        lines += ["#!define BELLHOP_DIGEST"]
    listeners = (*site.edge.devices, *site.edge.trunks)
    if any(one.protocol == "tls" for one in listeners):  # else Kamailio leaves them out, unsaid
        lines += ["#!define BELLHOP_TLS", "enable_tls=yes"]
    lines += [f"listen={one}" for one in listeners]
    lines += [f"listen=udp:{site.edge.internal}", f"listen=tcp:{site.edge.internal}"]
    return "\n".join(lines) + "\n"


def probes(site: Site) -> bool:
    """Whether the dispatcher has anybody to ask: gateways, or two Asterisks."""
    return bool(site.edge.probe) or site.standby is not None


def gateways_file(site: Site) -> Path:
    """Return where the dispatcher's list is."""
    return Path(site.site.state) / "gateways.list"


def gateways(
    site: Site, resolve: Resolve, *, blocked: Container[str] = (), down: Container[str] = ()
) -> tuple[str, ...]:
    """Return the dispatcher's list, a line an address that is probed. blocked: carriers to which
    nothing is sent; down: URIs that are known to be dead, and stay so until they answer.
    """
    asked = probed(site, resolve)
    open_ = {uri for name, uri in asked if name not in blocked}  # carriers may share a gateway
    flags = {
        uri: _INACTIVE_PROBING * (uri in down) if uri in open_ else _DISABLED for _, uri in asked
    }
    lines = [
        f"{SET} {uri} {flag} 0 socket={site.edge.way_to(protocol_of(uri))}"
        for uri, flag in flags.items()
    ]
    for uri in asterisks(site):
        flag = _INACTIVE_PROBING * (uri in down)
        lines.append(f"{PBX_SET} {uri} {flag} 0 socket=udp:{site.edge.internal}")
    return tuple(lines)


def asterisks(site: Site) -> tuple[str, ...]:
    """Return the URIs of the Asterisks that are probed: both, or none."""
    known = tuple(f"sip:{address}" for address in sides(site).values())
    return known if len(known) > 1 else ()


def probed(site: Site, resolve: Resolve) -> tuple[tuple[str, str], ...]:
    """Return the carriers and URIs that are probed, sorted: a name's addresses come in another
    order each time.
    """
    found = {
        (carrier.name, f"sip:{address}")
        for carrier in site.carriers.values()
        if site.edge.probe and carrier.probe
        for gateway in carrier.gateways
        for address in resolve(gateway)
    }
    return tuple(sorted(found))

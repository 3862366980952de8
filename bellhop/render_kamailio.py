"""What of a site Kamailio's own configuration must hold: its listeners and its database."""

from bellhop.settings import Site


def listen_cfg(site: Site) -> str:
    """Return the lines for kamailio.cfg, to be included before bellhop.cfg."""
    lines = [f"# Printed by `bellhop render kamailio` from {site.path.name}; do not edit."]
    lines += [f'#!define BELLHOP_USRLOC "sqlite:///{site.site.state}/usrloc.db"']
    lines += [f"listen={one}" for one in (*site.edge.devices, *site.edge.trunks)]
    lines += [f"listen=udp:{site.edge.internal}", f"listen=tcp:{site.edge.internal}"]
    return "\n".join(lines) + "\n"

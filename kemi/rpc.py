"""The pager's questions to the edge (who is registered): JSON-RPC over HTTP, on the internal
listener and from the site's own daemons alone. HTTP arrives on any TCP listener of Kamailio's.
"""

from bellhop.settings import Site
from kemi import sip, who


def serve(site: Site) -> None:
    """Answer an HTTP request, or refuse it."""
    friends = {site.pager.agi.host, site.edge.internal.host}
    if who.door(site) is not who.Door.INTERNAL or sip.source().host not in friends:
        sip.http_reply(403, "Forbidden", "not from here\n")
    elif sip.text("$hu") != "/RPC":
        sip.http_reply(404, "Not Found", "only /RPC\n")
    else:
        sip.dispatch_rpc()

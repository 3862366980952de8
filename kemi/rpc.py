"""HTTP on the internal listener: the pager's questions to the edge (who is registered), JSON-RPC
from the site's own daemons alone; and the metrics, for them and whom the site names. HTTP arrives
on any TCP listener of Kamailio's.
"""

from bellhop.present import MOST, asked
from bellhop.settings import Site
from kemi import ksr_metrics, present, sip, who


def serve(site: Site) -> None:
    """Answer an HTTP request, or refuse it."""
    way = sip.way()
    if who.door(site, way) is not who.Door.INTERNAL:
        sip.http_reply(403, "Forbidden", "not from here\n")
        return
    source, path = way.source.host, sip.text("$hu")
    friends = {site.pager.agi.host, site.edge.internal.host}
    if site.standby is not None:
        friends.add(site.standby.agi.host)
    if path == "/metrics" and (source in friends or source in site.edge.metrics_from):
        _metrics()
    elif source not in friends:
        sip.http_reply(403, "Forbidden", "not from here\n")
    elif path != "/RPC":
        sip.http_reply(404, "Not Found", "only /RPC and /metrics\n")
    else:
        _rpc()


def _rpc() -> None:
    """Answer our own method, and have Kamailio answer any other."""
    if (question := asked(sip.text("$rb") or "")) is not None:
        if (told := present.tell(question)) is None:
            sip.http_reply(400, "Bad Request", f"expected a name and at most {MOST} numbers\n")
        else:
            sip.http_reply(200, "OK", told)
    elif not sip.dispatch_rpc():
        sip.http_reply(400, "Bad Request", "no JSON-RPC\n")


def fail(code: int, phrase: str) -> None:
    """Answer an HTTP request that could not be served: who asks would wait for his timeout."""
    sip.http_reply(code, phrase, f"{phrase}\n")


def _metrics() -> None:
    if sip.method() != "GET":
        sip.http_reply(405, "Method Not Allowed", "only GET\n")
    elif not ksr_metrics.available():
        sip.http_reply(404, "Not Found", "no metrics: this Kamailio has not loaded xhttp_prom\n")
    else:
        ksr_metrics.serve()

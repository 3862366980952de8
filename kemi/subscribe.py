"""A phone's key that shows whether a zone is paged (BLF): its SUBSCRIBE goes to the pbx, and the
NOTIFYs come back within the dialog (RFC 6665, RFC 4235).
"""

from bellhop import sides, users, zones
from bellhop.settings import Site
from kemi import contact, dialog, headers, invite, ksr_transactions, sip, standby, who
from kemi.secrets import Secrets
from kemi.sip import Way

_PBX = "pbx"
_EVENT = "dialog"
_PATIENCE = 2_000  # ms


def subscribe(site: Site, secrets: Secrets, key: bytes, way: Way) -> None:
    """Take a subscription: who may page a zone may see whether it is paged. Only devices have keys,
    and the Asterisk that takes pages now tells.
    """
    if who.door(site, way) is not who.Door.DEVICES:
        sip.reply(403, "No Subscriptions Here")
        return
    caller = invite.proved(site, secrets, way)
    if caller is None:
        return
    zone = site.zones.get(users.dialled(sip.text("$rU") or ""))
    if zone is None:
        sip.reply(404, "Unknown Number")
        return
    if "zones" not in caller.may or not zones.may_page(zone, caller):
        sip.reply(403, "Not Allowed")
        return
    event = (sip.text("$hdr(Event)") or "").partition(";")[0].strip().lower()
    if event != _EVENT:
        sip.reply(489, "Bad Event", f"Allow-Events: {_EVENT}")
        return
    headers.strip()
    if sip.behind_nat():
        sip.answer_to_source()
    contact.keep(site, device=True)
    dialog.record(key, (_PBX,), follow=False)
    standby.bound_subscription(site)
    asterisk = sides.sides(site)[standby.serving(site)]
    sip.put("$ru", f"sip:{zone.number}@{asterisk}")
    sip.put("$du", f"sip:{asterisk}")
    sip.put("$fs", f"udp:{site.edge.internal}")
    ksr_transactions.timers(_PATIENCE, _PATIENCE)
    if not ksr_transactions.relay():
        sip.reply(503, "Service Unavailable")

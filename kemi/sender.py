"""Who stands in From toward a carrier that knows us by it (`from` in the site file).

On the caller's side he is who he said he is, on the carrier's who it was told, in all requests and
replies of the call and both ways: a dialog is known by its tags (RFC 3261 §12), but there are those
who look at the URIs too, as RFC 2543 had it. What the carrier was told is kept with the dialog, and
not in a Route, where uac would keep it: what comes back there is anybody's to write, and uac logs
what it cannot read of it, line ends and all.
"""

from bellhop.calls import Call
from bellhop.identity import NOBODY, NOBODYS_NAME
from bellhop.settings import Site
from kemi import ksr_uac, questions, sip

_TOLD = "$dlg_var(bellhop_sender)"
_CHANGED = "$avp(bellhop_sender)"  # which header of a request within the dialog is another's
_AS_IT_CAME = {"From": "$T_req($fu)", "To": "$T_req($tu)"}


def hold(call: Call) -> None:
    """Keep what the current attempt's carrier is told, for what follows within the call."""
    if call.leg.sender:
        sip.put(_TOLD, call.leg.sender)
    elif any(call.legs[attempt.leg].sender for attempt in call.attempts):
        sip.forget(_TOLD)


def write(uri: str) -> None:
    """Put a URI into From of the request in hand, and nobody's name where it is nobody's."""
    ksr_uac.replace_from(uri, NOBODYS_NAME if uri == NOBODY else None)


def write_within(site: Site, method: str) -> bool:
    """Give a request within a dialog what whoever gets it knows; whether its answer must be given
    back what its sender knows (`write_back`).
    """
    told = sip.text(_TOLD) if site.peers.senders else None
    if not told:
        return False
    tag, callers, his = questions.texts("$ft", "$dlg(from_tag)", "$dlg(from_uri)")
    if tag == callers:
        write(told)
    else:
        ksr_uac.replace_to(his)
    if method == "ACK":
        return False
    sip.put(_CHANGED, "From" if tag == callers else "To")
    return True


def write_bye() -> None:
    """Give a BYE of the dialog module's own, to the carrier, what that knows."""
    told = sip.text(_TOLD)
    tag, callers = questions.texts("$ft", "$dlg(from_tag)")
    if told and tag == callers:
        write(told)


def write_back(site: Site) -> None:
    """Put into the reply to such a request what stood in it as it came."""
    changed = sip.text(_CHANGED) if site.peers.senders else None
    if changed:
        _as_it_came(changed)


def answer(told: str) -> None:
    """Put back into the reply to a call who its caller said he is; told: what its carrier was."""
    if told:
        _as_it_came("From")


def _as_it_came(header: str) -> None:
    uri = sip.text(_AS_IT_CAME[header])
    if uri:
        (ksr_uac.replace_from if header == "From" else ksr_uac.replace_to)(uri)

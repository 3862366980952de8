"""KSR, for dialogs, with types: our Record-Route and their Route, and the calls that the dialog
module knows.

It learns where each side is found from requests, and from the first 2xx: from requests that are
refused too, which move nobody (RFC 3261 §14.1), and from none before the call is answered. A 2xx to
a later INVITE or UPDATE may move its sender as well (§12.2.1.2). So where a side is for certain is
kept with the dialog by ourselves.
"""

import KSR

from kemi import questions
from kemi.results import done
from kemi.sip import put, text

MARK = "bh"  # the parameter of our Record-Route that comes back in Route (kemi/dialog.py)
_FROM, _TO = "from", "to"  # the caller's side and the callee's, in the module's words
_MOVED = "$dlg_var(bellhop_{})"


def record_route(mark: str) -> None:
    """Stay in the dialog's path, with a mark that comes back in its Route."""
    KSR.rr.add_rr_param(f";{MARK}={mark}")
    KSR.rr.record_route()


def loose_route() -> bool:
    """Follow the Route headers that we put there."""
    return done(KSR.rr.loose_route(), "loose_route")


def follow_call() -> None:
    """Have the dialog module follow the call."""
    done(KSR.dialog.dlg_manage(), "dlg_manage")


def knows() -> bool:
    """Whether the dialog module follows a call of the request's Call-ID and tags."""
    return done(KSR.dialog.is_known_dlg(), "is_known_dlg")


def is_early() -> bool:
    """Whether the call whose Route was followed is not answered yet (`$DLG_status` 1 and 2)."""
    return text("$DLG_status") in {"1", "2"}


def other_side() -> tuple[str, str] | None:
    """Return the Contacts by which whoever the request goes to is known in its call: the module's,
    and what was agreed, "" without one. None when no call has its Call-ID and tags.
    """
    if not knows():
        return None
    side = _TO if _is_callers() else _FROM
    return text(f"$dlg({side}_contact)") or "", text(_MOVED.format(side)) or ""


def hold_contact() -> None:
    """Keep the Contact by which whoever sends the request is known, before the module reads it."""
    if not knows():
        return
    side = _FROM if _is_callers() else _TO
    if not text(_MOVED.format(side)):
        put(_MOVED.format(side), text(f"$dlg({side}_contact)") or "")


def _is_callers() -> bool:
    tag, callers = questions.texts("$ft", "$dlg(from_tag)")
    return tag == callers


def keep_contacts(asked: str, answered: str) -> None:
    """Remember the Contacts of a request that has its 2xx, and of that reply, which is in hand,
    where their call is known; "": nothing was said.
    """
    tag, callers = questions.texts("$tt", "$dlg(from_tag)")
    if not callers:
        return
    asks, answers = (_TO, _FROM) if tag == callers else (_FROM, _TO)
    for side, contact in ((asks, asked), (answers, answered)):
        if contact:
            put(_MOVED.format(side), contact)

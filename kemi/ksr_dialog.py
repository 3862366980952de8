"""KSR, for dialogs, with types: our Record-Route and their Route, and the calls that the dialog
module knows.

It learns where each side is found from requests, and from the first 2xx. A 2xx to a later INVITE or
UPDATE may move its sender as well (RFC 3261 §12.2.1.2), which is kept with the dialog by ourselves.
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


def other_side() -> tuple[str, str] | None:
    """Return the Contacts by which whoever the request goes to is known in its call: the module's,
    and what a reply said since, "" without one. None when no call has its Call-ID and tags.
    """
    if not knows():
        return None
    tag, callers = questions.texts("$ft", "$dlg(from_tag)")
    side = _TO if tag == callers else _FROM
    return text(f"$dlg({side}_contact)") or "", text(_MOVED.format(side)) or ""


def keep_contact(contact: str) -> None:
    """Remember the Contact of whoever sends the reply in hand, where its call is known."""
    tag, callers = questions.texts("$tt", "$dlg(from_tag)")
    if callers:
        put(_MOVED.format(_FROM if tag == callers else _TO), contact)

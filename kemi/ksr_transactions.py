"""KSR, for transactions (tm): what is known of a request, where it is sent, and what is armed for
what becomes of it.
"""

from typing import Literal

import KSR

from kemi.results import done


def comes_again() -> bool:
    """Whether a request is a copy: of one that another worker has in hand (it answers; tm must not
    be asked, for that drops a transaction that has no branch yet: measured), or of an earlier one.
    """
    return done(KSR.tmx.t_precheck_trans(), "t_precheck_trans") or known() != "no"


def known() -> Literal["no", "yes", "done"]:
    """What tm knows of a request: "yes", the transaction that a CANCEL or an ACK is for; "done",
    nothing is left to do (it answers a retransmission again, and takes an ACK).
    """
    result = KSR.tm.t_check_trans()
    if done(result, "t_check_trans"):
        return "yes"
    return "done" if result == 0 else "no"


def relay() -> bool:
    """Send the request on; False when it could not even be sent (nobody has been answered)."""
    return done(KSR.tm.t_relay(), "t_relay")


def on_branch(route: str) -> None:
    """Arm a route for the branch that t_relay makes next; tm forgets it then."""
    KSR.tm.t_on_branch(route)


def on_call() -> None:
    """Arm this attempt's routes (their names are constant: Kamailio keeps a list of 256), and stop
    t_relay from answering when it fails: a 478 of its own while we go on makes a ghost call.
    """
    KSR.tm.t_set_disable_internal_reply(1)
    KSR.tm.t_on_reply("ksr_reply_call")
    KSR.tm.t_on_failure("ksr_failure_call")


def on_dialog() -> None:
    """Arm the reply route for a request within a dialog."""
    KSR.tm.t_on_reply("ksr_reply_dialog")


def on_challenge() -> None:
    """Arm the failure route of a request within a dialog that may be challenged."""
    KSR.tm.t_on_failure("ksr_failure_dialog")


def timers(invite_ms: int, first_ms: int) -> None:
    """Set the transaction's timers: until the first reply, and from a provisional on."""
    KSR.tm.t_set_fr(invite_ms, first_ms)


def cancelled(*, in_transaction: bool = False) -> bool:
    """Whether the caller has cancelled; asked without a transaction, tm would log an error."""
    if not in_transaction and KSR.pv.get("$T(id_index)") is None:
        return False
    return done(KSR.tm.t_is_canceled(), "t_is_canceled")


def timed_out_here() -> bool:
    """Whether this branch ended by our timer, not by a reply."""
    return done(KSR.tm.t_branch_timeout(), "t_branch_timeout")

"""What the caller hears before the call is answered: a carrier's 18x, by policy.

`suppress`: no early media of that carrier reaches the caller. Its 183 with a body becomes a 180
without one, so that his phone makes the ringing itself; another 18x loses its body. A reliable
provisional (RFC 3262) can't be treated so: its body may be the only answer to the caller's offer
(§5), so the carrier is not offered 100rel; where the caller requires it, early media passes.
"""

from bellhop.calls import Leg
from kemi import ksr_replies

SUPPRESS = "suppress"


def asks(leg: Leg) -> None:
    """Shape the request of the branch in hand."""
    if leg.early_media == SUPPRESS:
        ksr_replies.ask_for_no_reliable_provisionals()


def heard(leg: Leg, code: int) -> None:
    """Shape a provisional reply of the current attempt."""
    if leg.early_media != SUPPRESS or code == 100 or ksr_replies.is_reliable():
        return
    if ksr_replies.has_body():
        ksr_replies.remove_body()
        if code == 183:
            ksr_replies.becomes(180, "Ringing")

"""A caller who ends his call by BYE while it rings (RFC 3261 §15 lets him): he waits for nobody any
more, so whatever becomes of the attempt, as after a CANCEL no other is made.
"""

from kemi import ksr_dialog, ksr_tables, questions

_TABLE = "bellhop_hung_up"
_SECONDS = 300  # longer than anybody is let ring
# By the caller's own tag: the callee's BYE has another in From, and he may not send one (§15).
_KEY = "$ci:$ft"
# As one of the questions that a failure route asks at once.
SAID = f"$sht({_TABLE}=>{_KEY})"


def note(method: str) -> None:
    """Remember a call that the request in hand, which may pass, ends before it is answered."""
    if method == "BYE" and ksr_dialog.is_early():
        ksr_tables.hold(_TABLE, ":".join(questions.texts("$ci", "$ft")), "1", _SECONDS)

"""What AMI's events say of a leg's end."""

import re

from ami.manager import Event
from bellhop.members import failure_text


def number(event: Event, key: str) -> int | None:
    """Return a number in an event; None where there is none."""
    value = event.get(key, "")
    return int(value) if value.isascii() and value.isdigit() else None


def refusal(event: Event) -> tuple[int | None, int | None, str]:
    """Return cause, SIP code and words of a leg that its far end ended. Of a 480 Asterisk 22.10
    tells its own translation, 19, in place of the Reason header's (measured); it says less than
    that: RFC 3398 §8.2.6.1 has 18, and so has the edge.
    """
    cause, sip = number(event, "Cause"), tech(event)
    if (cause, sip) == (19, 480):
        cause = 18
    return cause, sip, failure_text(cause, sip)


def tech(event: Event) -> int | None:
    """Return the SIP code that ended a leg, where Asterisk tells it."""
    found = re.search(r"\b([3-6][0-9]{2})\b", event.get("TechCause", ""))
    return int(found[1]) if found else None

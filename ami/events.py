"""What AMI's events say of a leg's end, and of a page."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from bellhop.members import failure_text
from bellhop.pages import Page

Event = Mapping[str, str]

_NO_ANSWER = "3"  # OriginateResponse's Reason: Asterisk's own word for a call that nobody took
_NOTES = 50  # a leader may press as often as he likes


def number(event: Event, key: str) -> int | None:
    """Return a number in an event; None where there is none."""
    value = event.get(key, "")
    return int(value) if value.isascii() and value.isdigit() else None


def refusal(event: Event) -> tuple[int | None, int | None, str]:
    """Return cause, SIP code and words of a leg that its far end ended. Of a 480 Asterisk 22.10
    tells its own translation, 19, in place of the Reason header's (measured); it says less than
    that: RFC 3398 §8.2.6.1 has 18, and so has the edge.
    """
    cause, sip = number(event, "Cause"), _tech(event)
    if (cause, sip) == (19, 480):
        cause = 18
    return cause, sip, failure_text(cause, sip)


def unanswered(answer: Event) -> tuple[int | None, int | None, str]:
    """Return cause, SIP code and words of a leg that an Originate's answer says has failed."""
    if answer.get("Reason") == _NO_ANSWER:
        return 19, None, "no answer"
    return None, None, answer.get("Message") or "Asterisk could not ring it"


def hung_up(event: Event) -> tuple[int | None, int | None]:
    """Return cause and SIP code of a leg's Hangup. A 480 beside cause 19 is Asterisk's own word for
    its time limit: nobody sent it.
    """
    cause, sip = number(event, "Cause"), _tech(event)
    return cause, None if (cause, sip) == (19, 480) else sip


def _tech(event: Event) -> int | None:
    """Return the SIP code that ended a leg, where Asterisk tells it."""
    found = re.search(r"\b([3-6][0-9]{2})\b", event.get("TechCause", ""))
    return int(found[1]) if found else None


def noted(page: Page, event: Event, now: int) -> Page:
    """Return a page with what a UserEvent of its dialplan says: what came from its leader, that
    a message was played, what a key has done. now: ms since the page began.
    """
    match event.get("UserEvent"), event.get("Key"):
        case "BellhopSpoke", _:
            came = number(event, "Received")  # a channel of ours has none, and says nothing
            return page if came is None or page.times else replace(page, spoken=came)
        case "BellhopPlayed", _:
            return replace(page, times=page.times + 1)
        case "BellhopKey", "extend":
            note = f"{number(event, 'Left')} s more, from {now} ms on"
        case _:
            return page
    return replace(page, notes=(*page.notes, note)[-_NOTES:])

"""What Asterisk has counted of a member's audio when the member leaves a room: the text of its
`CHANNEL(rtcp,all)` (main/rtp_engine.c), now and as it came, which the dialplan hands over whole.
"""

from dataclasses import dataclass

from ami.events import Event

_WRAPS = 1 << 24  # packets missed are 24 bits with a sign (RFC 3550 §6.4.1)


@dataclass(frozen=True, slots=True)
class Counts:
    """A member's packets in one room. sent: how many went to it; received: how many of these it
    got, by its own RTCP, None where it told nothing; has_rtp: whether its channel can count at all;
    came: whether any came from it.
    """

    sent: int
    received: int | None
    has_rtp: bool = True
    came: bool = False


def counts(event: Event) -> Counts | None:
    """Return what an event says of a member's packets; None for one that says nothing."""
    if event.get("UserEvent") != "BellhopLeft" or "Counted" not in event:
        return None
    if not event["Counted"]:
        return Counts(0, None, has_rtp=False)
    now, before = _read(event["Counted"]), _read(event.get("Before", ""))
    try:
        sent = int(now["txcount"]) - int(before.get("txcount", 0))
        missed = _signed(now["rlp"]) - _signed(before.get("rlp", "0"))
        # There is a round trip only once it has answered a report of ours: without one Asterisk
        # says 0 missed too, and that is no measurement.
        answers = float(now["rtt"]) > 0
        came = int(now.get("rxcount", 0)) > 0
    except (KeyError, ValueError):
        return None
    sent = max(0, sent)
    # Fewer than none where packets came twice.
    received = min(sent, max(0, sent - missed)) if answers else None
    return Counts(sent, received, came=came)


def _read(said: str) -> dict[str, str]:
    """Read `ssrc=1;rxcount=0;txcount=150;rlp=0;rtt=0.020340`."""
    return {name: value for name, _, value in (one.partition("=") for one in said.split(";"))}


def _signed(missed: str) -> int:
    """Return a number of packets missed: Asterisk reads it as one without a sign (measured)."""
    found = int(missed)
    return found - _WRAPS if found >= _WRAPS // 2 else found

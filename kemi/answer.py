"""The answer to the caller when nobody took the call."""

from bellhop.calls import Call, LegKind
from kemi import sip
from kemi.results import Unreadable

NOT_REGISTERED = "not-registered"
NOT_SENT = "not-sent"

# What a device's refusal says in Q.850 where it gives no Reason of its own (RFC 3398 §8.2.6.1).
_DEVICE_CAUSES = {403: 21, 404: 1, 408: 18, 480: 18, 486: 17, 488: 31, 600: 17, 603: 21}


def final(call: Call, why: str) -> None:
    """Answer with what the last attempt came to. Where its own reply may go to the caller as it is,
    there is nothing to do: tm relays it.
    """
    if sip.cancelled():
        sip.reply(487, "Request Terminated")
    elif call.attempts:
        _last(call)
    else:
        sip.reply(503, "Nobody To Try", "Reason: Q.850;cause=38")
    sip.note(f"call={call.id} attempts={len(call.attempts)} ended={why}")


def _last(call: Call) -> None:
    last = call.current
    failure = last.failure
    if last.rule == NOT_REGISTERED:
        sip.reply(480, "Not Registered", "Reason: Q.850;cause=20")
    elif last.rule == NOT_SENT:
        sip.reply(503, "No Way There", "Reason: Q.850;cause=38")
    elif failure is None or not failure.replied:
        _no_reply(call, rang=last.rang)
    elif call.leg.kind is LegKind.DEVICE and failure.code is not None:
        _device(failure.code, failure.cause)


def _no_reply(call: Call, *, rang: bool) -> None:
    if rang:  # RFC 3398 §7.2.4.1: cause 19, user alerted, is a 480
        sip.reply(480, "No Answer", "Reason: Q.850;cause=19")
    elif call.leg.kind is LegKind.PBX:
        sip.reply(503, "Paging Is Down", "Reason: Q.850;cause=41")
    elif call.leg.kind is LegKind.DEVICE:
        sip.reply(408, "Device Does Not Respond", "Reason: Q.850;cause=18")
    else:
        sip.reply(408, "Request Timeout", "Reason: Q.850;cause=102")


def _device(code: int, cause: int | None) -> None:
    """A device answers for itself only: it can't send the caller elsewhere (3xx), nor ask him for
    credentials (a challenge that the pbx answers gives its digest away).
    """
    if 300 <= code < 400:
        sip.reply(480, "Moves Are Refused", "Reason: Q.850;cause=20")
    elif code in {401, 407}:
        sip.reply(480, "Device Asks For Credentials", "Reason: Q.850;cause=21")
    elif cause is None and code in _DEVICE_CAUSES:
        sip.reply(code, _phrase(), f"Reason: Q.850;cause={_DEVICE_CAUSES[code]}")


def _phrase() -> str:
    """Return the device's own words for its refusal; ours where nobody can read them."""
    try:
        return sip.text("$T_reply_reason") or "Refused"
    except Unreadable:
        return "Refused"

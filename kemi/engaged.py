"""Which calls the pager may have to end (pager/calls.py): those of devices that are no pages, when
a page wants the device; and an Asterisk's, when it has died and says BYE to nobody. A page's leader
is in no call of his own: to end it would end his page.
"""

from bellhop.calls import Call, Leg, LegKind
from kemi import ksr_health

_PBX = "pbx:"


def caller(number: str) -> None:
    """Note a device that calls."""
    ksr_health.engage(number)


def callee(call: Call) -> None:
    """Note whom the current attempt calls, in place of the one before it."""
    if call.caller.startswith(_PBX):
        if len(call.attempts) == 1:
            ksr_health.asterisk_has(f"{call.caller.removeprefix(_PBX)}:{call.dialled}")
        return
    for attempt in call.attempts[-2:-1]:
        _left(call.legs[attempt.leg])
    match call.leg.kind:
        case LegKind.DEVICE:
            ksr_health.engage(call.leg.name)
        case LegKind.PBX:
            ksr_health.asterisk_has(f"{call.leg.name}:")
        case LegKind.CARRIER | LegKind.TRUNK:
            pass


def _left(leg: Leg) -> None:
    match leg.kind:
        case LegKind.DEVICE:
            ksr_health.disengage(leg.name)
        case LegKind.PBX:
            ksr_health.asterisk_has_not(f"{leg.name}:")
        case LegKind.CARRIER | LegKind.TRUNK:
            pass

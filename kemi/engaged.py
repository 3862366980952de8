"""Which devices are in a call that is no page. A page that wants such a device asks for it, and may
end the call (pager/calls.py). A page's own legs, which the pbx makes, are not among them, nor is
the call of its leader, which ends his page.
"""

from bellhop.calls import Call, LegKind
from kemi import ksr_health

_PBX = "pbx:"


def caller(number: str) -> None:
    """Note a device that calls."""
    ksr_health.engage(number)


def callee(call: Call) -> None:
    """Note the device that the current attempt calls, in place of the one before it."""
    if call.caller.startswith(_PBX):
        return
    for attempt in call.attempts[-2:-1]:
        before = call.legs[attempt.leg]
        if before.kind is LegKind.DEVICE:
            ksr_health.disengage(before.name)
    if call.leg.kind is LegKind.DEVICE:
        ksr_health.engage(call.leg.name)

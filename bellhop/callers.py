"""Who is who: the identity that the edge has proved, and its one spelling between edge and pbx.

The edge writes it as P-Asserted-Identity (RFC 3325) on what it sends to the pbx, having removed
whatever a caller had put there; the pbx believes that header from the edge, and nothing else.
The hosts are under `.invalid` (RFC 2606): they name a kind of caller, and can never be routed to.
"""

import re
from dataclasses import dataclass
from enum import Enum

DEVICE_HOST = "device.bellhop.invalid"
TRUNK_HOST = "trunk.bellhop.invalid"

_IDENTITY = re.compile(
    r"<sip:(?:(?P<number>[0-9]{1,20})@)?"
    r"(?:(?P<trunk>[a-z][a-z0-9-]{0,30})\.trunk|(?P<device>device))\.bellhop\.invalid>",
    re.ASCII,
)


class Kind(Enum):
    """The kinds of peer that a request can come from, once proved."""

    DEVICE = "device"
    TRUNK = "trunk"
    CARRIER = "carrier"
    PBX = "pbx"


@dataclass(frozen=True, slots=True)
class Caller:
    """A proved caller.

    name: a device's number, or the trunk's or carrier's name in the site file.
    number: who calls behind it, digits only; "" when a trunk or carrier gave none that is a number.
    may: what it may call (devices, zones, trunks, carriers).
    """

    kind: Kind
    name: str
    number: str = ""
    may: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the spellings under which a zone's `callers` may name it."""
        if self.kind is Kind.DEVICE:
            return frozenset({self.name})
        if self.kind is Kind.TRUNK:
            whole = {f"trunk:{self.name}"}
            return frozenset(whole | {f"trunk:{self.name}:{self.number}"} if self.number else whole)
        return frozenset()

    @property
    def identity(self) -> str:
        """Return the P-Asserted-Identity value for the pbx."""
        if self.kind is Kind.DEVICE:
            return f"<sip:{self.name}@{DEVICE_HOST}>"
        user = f"{self.number}@" if self.number else ""
        return f"<sip:{user}{self.name}.{TRUNK_HOST}>"


@dataclass(frozen=True, slots=True)
class Identity:
    """What an identity header says, before the site file has been asked who that is."""

    kind: Kind
    name: str
    number: str


def parse_identity(value: str) -> Identity | None:
    """Read an identity that the edge wrote; None for anything else, matched whole."""
    found = _IDENTITY.fullmatch(value.strip())
    if not found:
        return None
    if found["device"]:
        return Identity(Kind.DEVICE, found["number"], found["number"]) if found["number"] else None
    return Identity(Kind.TRUNK, found["trunk"], found["number"] or "")

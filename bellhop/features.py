"""Feature codes: what a caller dials to have something done, and not to speak to anybody."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bellhop import values
from bellhop.callers import Caller
from bellhop.tables import key

_CODE = re.compile(r"\*[0-9]{1,4}", re.ASCII)
_ABOUT = re.compile(r"([0-9]{1,20})(?:\*([0-9]{1,20}))?", re.ASCII)


def _code(value: object) -> str:
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    raise ValueError(f'expected a star and 1 to 4 digits like "*81", got {values.shown(value)}')


class NotDone(Exception):  # noqa: N818
    """What was asked for is not done; its text says why."""


class Deed(StrEnum):
    """What a code has done."""

    TAKE_OUT = "take-out"
    PUT_BACK = "put-back"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Feature:
    """What was dialled. number: a device's, or, to stop a page, a zone's; zone: the one that it is
    taken out of or put back into; "" for all.
    """

    deed: Deed
    number: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """`[features]`: the codes; "" for one that the site does not have. take_out and put_back are
    followed by a device's number, and perhaps a star and a zone's; stop by a zone's number.
    """

    take_out: str = key(_code, "")
    put_back: str = key(_code, "")
    stop: str = key(_code, "")

    @property
    def codes(self) -> dict[Deed, str]:
        """Return the code of each deed that has one."""
        all_of_them = {
            Deed.TAKE_OUT: self.take_out,
            Deed.PUT_BACK: self.put_back,
            Deed.STOP: self.stop,
        }
        return {deed: code for deed, code in all_of_them.items() if code}

    def dialled(self, number: str) -> Feature | None:
        """Return what a number asks for; None when it has no code, or no number after it."""
        for deed, code in self.codes.items():
            if not number.startswith(code):
                continue
            found = _ABOUT.fullmatch(number.removeprefix(code))
            if found is None or (deed is Deed.STOP and found[2]):
                return None
            return Feature(deed, found[1], found[2] or "")
        return None


def may_ask(caller: Caller, feature: Feature) -> bool:
    """Whether the caller may have that done; which pages he may stop is the zone's own question."""
    return ("zones" if feature.deed is Deed.STOP else "take-out") in caller.may

"""How numbers are dialled at a site, and what they are in E.164."""

import re
from dataclasses import dataclass

from bellhop import values
from bellhop.tables import key

# ITU-T E.164 §6: at most 15 digits, and no country code begins with 0.
_E164 = re.compile(r"[1-9][0-9]{3,14}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """`[numbering]`. country: the site's country code; international, national: what is dialled
    before a country code, and before a number of the site's own country. Without them only a number
    with a `+` is known to be E.164.
    """

    country: str = key(values.number, "")
    international: str = key(values.number, "")
    national: str = key(values.number, "")

    def e164(self, dialled: str) -> str:
        """Return a number's E.164 digits, without the plus; "" when it is none, or nobody knows."""
        if dialled.startswith("+"):
            return _valid(dialled[1:])
        if self.international and dialled.startswith(self.international):
            return _valid(dialled.removeprefix(self.international))
        if self.country and self.national and dialled.startswith(self.national):
            return _valid(self.country + dialled.removeprefix(self.national))
        return ""


def _valid(digits: str) -> str:
    return digits if _E164.fullmatch(digits) else ""

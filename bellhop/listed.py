"""What stands in a profile's lists: codes, codes beside a cause, causes; each spelled one way."""

import re
from collections.abc import Iterable, Iterator

from bellhop import meant, values
from bellhop.reason import CAUSES, LOCATIONS

CLASSES = {4: "4xx", 5: "5xx", 6: "6xx"}
_BOTH = re.compile(r"(?P<code>[456](?:[0-9]{2}|xx))/(?P<cause>[0-9]{1,3}(?:@.*)?)", re.ASCII)
_AT = re.compile(r"(?P<cause>[0-9]{1,3})@(?P<places>[A-Z0-9-]+(?:,[A-Z0-9-]+)*)", re.ASCII)


def code(value: object) -> str:
    """Return the key of a code, of a class, or of one of these beside a cause: `486`, `4xx`,
    `486/34`, `5xx/17@U`. Raises ValueError.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value // 100 in CLASSES:
        return str(value)
    if isinstance(value, str) and value in CLASSES.values():
        return value
    if isinstance(value, str) and (found := _BOTH.fullmatch(value)):
        said = found["cause"]
        return f"{found['code']}/{cause(int(said) if said.isdigit() else said)}"
    raise ValueError(
        'expected a code from 400 to 699, "4xx", "5xx" or "6xx" (a 3xx is a matter of `redirect`),'
        ' or one of these beside a cause, like "486/34",'
        f" got {values.shown(value)}{meant.no_quotes(value)}"
    )


def cause(value: object) -> str:
    """Return the key of a cause: `21`, `21@U`, or `1@U,RPN`, which is two. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and value in CAUSES:
        return str(value)
    found = _AT.fullmatch(value) if isinstance(value, str) else None
    if found and int(found["cause"]) in CAUSES:
        places = found["places"].split(",")
        if set(places) <= set(LOCATIONS) and len(set(places)) == len(places):
            return f"{int(found['cause'])}@{','.join(places)}"
    raise ValueError(
        'expected a cause from 1 to 127, alone like 21 or with locations like "21@U" or "1@U,RPN"'
        f" ({', '.join(LOCATIONS)}), got {values.shown(value)}"
    )


def both(code: int, cause: int, location: str | None) -> Iterator[str]:
    """Yield the keys that speak of a code beside a cause, the most particular first."""
    if code // 100 in CLASSES:
        for one in (str(code), CLASSES[code // 100]):
            yield f"{one}/{cause}@{location}"
            yield f"{one}/{cause}"


def spread(keys: Iterable[str]) -> Iterator[str]:
    """Yield each key that a list's item stands for: `1@U,RPN` is `1@U` and `1@RPN`."""
    for item in keys:
        what, at, places = item.partition("@")
        yield from (f"{what}@{place}" for place in places.split(",")) if at else (item,)

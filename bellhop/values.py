"""Readers of single values in a site file: each takes what TOML (or a CSV cell) gave and returns
the value in the form that the program uses, or raises ValueError with "expected …, got …".

Closed sets are matched whole; what does not match is refused, never cleaned: a cleaned
`500&PJSIP/x` is another number that can be dialled.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from bellhop import meant
from bellhop.addresses import PROTOCOLS, Address, Listener, ip

T = TypeVar("T")
Reader = Callable[[object], T]

NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
DIALLED = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
_PREFIX = re.compile(r"\+?[0-9]{0,20}", re.ASCII)
_TECH_PREFIX = re.compile(r"\+?[0-9*#]{0,20}", re.ASCII)  # wholesale carriers': often 1234#
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
_REALM = re.compile(r"[A-Za-z0-9.-]{1,100}", re.ASCII)
AUTH_USER = re.compile(r"[A-Za-z0-9._+-]{1,64}", re.ASCII)
# A carrier's IMS knows its customers as `user@domain` (3GPP TS 23.003 §13.3).
_CARRIERS_USER = re.compile(r"[A-Za-z0-9._+@-]{1,64}", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,7})(ms|s|m|h)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_URL = re.compile(
    r"https?://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[!#-;=?-~]{0,500})?",
    re.ASCII,
)
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
_FOLDER = re.compile(r"(?:/[A-Za-z0-9._+-]{1,64}){1,16}", re.ASCII)


def shown(value: object) -> str:
    """The value as its writer would know it again, and never longer than a line."""
    match value:
        case str():
            text = '"' + value + '"'
        case bool():
            text = str(value).lower()
        case dict():
            text = "a table"
        case list():
            text = "a list" if value else "an empty list"
        case int() if value.bit_length() > 200:
            text = "a number beyond measure"  # Python refuses to print one of 4300 digits
        case _:
            text = str(value)
    text = printable(text)
    return text if len(text) <= 60 else text[:57] + "…"


def printable(text: str) -> str:
    """The text in one line that a terminal may be given."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _matching(pattern: re.Pattern[str], expected: str) -> Reader[str]:
    def read(value: object) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        hint = meant.quotes(value) if pattern.fullmatch("1") else ""
        hint += meant.no_plus(value) if pattern is NUMBER else ""
        raise ValueError(f"expected {expected}, got {shown(value)}{hint}")

    return read


text = _matching(_PRINTABLE, "a text without control characters, at most 100 long")
number = _matching(NUMBER, 'a number of at most 20 digits like "1008"')
prefix = _matching(_PREFIX, 'leading digits like "44"')
tech_prefix = _matching(_TECH_PREFIX, 'leading digits, "*" and "#" like "44"')
name = _matching(_NAME, 'a name of small letters, digits and "-", like "north"')
realm = _matching(_REALM, 'a realm like "site.example"')
folder = _matching(_FOLDER, 'a folder from the root on like "/var/lib/bellhop"')
auth_user = _matching(AUTH_USER, 'an Authentication ID of letters, digits and "._+-"')
carriers_user = _matching(_CARRIERS_USER, 'an Authentication ID of letters, digits and "._+-@"')


def url(value: object) -> str:
    """Read a URL of HTTP, of an address or a name that could be one."""
    found = _URL.fullmatch(value) if isinstance(value, str) else None
    if not found or not _is_host(found["host"]) or not 0 < int(found["port"] or 80) < 65536:
        raise ValueError(f'expected a URL like "https://site.example/pages", got {shown(value)}')
    return found[0]


def _is_host(text: str) -> bool:
    if text.startswith("["):
        return ":" in (ip(text[1:-1]) or "")
    return all(map(_LABEL.fullmatch, text.split(".")))


def flag(value: object) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"expected true or false, got {shown(value)}{meant.no_quotes(value)}")


def integer(low: int, high: int) -> Reader[int]:
    """Read whole numbers from low to high, both included."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        hint = meant.no_quotes(value)
        raise ValueError(f"expected a whole number from {low} to {high}, got {shown(value)}{hint}")

    return read


def duration(low_ms: int, high_ms: int) -> Reader[int]:
    """Read durations like "20s" to milliseconds, from low_ms to high_ms, both included."""

    def read(value: object) -> int:
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if not found:
            hint = meant.units(value)
            raise ValueError(f'expected a duration like "20s", got {shown(value)}{hint}')
        ms = int(found[1]) * _UNIT_MS[found[2]]
        if not low_ms <= ms <= high_ms:
            bounds = f"from {spelled(low_ms)} to {spelled(high_ms)}"
            raise ValueError(f"expected a duration {bounds}, got {shown(value)}")
        return ms

    return read


def or_off(read: Reader[int]) -> Reader[int]:
    """Read what `read` reads, or 0 for "off"."""

    def read_it(value: object) -> int:
        if value == "off":
            return 0
        try:
            return read(value)
        except ValueError as error:
            raise ValueError(f'{error} (or "off")') from None

    return read_it


def spelled(ms: int) -> str:
    """Milliseconds as a site file spells them, in the largest unit that is exact."""
    for unit in ("h", "m", "s"):
        if ms and ms % _UNIT_MS[unit] == 0:
            return f"{ms // _UNIT_MS[unit]}{unit}"
    return f"{ms}ms"


def address(value: object) -> Address:
    """Read `192.0.2.1:5060` or `[2001:db8::1]:5060`."""
    wanted = 'expected an IP address and port like "192.0.2.1:5060"'
    expected = f"{wanted}, got {shown(value)}{meant.ipv6(value)}"
    if not isinstance(value, str):
        raise ValueError(expected)
    host, colon, port = value.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) or not 0 < int(port) < 65536:
        raise ValueError(expected)
    bracketed = host.startswith("[") and host.endswith("]")
    parsed = ip(host[1:-1] if bracketed else host)
    if parsed is None or bracketed != (":" in parsed):
        raise ValueError(expected)
    return Address(parsed, int(port))


def source(value: object) -> str:
    """Read an IP address without a port: where a peer's requests come from."""
    if isinstance(value, str) and (found := ip(value)):
        return found
    raise ValueError(f'expected an IP address like "192.0.2.1", got {shown(value)}')


def listener(value: object) -> Listener:
    """Read `udp:192.0.2.1:5060`; protocols udp, tcp and tls."""
    if isinstance(value, str):
        protocol, _, rest = value.partition(":")
        if protocol in PROTOCOLS:
            return Listener(protocol, address(rest))
    raise ValueError(f'expected a listener like "udp:192.0.2.1:5060", got {shown(value)}')


def one_of(*choices: str) -> Reader[str]:
    """Read one word of a closed set."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in choices:
            return value
        named = ", ".join(f'"{c}"' for c in choices)
        raise ValueError(f"expected one of {named}, got {shown(value)}")

    return read


def program(*places: str) -> Reader[tuple[str, ...]]:
    """Read a program and its arguments, in which each of the places stands once, by itself."""

    def read(value: object) -> tuple[str, ...]:
        expected = (
            'expected a program, from "/" on, and its arguments, each a text of a list, with '
            f"{' and '.join(places)}"
        )
        if not isinstance(value, list) or not all(
            isinstance(one, str) and _PRINTABLE.fullmatch(one) for one in value
        ):
            raise ValueError(f"{expected}, got {shown(value)}")
        if not value or not value[0].startswith("/") or any(value.count(p) != 1 for p in places):
            raise ValueError(f"{expected}, got {shown(' '.join(value))}")
        return tuple(value)

    return read


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def list_of(read: Reader[T], *, least: int = 0, repeats: bool = False) -> Reader[tuple[T, ...]]:
    """Read a list of what `read` reads; the error names each bad item's place, and any repeated."""

    def read_all(value: object) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) < least:
            wanted = f"expected a list{' of at least one' if least else ''}"
            raise ValueError(f"{wanted}, got {shown(value)}{meant.brackets(value)}")
        items: dict[T, list[object]] = {}  # each with how it is written
        wrong: list[str] = []
        for place, item in enumerate(value, 1):
            try:
                items.setdefault(read(item), []).append(item)
            except ValueError as error:
                wrong.append(f"item {place}: {error}")
        wrong += [
            f"{shown(given[0])} stands in the list {_times(len(given))}"
            for given in items.values()
            if len(given) > 1 and not repeats
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return tuple(map(read, value)) if repeats else tuple(items)

    return read_all

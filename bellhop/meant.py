"""What the writer of a value that was refused probably meant: the end of the sentence about it, or
nothing. Most mistakes in a site file are of TOML, not of telephony: quotes, brackets, units.
"""

import re
from datetime import date, time

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]+(?:[.,][0-9]+)?\s*[A-Za-z]+|[0-9]+[.,][0-9]+", re.ASCII)
_WORDS = re.compile(r"[^\s,;]{1,40}(?:[\s,;]+[^\s,;]{1,40}){0,9}")


def quotes(value: object) -> str:
    """Of a number, date or time without quotes: TOML has such values of its own."""
    number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**20
    when = isinstance(value, date | time)
    return f'; write it in quotes: "{value}"' if number or when else ""


def no_plus(value: object) -> str:
    """Of a number in its international form, where digits alone are wanted."""
    plus = isinstance(value, str) and value.startswith("+") and _WHOLE.fullmatch(value)
    return f'; write it without the plus: "{str(value)[1:]}"' if plus else ""


def no_quotes(value: object) -> str:
    """Of a whole number or a truth in quotes."""
    plain = isinstance(value, str) and (value in {"true", "false"} or _WHOLE.fullmatch(value))
    return f"; write it without quotes: {value}" if plain else ""


def units(value: object) -> str:
    """Of an amount of time in another unit, or in parts of one."""
    amount = isinstance(value, str) and _AMOUNT.fullmatch(value)
    return "; a duration is a whole number and ms, s, m or h" if amount else ""


def brackets(value: object) -> str:
    """Of a text where a list is wanted; words with commas or blanks between them are its items."""
    if not isinstance(value, str) or not value.isprintable() or not _WORDS.fullmatch(value):
        return ""
    items = ", ".join(f'"{item}"' for item in re.split(r"[\s,;]+", value))
    return f"; write it in brackets: [{items}]"


def ipv6(value: object) -> str:
    """Of an IPv6 address and port without the brackets that part them."""
    bare = isinstance(value, str) and value.count(":") > 2 and "[" not in value
    return '; IPv6 is written like "[2001:db8::1]:5060"' if bare else ""

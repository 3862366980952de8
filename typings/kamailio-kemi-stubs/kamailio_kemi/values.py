"""What a pseudo-variable's value is to a script: which of several, and as what it is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamailio_kemi.arguments import cut

if TYPE_CHECKING:
    from kamailio_kemi.messages import Stored


def picked(values: list[Stored], index: str | None, between: str) -> Stored:
    """Return one of several values, or all of them joined (`*`)."""
    if index == "*":
        if any(isinstance(value, bytes) for value in values):
            return between.encode().join(
                value if isinstance(value, bytes) else str(value).encode() for value in values
            )
        return between.join(str(value) for value in values) if values else None
    number = int(index or 0)
    if between == ", " and number < 0:
        return None  # AVPs count from the top alone; headers from the end too
    return values[number] if -len(values) <= number < len(values) else None


def hexa(value: Stored) -> Stored:
    """Return a value's bytes, two digits each."""
    if value is None:
        return None
    return (value if isinstance(value, bytes) else str(value).encode()).hex()


def decoded(value: Stored) -> str | int | None:
    """Return a value as Python gets it. Raises UnicodeDecodeError."""
    if isinstance(value, int):
        return cut(value, 32)  # getl alone sees more
    return value.decode() if isinstance(value, bytes) else value


def either(value: str | int | None, default: str | int) -> str | int:
    """Return a value, or what stands for null."""
    return default if value is None else value


def number(value: Stored) -> int:
    """Return a value as geti reads it: the number that it begins with, or 0."""
    if isinstance(value, int):
        return value
    text = value.decode(errors="replace") if isinstance(value, bytes) else value or ""
    match = re.match(r"[+-]?\d+", text)
    return int(match[0]) if match else 0

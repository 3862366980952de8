"""What app_python3 does with the arguments of a call, measured on Kamailio 6.1.5, Python 3.14.

* Arguments are looked at from left to right; the first that is missing or of a wrong type is
  logged, nothing is done, and the call returns False. It does not raise.
* int parameters take int and bool; a float, None or "200" is wrong. A number is cut to the 32 bits
  of a C int (2**31 becomes -2**31; ``long`` keeps 64). Beyond 64 bits the call is carried out with
  -1, and then Python raises SystemError.
* str parameters take str alone; bytes and None are wrong. Lone surrogates raise UnicodeEncodeError,
  and nothing is done.
* Surplus arguments are ignored. Keywords raise TypeError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamailio_kemi.api import Function

Value = int | str


class RefusedError(Exception):
    """The call returns False; the message is the server's log line."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The values that reach the C function, and the error that Python raises after it, if any."""

    values: tuple[Value, ...]
    late: SystemError | None


def take(function: Function, given: tuple[object, ...]) -> Taken:
    """The values that the server takes from a call's arguments.

    Raises RefusedError where the server logs and returns False, and UnicodeEncodeError.
    """
    values: list[Value] = []
    late: SystemError | None = None
    for index, kind in enumerate(function.params):
        if index >= len(given):
            message = f"invalid number of parameters - idx: {index} argc: {len(given)}"
            raise late or RefusedError(message)
        value = given[index]
        where = f"func: {function.name} idx: {index} argc: {len(given)}"
        if kind == "str":
            if not isinstance(value, str):
                raise late or RefusedError(f"non-string parameter - {where}")
            value.encode()  # raises UnicodeEncodeError as the server does
            values.append(str(value))
        else:
            if not isinstance(value, int):
                raise late or RefusedError(f"non-number parameter - {where}")
            number = int(value)
            if not -(2**63) <= number < 2**63:
                late = SystemError(
                    f"<built-in function {function.name}> returned a result with an exception set"
                )
                number = -1
            values.append(number if kind == "long" else cut(number, 32))
    return Taken(tuple(values), late)


def cut(number: int, bits: int) -> int:
    """A number as a C integer of that many bits keeps it."""
    half = 1 << (bits - 1)
    return (number + half) % (1 << bits) - half

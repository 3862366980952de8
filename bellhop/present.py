"""What the pager asks the edge before each page: which of these devices are registered, as what,
and which may be in a call. A JSON-RPC method of the edge's own, because Kamailio's `ul.dump` tells
of all devices that are registered, whoever is asked for: 11 ms for 500 of them, before anybody is
rung.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from bellhop.addresses import ip
from bellhop.values import NUMBER

METHOD = "bellhop.present"
# One question's devices, 20 digits each at most: a request is read into a buffer of 4 kB at least
# (tcp_rd_buf_size), and all who are registered are soon told as quickly.
MOST = 150


_HOST = re.compile(r"sips?:(?:[^@]*@)?(?:\[([^\]]+)\]|([^:;?>]+))", re.IGNORECASE)


class Present(msgspec.Struct, frozen=True, array_like=True):
    """A device that is registered. user_agent: as it registered, "" where it said none; engaged:
    whether it may be in a call, so that the calls must be asked for; elsewhere: whether its Contact
    names another address than it registered from, as behind NAT.
    """

    user_agent: str = ""
    engaged: bool = True
    elsewhere: bool = False


def is_elsewhere(contact: str, received: str) -> bool:
    """Whether a binding's Contact names another address than it came from: both as usrloc has them,
    `received` "" where they agreed.
    """
    said, came = _address(contact), _address(received)
    return bool(said and came) and said != came


def _address(uri: str) -> str | None:
    found = _HOST.match(uri)
    return ip(found[1] or found[2]) if found else None


class Question(msgspec.Struct, frozen=True):
    """A JSON-RPC request. params of ours: the name of the other Asterisk, whose calls count as
    calls, too, "" where there is none; then the devices' numbers.
    """

    method: str
    params: Any = ()
    id: int | str | None = None


def asked(body: str) -> Question | None:
    """Return the question, if it is this one; None for any other method, and for what is no
    JSON-RPC of one request.
    """
    try:
        question = msgspec.json.decode(body, type=Question)
    except msgspec.MsgspecError:
        return None
    return question if question.method == METHOD else None


def parameters(question: Question) -> tuple[str, tuple[str, ...]] | None:
    """Return the other Asterisk's name and the numbers; None when these are no such things."""
    match question.params:
        case [str(other), *numbers] if len(numbers) <= MOST and all(map(_is_number, numbers)):
            return other, tuple(numbers)
        case _:
            return None


def _is_number(said: object) -> bool:
    return isinstance(said, str) and NUMBER.fullmatch(said) is not None


def answer(question: Question, found: Mapping[str, Present]) -> str:
    """Return the edge's answer, as JSON."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": question.id, "result": found}).decode()


def read(result: object, numbers: Iterable[str]) -> dict[str, Present]:
    """Return which of the numbers an answer's result has. Raises msgspec.ValidationError when it is
    none.
    """
    said = msgspec.convert(result, dict[str, Present])
    return {number: said[number] for number in numbers if number in said}

"""What a test says that Kamailio answers, and the error when it has not said it."""

from __future__ import annotations

from collections import UserDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kamailio_kemi.api import Api, Function


class NotScripted(BaseException):
    """The code under test asked something whose answer the test has not given.

    A BaseException, so that a script's ``except Exception`` cannot turn a hole in the test into a
    passing one.
    """


class ScriptError(ValueError):
    """The test says something that cannot be: no such function, or a result of a wrong type."""


class Returns(UserDict[str, Any]):
    """``returns["tm.t_relay"]`` = one value for ever, a list for one call each, or a callable.

    A callable is given the call's arguments. A name that is no KEMI function, and a value that the
    function cannot return, are refused at once.
    """

    def __init__(self, api: Api, modules: frozenset[str]) -> None:
        self._functions = {f.path: f for f in api.functions if f.module in modules}
        super().__init__()

    def __setitem__(self, path: str, answer: Any) -> None:
        if path not in self._functions:
            raise ScriptError(f"there is no KSR.{path} here")
        if isinstance(answer, list):
            for one in answer:
                _check(self._functions[path], one)
            answer = list(answer)
        elif not callable(answer):
            _check(self._functions[path], answer)
        super().__setitem__(path, answer)

    def take(self, function: Function, values: tuple[Any, ...]) -> Any:
        """The answer to this call. Raises NotScripted when a list is used up."""
        answer = self.data[function.path]
        if isinstance(answer, list):
            if not answer:
                raise NotScripted(
                    f"KSR.{function.path}{values}: the list of its answers is used up"
                )
            return answer.pop(0)
        if callable(answer):
            answer = answer(*values)
            _check(function, answer)
        return answer


def _check(function: Function, answer: Any) -> None:
    kind = type(answer)
    match function.returns:
        case "int":
            good = kind is int
        case "bool":
            good = kind is bool
        case "none":
            good = answer == 0
        case _:
            good = answer is None or kind in {int, str}
    if not good:
        raise ScriptError(
            f"KSR.{function.path} returns {function.returns}, never {answer!r} "
            "(False for wrong arguments comes by itself)"
        )

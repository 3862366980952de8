"""The module ``async``, whose name is a keyword, so that no ``KSR.async`` can be written.

    if TYPE_CHECKING:
        from KSR._async import Async
    tasks: "Async" = getattr(KSR, "async")

This file exists for type checkers only.

Generated from Kamailio 6.1.5 by ``python -m kamailio_kemi.generate``; do not edit.
"""

from typing import Protocol

class Async(Protocol):
    @staticmethod
    def get_data() -> str | int | None: ...
    @staticmethod
    def get_gname() -> str | int | None: ...
    @staticmethod
    def ms_route(p1: str, p2: int, /) -> int: ...
    @staticmethod
    def route(p1: str, p2: int, /) -> int: ...
    @staticmethod
    def task_data(p1: str, p2: str, /) -> int: ...
    @staticmethod
    def task_group_data(p1: str, p2: str, p3: str, /) -> int: ...
    @staticmethod
    def task_group_route(p1: str, p2: str, /) -> int: ...
    @staticmethod
    def task_route(p1: str, /) -> int: ...

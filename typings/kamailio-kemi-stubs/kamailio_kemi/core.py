"""Small models of the core's own functions and of those that only note something (6.1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamailio_kemi.messages import Stored

LEVELS: Final = ("dbg", "info", "notice", "warn", "err", "crit")
METHODS: Final = (
    *("INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH"),
    *("MESSAGE", "NOTIFY", "REFER", "INFO", "UPDATE", "PRACK", "KDMQ"),
)
HIGHEST_FLAG: Final = 31


def _one(*_values: Any) -> int:
    return 1


NOTES: Final[dict[str, Callable[..., Any]]] = dict.fromkeys(
    (
        "tm.t_on_failure",
        "tm.t_on_reply",
        "tm.t_on_branch",
        "tm.t_on_branch_failure",
        "tm.t_set_fr",
        "tm.t_reset_fr",
        "tm.t_set_auto_inv_100",
        "tm.t_set_max_lifetime",
        "tm.t_set_disable_6xx",
        "tm.t_set_disable_failover",
        "tm.t_set_no_e2e_cancel_reason",
    ),
    _one,
)
"""They return 1 whatever they are told; what they were told is in ``fake.calls``."""


def flags(kind: str, store: set[int]) -> dict[str, Callable[..., Any]]:
    """setflag(), resetflag(), isflagset(), or the same of "bflag"; beyond 31 they are False."""

    def change(number: int, act: Callable[[int], None]) -> bool:
        good = 0 <= number <= HIGHEST_FLAG
        if good:
            act(number)
        return good

    return {
        f"set{kind}": lambda number: change(number, store.add),
        f"reset{kind}": lambda number: change(number, store.discard),
        f"is{kind}set": lambda number: number in store,
    }


def logs(store: list[tuple[str, str]]) -> dict[str, Callable[..., Any]]:
    """KSR.info() and its like return 0, KSR.xlog's 1; an xlog text is kept unexpanded."""

    def write(level: str, text: str, result: int) -> int:
        store.append((level, text))
        return result

    models: dict[str, Callable[..., Any]] = {
        "log": lambda level, text: write(level, text, 0),
        "xlog.xlog": lambda level, text: write(level, text, 1),
    }
    for level in LEVELS:
        models[level] = lambda text, level=level: write(level, text, 0)
        models[f"xlog.x{level}"] = lambda text, level=level: write(level, text, 1)
    return models


def methods(method: Callable[[], Stored]) -> dict[str, Callable[..., Any]]:
    """is_method("INVITE|ACK") in any case of letters, and is_INVITE() and its like."""

    def matches(names: str) -> bool:
        return str(method()).upper() in names.upper().split("|")

    models: dict[str, Callable[..., Any]] = {"is_method": matches}
    for name in METHODS:
        models[f"is_{name}"] = lambda name=name: matches(name)
    return models

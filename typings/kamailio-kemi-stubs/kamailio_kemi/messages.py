"""A SIP message as far as a script sees it through KSR.pv and KSR.hdr."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamailio_kemi.scripting import NotScripted

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamailio_kemi.variables import Variables

Stored = str | bytes | int | None
"""A value as Kamailio holds it: bytes stand for text that is not UTF-8, None for null."""


@dataclass(slots=True)
class Message:
    """Headers in their order; fields by the variable that reads them ("$si": "192.0.2.1")."""

    headers: list[tuple[str, Stored]] = field(default_factory=list)
    fields: dict[str, Stored] = field(default_factory=dict)
    local: bool = False
    """A failure that no reply made: our own timer, a transport error."""

    def all(self, name: str) -> list[Stored]:
        """The values of all headers of that name, whatever its case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Headers:
    """The model of KSR.hdr (measured on 6.1.5).

    Changes are lumps: they are applied when the message is sent, so that get() and is_present()
    still see the message as it came. append(), insert() and remove() return 1 whatever they are
    given; append_to_reply("") returns -1. textops.remove_hf returns 1 always, remove_hf_re -1 when
    no name matches.
    """

    def __init__(self, variables: Variables) -> None:
        self.appended: list[str] = []
        self.removed: list[str] = []
        self.to_reply: list[str] = []
        self._variables = variables

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The model of each function, by its path."""
        return {
            "hdr.get": lambda name: self._get(name, 0, None),
            "hdr.gete": lambda name: self._get(name, 0, ""),
            "hdr.getw": lambda name: self._get(name, 0, "<null>"),
            "hdr.get_idx": lambda name, index: self._get(name, index, None),
            "hdr.gete_idx": lambda name, index: self._get(name, index, ""),
            "hdr.getw_idx": lambda name, index: self._get(name, index, "<null>"),
            "hdr.is_present": lambda name: 1 if self._variables.message.all(name) else -1,
            "hdr.append": lambda text: self._note(self.appended, text),
            "hdr.insert": lambda text: self._note(self.appended, text),
            "hdr.append_after": lambda text, _name: self._note(self.appended, text),
            "hdr.remove": lambda name: self._note(self.removed, name),
            "textops.remove_hf": lambda name: self._note(self.removed, name),
            "textops.remove_hf_re": self._remove_like,
            "hdr.append_to_reply": lambda text: self._note(self.to_reply, text) if text else -1,
        }

    def _get(self, name: str, index: int, null: str | None) -> str | int | None:
        values = self._variables.message.all(name)
        value = values[index] if -len(values) <= index < len(values) else None
        if value is None:
            return null
        return value.decode() if isinstance(value, bytes) else value

    def _remove_like(self, pattern: str) -> int:
        if "[[" in pattern or "\\" in pattern:
            raise NotScripted(f"remove_hf_re({pattern!r}): POSIX and Python may differ; script it")
        names = [name for name, _ in self._variables.message.headers]
        found = [name for name in names if re.search(pattern, name, re.IGNORECASE)]
        self.removed += found
        return 1 if found else -1

    @staticmethod
    def _note(where: list[str], text: str) -> int:
        where.append(text)
        return 1

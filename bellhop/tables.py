"""Tables of a site file to frozen dataclasses: every mistake of a table is found, not just the
first, and each is said with the path of its key.

A field says how it is read in its metadata (`read`), so the dataclass is the schema.
"""

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar

from bellhop.values import Reader, shown

T = TypeVar("T")
_TOLD = 16  # more names than that are no help in a line of error


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong: `path` is the dotted key, `what` the sentence about it.

    place: `file:line` where the reader knows it (a CSV row); else the path is looked up.
    """

    path: str
    what: str
    place: str = ""


class SiteError(Exception):
    """A site file that cannot be used; `lines` are its mistakes, one sentence each."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def key(read: Reader[Any], default: Any = MISSING, *, name: str = "") -> Any:
    """Declare a field that stands in the file; without a default it must. name: its key there,
    where that is not the field's own name.
    """
    metadata = {"read": read, "name": name}
    return (
        field(metadata=metadata)
        if default is MISSING
        else field(default=default, metadata=metadata)
    )


def unknown(given: str, known: list[str]) -> str:
    """Say that a key or name is not known, and which one was probably meant."""
    near = difflib.get_close_matches(given, known, 1)
    if near:
        return f'; did you mean "{near[0]}"?'
    if len(known) > _TOLD:
        return f"; none of the {len(known)} known is like it"
    return f"; known: {', '.join(sorted(known)) or 'none'}"


def strange(name: str, given: object, known: list[str]) -> str:
    """Say that a file's own key is no table of it: most are of one whose head stands below them."""
    if isinstance(given, Mapping | list):
        return f"no such table{unknown(name, known)}"
    return "stands before the first table; expected below one's head, like [site]"


def _required(declared: Field[Any]) -> bool:
    return declared.default is MISSING and declared.default_factory is MISSING


def read_table(
    cls: type[T], raw: object, path: str, mistakes: list[Mistake], **fixed: object
) -> T | None:
    """Build `cls` from the raw table at `path`; `fixed` are the fields that are no keys of it (the
    number of a device). Returns None, with the mistakes added, when anything is wrong.
    """
    if not isinstance(raw, Mapping):
        mistakes.append(Mistake(path, f"expected a table, got {shown(raw)}"))
        return None
    before = len(mistakes)
    declared = {
        f.metadata["name"] or f.name: f
        for f in fields(cls)  # type: ignore[arg-type]
        if "read" in f.metadata
    }
    values: dict[str, object] = dict(fixed)
    for name, given in raw.items():
        at = f"{path}.{name}" if path else name
        if name not in declared:
            mistakes.append(Mistake(at, f"no such key{unknown(name, list(declared))}"))
            continue
        try:
            values[declared[name].name] = declared[name].metadata["read"](given)
        except ValueError as error:
            mistakes.append(Mistake(at, str(error)))
    for name, one in declared.items():
        if name not in raw and _required(one):
            mistakes.append(Mistake(f"{path}.{name}" if path else name, "is missing"))
    return cls(**values) if len(mistakes) == before else None

"""The causes of ITU-T Q.850: why a call failed, as the telephone network numbers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause that Q.850 assigns: its number (1..127), its name, and the class it belongs to."""

    number: int
    name: str
    group: str

    def __str__(self) -> str:
        """As people write it: `34 No circuit/channel available`."""
        return f"{self.number} {self.name}"


def _read() -> Mapping[int, Cause]:
    path = Path(__file__).with_name("data") / "causes.tsv"
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line[:1].isdigit()]
    return MappingProxyType({int(n): Cause(int(n), name, group) for n, group, name in rows})


CAUSES: Mapping[int, Cause] = _read()


def cause(number: int | None) -> Cause | None:
    """Return the cause with this number; None when Q.850 assigns none."""
    return CAUSES.get(number) if number is not None else None


def title(number: int) -> str:
    """Return a line for people about any number that a peer may send."""
    known = CAUSES.get(number)
    return str(known) if known else f"{number} (a number that Q.850 does not assign)"

"""A site's devices from a CSV file: what a spreadsheet of horns becomes.

The first row names the columns: `number` and keys of a `[devices.NUMBER]` table; a list (`may`) is
written with blanks between its words. An empty cell is a key that is left out.
"""

import csv
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bellhop import values
from bellhop.devices import Device
from bellhop.tables import Mistake, read_table, unknown

_TEXT_KEYS = ("kind", "model", "auth_user", "dialect", "answer_timeout", "ring_timeout")
_LIST_KEYS = ("may",)


def read_devices(
    path: Path, known: Mapping[str, Any], mistakes: list[Mistake]
) -> dict[str, Device | None]:
    """Return the devices of the file by number. Adds what is wrong to `mistakes`, with the file's
    own line; `known` are the site file's devices, which must not stand here again.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        mistakes.append(Mistake("site.devices_file", f"{path}: {error.strerror}"))
        return {}
    except UnicodeDecodeError:
        mistakes.append(Mistake("site.devices_file", f"{path}: not UTF-8"))
        return {}
    rows = csv.reader(text.splitlines())
    head = [column.strip() for column in next(rows, [])]
    columns = ["number", *_TEXT_KEYS, *_LIST_KEYS]
    for column in head:
        if column not in columns:
            what = f"no such column{unknown(column, columns)}"
            mistakes.append(Mistake(column or "(empty)", what, f"{path.name}:1"))
    if "number" not in head:
        mistakes.append(Mistake("number", "the column is missing", f"{path.name}:1"))
        return {}
    found: dict[str, Device | None] = {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        place = f"{path.name}:{rows.line_num}"
        if len(row) > len(head):
            mistakes.append(Mistake("row", f"{len(row)} cells under {len(head)} columns", place))
            continue
        cells = {c: v.strip() for c, v in zip(head, row, strict=False) if v.strip()}
        number = cells.pop("number", "")
        before = len(mistakes)
        _check_number(number, known, found, mistakes)
        raw = {c: v.split() if c in _LIST_KEYS else v for c, v in cells.items() if c in columns}
        found[number] = read_table(Device, raw, "", mistakes, number=number)
        mistakes[before:] = [replace(m, place=place) for m in mistakes[before:]]
    return found


def _check_number(
    number: str, known: Mapping[str, Any], found: Mapping[str, Any], mistakes: list[Mistake]
) -> None:
    try:
        values.number(number)
    except ValueError as error:
        mistakes.append(Mistake("number", str(error)))
    if number in known or number in found:
        mistakes.append(Mistake("number", f"{number} is a device already"))


# A key of Device that this file forgot would silently be no column.
assert {f.name for f in fields(Device) if "read" in f.metadata} == {*_TEXT_KEYS, *_LIST_KEYS}  # noqa: S101

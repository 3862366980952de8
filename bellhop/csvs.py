"""A site's devices from a CSV file: what a spreadsheet of horns becomes.

The first row that is not empty names the columns: `number` and keys of a `[devices.NUMBER]` table;
a list (`may`) is written with blanks between its words. An empty cell is a key that is left out.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bellhop import values
from bellhop.devices import Device
from bellhop.tables import Mistake, read_table, unknown

_TEXT_KEYS = ("kind", "model", "auth_user", "dialect", "answer_timeout", "ring_timeout", "vapix")
_LIST_KEYS = ("may",)
_COLUMNS = ["number", *_TEXT_KEYS, *_LIST_KEYS]


def read_devices(
    path: Path, known: Mapping[str, Any], mistakes: list[Mistake]
) -> dict[str, tuple[str, Device | None]]:
    """Return the devices of the file by number, each with its place, `file:line`. Adds what is
    wrong to `mistakes`; `known` are the site file's devices, which must not stand here again.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        mistakes.append(Mistake("site.devices_file", f"{path}: {error.strerror}"))
        return {}
    except UnicodeDecodeError:
        mistakes.append(Mistake("site.devices_file", f"{path}: not UTF-8; save the file as UTF-8"))
        return {}
    found: dict[str, tuple[str, Device | None]] = {}
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        _rows(rows, path.name, known, found, mistakes)
    except csv.Error as error:
        mistakes.append(Mistake("row", str(error), f"{path.name}:{rows.line_num}"))
    return found


def _head(row: list[str], place: str, mistakes: list[Mistake]) -> list[str]:
    head = [column.strip() for column in row]
    if len(head) == 1 and ";" in head[0]:
        what = "expected commas between the columns, got semicolons"
        mistakes.append(Mistake("number", what, place))
        return []
    for before, column in enumerate(head):
        if column not in _COLUMNS:
            what = f"no such column{unknown(column, _COLUMNS)}"
            mistakes.append(Mistake(column or "(empty)", what, place))
        elif column in head[:before]:
            mistakes.append(Mistake(column, "the column stands there twice", place))
    if "number" not in head:
        mistakes.append(Mistake("number", "the column is missing", place))
    return head


def _rows(
    rows: Any,
    file: str,
    known: Mapping[str, Any],
    found: dict[str, tuple[str, Device | None]],
    mistakes: list[Mistake],
) -> None:
    first: list[str] = next(filter(_filled, rows), [])
    head = _head(first, f"{file}:{rows.line_num or 1}", mistakes)
    if "number" not in head:
        return
    for row in filter(_filled, rows):
        place = f"{file}:{rows.line_num}"
        if len(row) > len(head):
            mistakes.append(Mistake("row", f"{len(row)} cells under {len(head)} columns", place))
            continue
        cells = {
            c: v.strip() for c, v in zip(head, row, strict=False) if c in _COLUMNS and v.strip()
        }
        number = cells.pop("number", "")
        before = len(mistakes)
        _check_number(number, known, found, mistakes)
        raw = {c: v.split() if c in _LIST_KEYS else v for c, v in cells.items()}
        device = read_table(Device, raw, "", mistakes, number=number)
        if number not in known:  # the first one of a number stays, for what else is wrong with it
            found.setdefault(number, (place, device))
        mistakes[before:] = [replace(m, place=place) for m in mistakes[before:]]


def _filled(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


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

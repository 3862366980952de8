"""Where a key stands in a TOML file. The standard library's parser forgets lines; an error that
names the line is worth this small scan, which runs only over text that parsed as TOML already.

Paths are dotted, arrays of tables counted from 1: `carriers.north.profile`, `routes[2].prefix`.
"""

import re

_HEADER = re.compile(r"\s*\[(\[)?\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(
    r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r"""\s*("[^"]*"|'[^']*'|[^.\s]+)\s*(?:\.|$)""")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*''',
    re.DOTALL,
)


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _blanked(text: str) -> str:
    """Multi-line values and comments emptied with their line breaks kept, so that what stands in
    them is never taken for a key.
    """

    def blank(found: re.Match[str]) -> str:
        token = found[0]
        return "\n" * token.count("\n") if "\n" in token or token.startswith("#") else token

    return _STRING.sub(blank, text)


def locate(text: str) -> dict[str, int]:
    """Line numbers (from 1) by dotted path, of every table header and key in the text."""
    places: dict[str, int] = {}
    counts: dict[str, int] = {}
    table: list[str] = []
    depth = 0  # open brackets of a value that runs over several lines
    for line_number, line in enumerate(_blanked(text).split("\n"), 1):
        if depth == 0 and (header := _HEADER.match(line)):
            table = _parts(header[2])
            for upto in range(1, len(table) + 1):  # [carriers.north] is where carriers begins too
                places.setdefault(".".join(table[:upto]), line_number)
            if header[1]:
                path = ".".join(table)
                counts[path] = counts.get(path, 0) + 1
                table[-1] += f"[{counts[path]}]"
                places.setdefault(".".join(table), line_number)
            continue
        value = line
        if depth == 0 and (key := _KEY.match(line)):
            whole = [*table, *_parts(key[1])]
            for upto in range(len(table) + 1, len(whole) + 1):
                places.setdefault(".".join(whole[:upto]), line_number)
            value = line[key.end() :]
        bare = re.sub(r""""(?:\\.|[^"\\])*"|'[^']*'""", "", value)
        depth = max(0, depth + sum(map(bare.count, "[{")) - sum(map(bare.count, "]}")))
    return places


def line_of(places: dict[str, int], path: str) -> int:
    """The line of the path, or of the nearest table around it that has one; else 1."""
    while path:
        if path in places:
            return places[path]
        # A list of inline tables has no header of its own: routes[2] stands at routes.
        path = path.rpartition("[" if path.endswith("]") else ".")[0]
    return 1

"""What is wrong with a file that is no TOML, with the line that it is in: the parser alone says
"invalid value", and that helps nobody who forgot the quotes.
"""

import re
import tomllib
import unicodedata

from bellhop.values import printable

_PLACE = re.compile(r"\s*\(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)$")
_TWICE = re.compile(r"Cannot declare .* twice|Cannot overwrite a value")
_NO_VALUE = re.compile(r"Invalid value|Expected newline or end of document after a statement")
# A key, and a value that begins as no text, list or table does.
_BARE = re.compile(r"""[\w."'-]+\s*=\s*(?P<value>[^\s"'\[{#][^#]{0,40}?)\s*(?:#.*)?""")
# What the parser calls it, and what its writer would.
_PLAIN = {
    "Illegal character '\\n'": "a text without its last quote",
    "Unterminated string": "a text without its last quote",
    'Expected "\'"': "a text without its last quote",
    "Unclosed array": 'expected "," or "]" in a list',
    "Unclosed inline table": 'expected "," or "}" in a table',
    "Unescaped '\\' in a string": 'a "\\" in a text is written twice',
}
_CURLY = "\u201c\u201d\u201e\u2018\u2019"  # word processors write them
_BOOLEANS = {"true", "false", "yes", "no", "on", "off"}
_LONGEST = 60


def mistake(file: str, text: str, error: tomllib.TOMLDecodeError) -> str:
    """Return the sentence about it: file, line, what is wrong, and what stands in that line."""
    what = _PLACE.sub("", str(error))
    found = _PLACE.search(str(error))
    said = _PLAIN.get(what, what[:1].lower() + what[1:])
    said = "it is there twice" if _TWICE.fullmatch(what) else said
    if not found or not found["line"]:  # the end of the file
        return f"{file}:{text.count(chr(10)) + 1}: not TOML: {said}"
    line = text.split("\n")[int(found["line"]) - 1].strip()
    shown = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    hint = _blank(line) or (_hint(line) if _NO_VALUE.fullmatch(what) else "")
    return printable(f"{file}:{found['line']}: not TOML: {said}: {shown}{hint}")


def _hint(line: str) -> str:
    found = _BARE.fullmatch(line)
    value = found["value"].strip(_CURLY) if found else ""
    if value.lower() in _BOOLEANS:
        return "; expected true or false"
    return f'; expected quotes, if it is a text: "{value}"' if value else ""


def _blank(line: str) -> str:
    """Tell of a character that only looks like a blank, or like nothing: web pages have them."""
    for one in re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line):
        if unicodedata.category(one) in {"Zs", "Cf"} and one != " ":
            return f"; U+{ord(one):04X} stands there, which is no blank of TOML's"
    return ""

"""The Reason header (RFC 3326, RFC 6432, RFC 8606): from the wire to values.

Reading never fails: whatever a peer sends, what can be understood is returned, in time linear in
its length. Carriers write this header badly, so the reader tolerates what RFC 3326 does not allow
but what has been seen: quotes around a number, no quotes around a text, a quote never closed,
leading zeros, stray commas.

`text` is the peer's own: escape it before it goes into a log line, a header or a terminal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

# RFC 8606: the sixteen codings of Q.850's location and what they mean.
LOCATIONS: Mapping[str, str] = MappingProxyType(
    {
        "U": "user",
        "LPN": "private network serving the local user",
        "LN": "public network serving the local user",
        "TN": "transit network",
        "RLN": "public network serving the remote user",
        "RPN": "private network serving the remote user",
        "LOC-6": "spare",
        "INTL": "international network",
        "LOC-8": "spare",
        "LOC-9": "spare",
        "BI": "network beyond the interworking point",
        "LOC-11": "spare",
        "LOC-12": "reserved for national use",
        "LOC-13": "reserved for national use",
        "LOC-14": "reserved for national use",
        "LOC-15": "reserved for national use",
    }
)
# What a site may say of the Reason that a caller gets (bellhop/finals.py has what each means).
POLICIES = ("relay", "rewrite", "add", "none")
CAUSES = range(1, 128)  # Q.850 numbers that a cause can have: seven bits, and 0 is none
# RFC 9366 allows one value per protocol, STIR aside; more than this in one message is noise.
MAX_VALUES = 64
# Real ones have some hundred letters; 30 kB of commas took a worker 20 ms.
LONGEST = 8192

_REPEATED = 200  # letters; a longer header is not remembered
_SPELLING = {"sip": "SIP", "q.850": "Q.850"}
_MAX_DIGITS = 9  # of a cause of another protocol; int() refuses numbers beyond 4300 digits

# Possessive, and a missing last quote is no failure, so nothing here ever backtracks.
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.?)*+)"?', re.DOTALL)
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[,;]|[^",;]++', re.DOTALL)
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"[^ \t]*")
_DIGITS = re.compile(r"0*+([0-9]*+)", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}", re.ASCII)
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ReasonValue:
    """One value of a Reason header.

    protocol: as on the wire, but `SIP` and `Q.850` in this spelling whatever their case.
    cause: None when there is no number in it, and for Q.850 when it is not 1..127.
    text: without its quotes and escapes; None when there is none.
    location: of RFC 8606's closed set, in capitals; None elsewhere, and beside any but Q.850.
    """

    protocol: str
    cause: int | None
    text: str | None
    location: str | None

    def header(self) -> str:
        """Return the value as it goes into a Reason header.

        ValueError when it has no place there: what does not match is refused, not cleaned.
        """
        if not _TOKEN.fullmatch(self.protocol):
            raise ValueError(f"expected a token as the protocol, got {self.protocol!r}")
        if self.text is not None and _UNSENDABLE.search(self.text):
            raise ValueError(f"expected a text without control characters, got {self.text!r}")
        parts = [self.protocol]
        if self.cause is not None:
            parts.append(f"cause={self.cause}")
        if self.text is not None:
            escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'text="{escaped}"')
        if self.location is not None:
            parts.append(f"location={self.location}")
        return ";".join(parts)


@dataclass(frozen=True, slots=True)
class Q850:
    """What the Q.850 values of one message say together.

    conflicting: two valid causes differ, so none of them is believed and `cause` is None.
    """

    cause: int | None = None
    location: str | None = None
    conflicting: bool = False


def parse(header: str | Iterable[str]) -> tuple[ReasonValue, ...]:
    """Return the values of a Reason header's body, or of several lines of it, in their order.

    Never raises. At most MAX_VALUES are returned, and LONGEST letters read. A value without a
    protocol, or one that begins with a quote, is dropped; of a repeated parameter the first counts.
    """
    lines = (header,) if isinstance(header, str) else header
    found: list[ReasonValue] = []
    left = LONGEST
    for line in lines:
        _read_line(line[:left], found)
        left -= len(line)
        if len(found) >= MAX_VALUES or left <= 0:
            break
    return tuple(found)


def said(*lines: str) -> Q850:
    """Return what the Q.850 values of a header's lines say together; what carriers repeat is
    remembered.
    """
    return _remembered(lines) if sum(map(len, lines)) <= _REPEATED else q850(parse(lines))


# Carriers have a few texts; a peer that makes up others costs time, and a bounded part of memory.
@lru_cache(maxsize=1024)
def _remembered(lines: tuple[str, ...]) -> Q850:
    return q850(parse(lines))


def q850(values: Iterable[ReasonValue]) -> Q850:
    """Return the one Q.850 cause of a message.

    Q.850 defines no second value (RFC 9366), so two that differ are malformed and say nothing.
    One cause given twice keeps its location unless the two locations differ.
    """
    valid = [v for v in values if v.protocol == "Q.850" and v.cause is not None]
    if not valid:
        return Q850()
    if len({v.cause for v in valid}) > 1:
        return Q850(conflicting=True)
    places = {v.location for v in valid if v.location is not None}
    return Q850(valid[0].cause, places.pop() if len(places) == 1 else None)


def _read_line(line: str, found: list[ReasonValue]) -> None:
    value: list[list[str]] = [[]]  # its parts between semicolons, each still in tokens
    for piece in _TOKENS.findall(_unfold(line)):
        if piece == ",":
            _keep(value, found)
            if len(found) >= MAX_VALUES:
                return
            value = [[]]
        elif piece == ";":
            value.append([])
        else:
            value[-1].append(piece)
    _keep(value, found)


def _unfold(line: str) -> str:
    """Make a folded line one line (RFC 3261 s7.3.1).

    A bare CR or LF is taken for a fold as well, so that no text ever holds one.
    """
    return " ".join(part.strip(" \t") for part in _LINE_END.split(line))


def _keep(value: list[list[str]], found: list[ReasonValue]) -> None:
    protocol = _word("".join(value[0]).strip(" \t"))
    if not protocol or protocol.startswith('"'):
        return
    protocol = _SPELLING.get(protocol.lower(), protocol)
    given: dict[str, str] = {}
    for tokens in value[1:]:
        name, equals, content = "".join(tokens).partition("=")
        if equals:
            given.setdefault(name.strip(" \t").lower(), content.strip(" \t"))
    place = _content(given.get("location", "")).strip(" \t").upper()
    found.append(
        ReasonValue(
            protocol=protocol,
            cause=_cause(protocol, _content(given.get("cause", "")).strip(" \t")),
            text=_content(given["text"]) if given.get("text") else None,
            location=place if protocol == "Q.850" and place in LOCATIONS else None,
        )
    )


def _word(text: str) -> str:
    """Return what stands before the first blank."""
    found = _WORD.match(text)
    return found[0] if found else ""


def _content(raw: str) -> str:
    """Return a parameter's content: a quoted string without quotes and escapes, or one word."""
    quoted = _QUOTED.match(raw)
    return _ESCAPE.sub(r"\1", quoted[1]) if quoted else _word(raw)


def _cause(protocol: str, digits: str) -> int | None:
    found = _DIGITS.fullmatch(digits)
    if not digits or not found or len(found[1]) > _MAX_DIGITS:
        return None
    number = int(found[1] or "0")
    return number if protocol != "Q.850" or number in CAUSES else None

"""The recursion policy as data: `data/recursion.tsv`, read once, checked while it is read.

Its rows are asked in their order; `rows` returns those that a code and a cause can come to.

Columns: step, codes, causes, when, verdict, rule, why, source.
codes: `*`, or codes and classes (`480`, `4xx`; `other` is no SIP code at all).
causes: `*` (whatever the cause, or none), or numbers.
when: words that must all be true (WORDS): of the attempt, and the profile's settings as a site file
has them (`refine_5xx=true`); `location=U,RPN` is true for any of the places listed.
verdict: advance, stop, redirect, or `code`: the cause says nothing here, the rows below decide.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bellhop import profiles
from bellhop.reason import LOCATIONS

CODE_DECIDES = "code"
VERDICTS = ("advance", "stop", "redirect", CODE_DECIDES)
WORDS = (
    "cancelled",
    "no-final-reply",
    "rang",
    "both-stop",
    "both-advance",
    "code-stops",
    "code-advances",
    "cause-stops",
    "cause-advances",
    "code-again",
    "cause-again",
    *sorted(profiles.WORDS),
)
_BY_PROFILE = "profile: "
SIP_CODES = range(100, 700)
_CODES_STEP = 8  # where the cause is asked


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of the policy. Empty `codes`, `causes`, `when`, `places` mean: any."""

    step: int
    codes: frozenset[str]
    causes: frozenset[int]
    when: frozenset[str]
    places: frozenset[str]
    verdict: str
    rule: str
    why: str
    source: str

    @property
    def asks_cause(self) -> bool:
        """Whether the cause has been asked by the time that this row is read."""
        return self.step == _CODES_STEP

    @property
    def setting(self) -> str:
        """The key of a profile that this row follows; empty when it follows none."""
        return self.source.removeprefix(_BY_PROFILE) if self.source.startswith(_BY_PROFILE) else ""

    def speaks_of(self, code: int | None, cause: int | None) -> bool:
        """Whether this row is about the code and the cause."""
        return (not self.codes or bool(self.codes & _spellings(code))) and (
            not self.causes or cause in self.causes
        )

    def holds(self, facts: AbstractSet[str]) -> bool:
        """Whether what it asks for besides is true."""
        return self.when <= facts and (not self.places or bool(self.places & facts))


def _spellings(code: int | None) -> frozenset[str]:
    if code is None:
        return frozenset()
    if code not in SIP_CODES:
        return frozenset(("other",))
    return frozenset((str(code), f"{code // 100}xx"))


def _row(line: str) -> Row:
    step, codes, causes, when, verdict, rule, why, source = line.split("\t")
    words = when.split() if when != "-" else []
    places = [word.removeprefix("location=") for word in words if word.startswith("location=")]
    row = Row(
        step=int(step),
        codes=frozenset(() if codes == "*" else codes.split(",")),
        causes=frozenset(() if causes == "*" else map(int, causes.split(","))),
        when=frozenset(word for word in words if not word.startswith("location=")),
        places=frozenset(f"location={p}" for place in places for p in place.split(",")),
        verdict=verdict,
        rule=rule,
        why=why,
        source=source,
    )
    if verdict not in VERDICTS or not row.when <= set(WORDS) or not (rule and why and source):
        raise ValueError(f"recursion.tsv: not a row of the policy: {line!r}")
    if not row.places <= {f"location={place}" for place in LOCATIONS}:
        raise ValueError(f"recursion.tsv: not a location of RFC 8606: {line!r}")
    return row


def read(text: str) -> tuple[Row, ...]:
    """Return the rows of a policy; ValueError when it is not one, or leaves a failure undecided."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = tuple(_row(line) for line in lines[1:])
    last = rows[-1]
    if last.codes or last.causes or last.when or last.places or last.verdict == CODE_DECIDES:
        raise ValueError("recursion.tsv: the last row must fit every failure")
    return rows


ROWS = read((Path(__file__).with_name("data") / "recursion.tsv").read_text("utf-8"))

CAUSES = frozenset(cause for row in ROWS for cause in row.causes)


# As many pairs as carriers send in practice; a peer that makes up others costs time, not memory.
@lru_cache(maxsize=4096)
def rows(code: int | None, cause: int | None) -> tuple[Row, ...]:
    """Return the rows that speak of this code and cause, in their order."""
    return tuple(row for row in ROWS if row.speaks_of(code, cause))

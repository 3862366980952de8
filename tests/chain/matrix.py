"""What each failure must lead to, written by hand from the article and the design's order of
decision, and not from the policy's data: the matrix is what that data is tested against.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

# IANA's registry of SIP response codes, 3xx to 6xx, and seven that it does not have.
REGISTERED = (
    300, 301, 302, 305, 380,
    400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 412, 413, 414, 415, 416, 417, 420, 421, 422,
    423, 424, 425, 428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484,
    485, 486, 487, 488, 489, 491, 493, 494,
    500, 501, 502, 503, 504, 505, 513, 555, 580,
    600, 603, 604, 606, 607, 608,
)  # fmt: skip
UNKNOWN = (399, 409, 411, 499, 599, 699)
CODES = tuple(sorted(REGISTERED + UNKNOWN))

# What stands beside a code, by the name of its column below: the Q.850 causes.
NOTHING, ECHO, HELP, NOBODY, CONFLICT = (), (16,), (34,), (17,), (17, 34)

# After a failure: the `next` carrier, `stop`, or the caller is `moved` (a 3xx's Contact is told).
# said: no cause, 16 (an echo), or 17 and 34 at once (two that differ), so the code is all there is.
# 34: no circuit, another carrier has one. 17: the callee is busy by any carrier.
_TABLE = """
codes                           said    said+rang  34      34+rang  17      17+rang
3xx                             moved   moved      moved   moved    moved   moved
5xx                             next    next       next    next     next    next
6xx                             stop    stop       stop    stop     stop    stop
401 407 481 482 484 485 486     stop    stop       stop    stop     stop    stop
408 480                         next    stop       next    next     stop    stop
410 487 428 436 437 438         stop    stop       next    next     stop    stop
4xx                             next    next       next    next     stop    stop
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One failure. failing: how many carriers, from the first, fail so; the others answer."""

    code: int
    causes: tuple[int, ...]
    rang: bool
    failing: int = 1

    @property
    def dialled(self) -> str:
        """Return the number that has carrier/does-as-dialled do this."""
        one, two = (*self.causes, 0, 0)[:2]
        return f"44{self.code}{one:02}{two:02}{int(self.rang)}{self.failing}"

    @property
    def reason(self) -> str:
        """Return the body of the Reason header beside the code; "" when there is none."""
        return ", ".join(f"Q.850;cause={cause}" for cause in self.causes)

    def __str__(self) -> str:
        """As a failed assertion has it."""
        rang = " after 180" if self.rang else ""
        return f"{self.code} {self.reason or 'alone'}{rang} by {self.failing}"


def cases() -> Iterator[Case]:
    """Yield every code with every kind of cause, after ringing and not."""
    kinds = (NOTHING, ECHO, HELP, NOBODY, CONFLICT)
    for code, causes, rang in itertools.product(CODES, kinds, (False, True)):
        yield Case(code, causes, rang)


def outcome(case: Case) -> str:
    """Return what the first carrier's failure must lead to: next, stop or moved."""
    said = f"{case.causes[0]}" if case.causes in {HELP, NOBODY} else "said"
    return _rows()[case.code][said + ("+rang" if case.rang else "")]


def _rows() -> dict[int, dict[str, str]]:
    head, *lines = [line.split() for line in _TABLE.strip().splitlines()]
    columns = head[1:]
    rows: dict[int, dict[str, str]] = {}
    for line in lines:
        cells = dict(zip(columns, line[-len(columns) :], strict=True))
        for cell in line[: -len(columns)]:
            whole = [c for c in CODES if cell == str(c) or cell == f"{c // 100}xx"]
            rows |= {code: cells for code in whole if code not in rows or cell.isdigit()}
    return rows


# A second carrier that says the same, or fails after another one did: who is tried, and what is told.
REPEATED = {
    Case(400, NOTHING, rang=False, failing=2): (2, 400),
    Case(483, NOTHING, rang=False, failing=2): (2, 483),
    Case(488, HELP, rang=False, failing=2): (2, 488),
    Case(480, (27,), rang=False, failing=2): (2, 480),
    Case(404, NOTHING, rang=False, failing=2): (3, 200),
    Case(480, HELP, rang=False, failing=2): (3, 200),
    Case(503, HELP, rang=True, failing=2): (3, 200),
    Case(503, HELP, rang=False, failing=3): (3, 503),
    Case(404, (16,), rang=True, failing=3): (3, 404),
}

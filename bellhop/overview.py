"""The whole policy under a profile as Markdown: what each code and each cause beside it lead to.

Nothing here knows a rule: every cell is what `decide` says.
"""

from collections.abc import Iterable, Iterator, Sequence

from bellhop import causes, finals, policy
from bellhop.profiles import Profile
from bellhop.recursion import Failure, decide

_BEGIN = "<!-- written by `bellhop policy`: begin -->"
_END = "<!-- written by `bellhop policy`: end -->"

_OTHER = 499  # stands for every 4xx that nobody registered, as 399, 599 and 699 for their classes
_UNASSIGNED = 52  # stands for every number that Q.850 does not assign
_CODES = (*sorted(code for code in finals.CODES if code >= 300), 399, _OTHER, 599, 699)
_CAUSES = (None, *sorted(causes.CAUSES), _UNASSIGNED)
_NOT_CODES = (
    ("the caller gave up", Failure(487, cancelled=True)),
    ("no final reply, and it rang", Failure(None, replied=False, rang=True)),
    ("no final reply, and it did not ring", Failure(None, replied=False)),
)

Said = tuple[int | None, str]  # a cause, and its location or ""


def markdown(profile: Profile) -> str:
    """Return the tables: codes that decide alone, causes beside the others, why each cause does."""
    cells = {code: _column(code, profile) for code in _CODES}
    alone = [code for code in _CODES if len(set(cells[code].values())) == 1]
    groups: dict[tuple[str, ...], list[int]] = {}
    for code in _CODES:
        if code not in alone:
            groups.setdefault(tuple(cells[code].values()), []).append(code)
    columns = sorted(groups.values(), key=lambda codes: (_OTHER in codes, codes))
    parts = [_alone(alone, cells, profile)]
    if columns:
        parts += [_beside(columns, cells), _each()]
    return "\n".join(parts)


def written_into(text: str, table: str) -> str:
    """Return a document with the table between its marks; ValueError when it has none."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"expected the lines {_BEGIN} and {_END}")
    return f"{before}{begin}\n\n{table}\n{end}{after}"


def _column(code: int, profile: Profile) -> dict[Said, str]:
    """Return what a code leads to beside each cause."""
    column = {}
    for cause in _CAUSES:
        plain = _cell(code, cause, None, profile)
        column[(cause, "")] = plain
        for place in _places(profile) if cause is not None else ():
            column[(cause, place)] = _cell(code, cause, place, profile)
    return column


def _places(profile: Profile) -> list[str]:
    listed = {key.partition("@")[2] for key in (*profile.causes, *profile.codes)} - {""}
    policys = {word.removeprefix("location=") for row in policy.ROWS for word in row.places}
    return sorted(listed | policys)


def _cell(code: int, cause: int | None, place: str | None, profile: Profile) -> str:
    """Return one cell: the verdict, and what of ringing and an earlier attempt changes it."""

    def said(*, rang: bool, again: bool) -> str:
        failure = Failure(code, cause=cause, location=place, rang=rang)
        return decide(failure, profile, [failure] if again else []).verdict.value

    first, rang = said(rang=False, again=False), said(rang=True, again=False)
    again = said(rang=False, again=True)
    text = first if again == first else f"{first} once"
    return text if rang == first else f"{text}, {rang} if it rang"


def _alone(codes: Sequence[int], cells: dict[int, dict[Said, str]], profile: Profile) -> str:
    rows: dict[tuple[str, str, str], list[int]] = {}
    for code in codes:
        decision = decide(Failure(code), profile)
        cell = cells[code][(None, "")]
        rows.setdefault((cell, decision.rule, decision.source), []).append(code)
    lines = [(what, decide(failure, profile)) for what, failure in _NOT_CODES]
    return _table(
        ("what came", "then", "rule", "source"),
        [
            *((what, d.verdict.value, f"`{d.rule}`", d.source) for what, d in lines),
            *(
                (_codes(group), cell, f"`{rule}`", source)
                for (cell, rule, source), group in rows.items()
            ),
        ],
    )


def _beside(columns: Sequence[Sequence[int]], cells: dict[int, dict[Said, str]]) -> str:
    rows: dict[tuple[str, ...], list[Said]] = {}
    for cause, place in cells[_OTHER]:
        row = tuple(cells[column[0]][(cause, place)] for column in columns)
        # A location that changes nothing has no row of its own.
        if place and row == tuple(cells[column[0]][(cause, "")] for column in columns):
            continue
        rows.setdefault(row, []).append((cause, place))
    return _table(
        ("cause", *(_codes(column) for column in columns)),
        [(_said(group), *row) for row, group in rows.items()],
    )


def _each() -> str:
    """Return each cause with the first thing that is said of it, whatever the code."""
    return _table(
        ("cause", "name", "what it tells"),
        [(str(n), known.name, "; else ".join(_told(n))) for n, known in causes.CAUSES.items()],
    )


def _told(cause: int) -> Iterator[str]:
    for row in policy.ROWS:
        if row.asks_cause and cause in row.causes:
            beside = " or ".join(sorted(row.codes))
            where = f"beside {beside}, " if beside else ""
            if row.places:
                places = sorted(word.removeprefix("location=") for word in row.places)
                where += f"from {', '.join(places)}, "
            if "rang" in row.when:
                where += "after an 18x, "
            if "cause-again" in row.when:
                where += "again, "
            verdict = "the code decides" if row.verdict == policy.CODE_DECIDES else row.verdict
            yield f"{where}{verdict}: {row.why.replace('{code}', beside)}"


def _said(group: Iterable[Said]) -> str:
    """Return the causes of a row, those with a location after those without."""
    group = list(group)
    plain = [cause for cause, place in group if cause is not None and not place]
    parts = ["none"] if (None, "") in group else []
    parts += [_ranges([n for n in plain if n != _UNASSIGNED])] if plain else []
    parts += ["any that Q.850 does not assign"] if _UNASSIGNED in plain else []
    places: dict[int, list[str]] = {}
    for cause, place in group:
        if cause is not None and place:
            places.setdefault(cause, []).append(place)
    parts += [f"{cause} from {', '.join(its)}" for cause, its in places.items()]
    return ", ".join(part for part in parts if part)


def _codes(group: Sequence[int]) -> str:
    """Return codes as people say them: a whole class by its name, the unregistered as `other`."""
    parts = []
    for hundred in range(3, 7):
        mine = [code for code in group if code // 100 == hundred]
        whole = [code for code in _CODES if code // 100 == hundred]
        other = [code for code in mine if code not in finals.CODES]
        if mine == whole:
            parts.append(f"{hundred}xx")
        elif other:
            parts.append(f"any other {hundred}xx")
        elif mine:
            parts.append(_ranges(mine))
    return ", ".join(parts)


def _ranges(numbers: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run))  # noqa: RUF001
        for run in runs
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"

"""The table of the whole policy: what it says is what is decided, and the document has it."""

import re
from pathlib import Path

import pytest

from bellhop import cli, finals
from bellhop.causes import CAUSES
from bellhop.overview import markdown, written_into
from bellhop.profiles import BUILT_IN, CARRIER, Entry, Profile

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "recursion.md"


def tables(text):
    """Return the tables of a Markdown text, each as rows of cells without its head's rule."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    rows = [[[c.strip() for c in line[1:-1].split("|")] for line in block] for block in blocks]
    return [[table[0], *table[2:]] for table in rows]


def numbers(cell):
    found = set()
    for first, last in re.findall(r"\b([0-9]+)(?:–([0-9]+))?", re.sub("[0-9]xx", "", cell)):  # noqa: RUF001
        found |= set(range(int(first), int(last or first) + 1))
    return found


@pytest.fixture(scope="module")
def plain():
    return markdown(CARRIER)


def test_the_document_has_the_policy_as_it_is(plain):
    text = DOCUMENT.read_text("utf-8")
    expected = written_into(text, plain)
    assert text == expected, "bellhop policy --into docs/recursion.md writes it again"


def test_every_code_is_in_one_place(plain):
    first, second, _ = tables(plain)
    cells = [row[0] for row in first[1:]] + second[0][1:]
    said = [number for cell in cells for number in numbers(cell)]
    whole = {hundred for cell in cells for hundred in re.findall("([3-6])xx", cell)}
    registered = {c for c in finals.CODES if c >= 300}
    assert len(said) == len(set(said))
    assert whole == {"3", "4", "5", "6"}  # 4xx as "any other"
    listed = {c for c in registered if 400 <= c < 500} - set(said)
    assert not listed & {401, 404, 408, 410, 480, 486, 487, 488}


def test_every_cause_is_in_one_row_and_has_its_why(plain):
    _, second, third = tables(plain)
    rows = [re.sub("[0-9]+ from [A-Z, ]+|Q.850", "", row[0]) for row in second[1:]]
    said = [number for row in rows for number in numbers(row)]
    assert sorted(said) == sorted(CAUSES)
    assert [int(row[0]) for row in third[1:]] == list(CAUSES)
    assert all(row[2] for row in third[1:])


@pytest.mark.parametrize(
    ("cause", "code", "cell"),
    [
        ("none, 1, 16", "404", "advance"),
        ("none, 1, 16", "408, 480", "advance, stop if it rang"),
        ("none, 1, 16", "400, 483", "advance once"),
        ("4, 5, 17", "488", "stop"),
        ("2, 3", "410, 428", "advance"),
        ("26", "404", "advance"),
        ("27", "any other 4xx", "advance once"),
        ("88", "488", "advance once"),
    ],
)
def test_a_cell_says_what_is_decided(plain, cause, code, cell):
    _, second, _ = tables(plain)
    column = next(i for i, head in enumerate(second[0]) if head.startswith(code))
    [row] = [row for row in second[1:] if row[0].startswith(cause)]
    assert row[column] == cell


def test_a_profile_has_its_own_tables():
    blind = tables(markdown(BUILT_IN["server-failures"]))
    assert len(blind) == 1  # no cause is ever asked
    first, second, _ = tables(markdown(Profile(name="x", refine_5xx=True, trust_6xx=False)))
    assert "5xx" in second[0]
    assert any("any other 6xx" in head for head in second[0])
    assert not any("5xx" in row[0] or "6xx" in row[0] for row in first)


def test_a_location_that_a_profile_names_has_its_row(plain):
    listed = Profile(name="x", causes={"3@INTL": Entry("stop", "profile x: stop_causes")})
    _, second, _ = tables(markdown(listed))
    assert [row[0] for row in second if "3 from INTL" in row[0]]
    assert not [row for row in tables(plain)[1] if "INTL" in row[0]]


def test_the_verb_prints_the_tables_or_writes_them_into_a_document(plain, capsys, tmp_path):
    assert cli.run(["policy"]) == 0
    printed = capsys.readouterr().out
    assert printed == plain
    file = tmp_path / "doc.md"
    marks = re.findall("<!--.*-->", DOCUMENT.read_text("utf-8"))
    file.write_text(f"a\n{marks[0]}\nold\n{marks[1]}\nz\n")
    assert cli.run(["policy", "--into", str(file)]) == 0
    assert file.read_text() == f"a\n{marks[0]}\n\n{printed}\n{marks[1]}\nz\n"
    file.write_text("no marks")
    assert cli.run(["policy", "--into", str(file)]) == 1
    assert file.read_text() == "no marks"


def test_a_document_that_cannot_be_written_is_told_with_its_name(capsys, tmp_path, monkeypatch):
    file = tmp_path / "doc.md"
    file.write_text("\n".join(re.findall("<!--.*-->", DOCUMENT.read_text("utf-8"))))

    def refused(self, *_):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "write_text", refused)
    assert cli.run(["policy", "--into", str(file)]) == 1
    assert capsys.readouterr().err == f"bellhop: {file}: Permission denied\n"

"""What is no site file, or not even a text: told with its line where there is one, and never a
traceback.
"""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.conftest import GOOD, changed, line_of

quiet = settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("schema = 1\n[site\n", 2),
        ("schema = 1\n\n[site]\nname = oops\n", 4),
        ("schema = 1\nschema = 2\n", 2),
        ('schema = 1\n[site]\nname = "a"\n[site]\n', 4),
        ('a = """never closed\n\n', 3),
        ("schema = 1\nx = [1,\n2,\n", 4),
        ("a = 1\r\nb = \r\n", 2),
        ("a = 2026-13-40\n", 1),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(told, text, line):
    (said,) = told(text)
    assert said.startswith(f"site.toml:{line}: not TOML: ")
    assert "(at" not in said


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("kind = speaker", 'invalid value: kind = speaker; expected quotes, if it is a text: "speaker"'),
        ("prefix = 044  # UK", 'prefix = 044  # UK; expected quotes, if it is a text: "044"'),
        ("a = 192.0.2.1:5060", '; expected quotes, if it is a text: "192.0.2.1:5060"'),
        ("name = \u201cYard\u201d", '; expected quotes, if it is a text: "Yard"'),
        ("flag = True", "invalid value: flag = True; expected true or false"),
        ("flag = yes", "invalid value: flag = yes; expected true or false"),
        ("a = 1\na = 2", "it is there twice: a = 2"),
        ("[a]\n[a]", "it is there twice: [a]"),
        ("; a remark", "invalid statement: ; a remark"),
        ('name = "Yard', 'a text without its last quote: name = "Yard'),
        ("name = 'Yard", "a text without its last quote"),
        ('may = ["zones" "devices"]', 'expected "," or "]" in a list: may = ["zones" "devices"]'),
        ("times = [12:00]", 'expected "," or "]" in a list: times = [12:00]'),
        ("a = {b = 1 c = 2}", 'expected "," or "}" in a table: a = {b = 1 c = 2}'),
        (r'file = "C:\x"', r'a "\" in a text is written twice: file = "C:\x"'),
        ('a =\u00a0"x"', 'a =?"x"; U+00A0 stands there, which is no blank of TOML\'s'),
        ("\u200ba = 1", "?a = 1; U+200B stands there, which is no blank of TOML's"),
        ('a = "x\u00a0y" z', 'a = "x?y" z'),
        ('name: "Yard"', ': name: "Yard"'),
        ("x = \x1b[2J" + "y" * 100, "x = ?[2J" + "y" * 51 + "\u2026"),
    ],
)  # fmt: skip
def test_what_is_not_toml_is_told_with_what_stands_there(told, line, what):
    (said,) = told(f"{line}\n")
    assert said.endswith(what)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b'schema = 1\n\nname = "caf\xe9"\n',
            "site.toml:3: not UTF-8: byte 0xe9; save the file as UTF-8",
        ),
        (b"\xff\xfes\x00", "site.toml:1: not UTF-8: byte 0xff; save the file as UTF-8"),
    ],
)
def test_what_is_not_utf8_is_told_with_its_line(told, data, expected):
    assert told(data) == [expected]


def test_a_number_that_python_cannot_read_is_no_traceback(told):
    (said,) = told(f"schema = {'9' * 5000}\n")
    assert said.startswith("site.toml: not TOML: ")
    assert "site.toml:1: schema: expected 1, got a number beyond measure" in told(
        f"schema = 0x{'f' * 5000}\n"
    )


def test_lists_in_lists_without_end_are_no_traceback(told):
    for text in ("a = " + "[" * 5000 + "]" * 5000, "a = " + "{b=" * 5000 + "1" + "}" * 5000):
        (said,) = told(text)
        assert said == "site.toml: lists or tables in one another, too deep to read"


def test_a_byte_order_mark_is_no_mistake(told):
    assert told(b"\xef\xbb\xbf" + GOOD.encode()) == []


def test_windows_line_ends_are_no_mistake_and_keep_the_lines(told):
    assert told(GOOD.replace("\n", "\r\n")) == []
    broken = changed('internal = "198.51.100.10:5080"', "internal = 5080")
    line = line_of(broken, "internal = 5080")
    assert told(broken) == told(broken.replace("\n", "\r\n"))
    assert told(broken)[0].startswith(f"site.toml:{line}: edge.internal: expected an IP address")


def lines_of_good():
    return st.lists(st.sampled_from(GOOD.splitlines()), max_size=40).map("\n".join)


@st.composite
def mutated(draw):
    """The good site with a few characters, lines or values changed."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text) - 1))
        upto = min(len(text), at + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.text(max_size=6),
                st.sampled_from(['"', "[", "]", "{", "}", "=", "\n", "[[", "'''", "#", "\u2028"]),
                st.sampled_from(GOOD.splitlines()),
            )
        )
        text = text[:at] + piece + text[upto:]
    return text


TOML_VALUE = st.recursive(
    st.one_of(
        st.integers().map(str),
        st.floats().map(str),
        st.booleans().map(lambda b: str(b).lower()),
        st.from_regex(r"\"[a-z0-9:. \[\]]{0,12}\"", fullmatch=True),
        st.sampled_from(["1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", '"""a\nb"""', "'x'"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(st.from_regex(r"[a-z]{1,3}", fullmatch=True), inner), max_size=2).map(
            lambda pairs: "{" + ", ".join(f"{k} = {v}" for k, v in dict(pairs).items()) + "}"
        )
    ),
    max_leaves=5,
)
TABLES = (
    "site",
    "edge",
    "pbx",
    "pager",
    "carriers",
    "routes",
    "trunks",
    "dids",
    "devices",
    "zones",
)


@st.composite
def tomlish(draw):
    """Texts that are TOML, with our tables and keys and any values in them."""
    lines = ["schema = 1"]
    keys = st.sampled_from(["name", "members", "gateway", "to", "may", "kind", "agi", "x"])
    for table in draw(st.lists(st.sampled_from(TABLES), unique=True)):
        form = draw(st.sampled_from(["[{}]", "[{}.a]", "[{}.1008]", "[[{}]]", "{} = "]))
        if form == "{} = ":
            lines.insert(1, f"{table} = {draw(TOML_VALUE)}")
            continue
        lines.append(form.format(table))
        lines += [f"{k} = {draw(TOML_VALUE)}" for k in draw(st.lists(keys, unique=True))]
    return "\n".join(lines)


@quiet
@given(text=st.one_of(mutated(), tomlish(), lines_of_good(), st.text(max_size=60)))
@example(text='routes = [{prefix = "44"}]')
@example(text="schema = 0x" + "f" * 4000)
def test_any_text_is_a_site_or_a_list_of_mistakes(told, text):
    for line in told(text.encode("utf-8", "replace")):
        assert line.startswith("site.toml:"), line


@quiet
@given(data=st.binary(max_size=80))
def test_any_bytes_are_a_site_or_a_list_of_mistakes(told, data):
    assert told(data)

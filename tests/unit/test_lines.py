"""Where a key stands: the line numbers that a person is told."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop.lines import line_of, locate


def at(text, path):
    tomllib.loads(text)  # what is not TOML never comes here
    return line_of(locate(text), path)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2", "b", 2),
        ("a = 1\r\n\r\nb = 2\r\n", "b", 3),
        ("\n[t]\n\nk = 1", "t.k", 4),
        ("\n[t]\nk = 1", "t.missing", 2),
        ("[t]\n[ t . u ]\nk = 1", "t.u.k", 3),
        ("x = 1\n[t.u]\nk = 1", "t", 2),
        ("[[r]]\np = 1\n[[r]]\np = 2", "r[2].p", 4),
        ("[[r]]\np = 1\n\n[[ r ]] # second\n", "r[2].p", 4),
        ("x = 0\n[[r]]\n", "r", 2),
        ("x = 0\nr = [{p = 1},\n  {p = 2}]", "r[2].p", 2),
        ("a.b.c = 1\na.b.d = 2", "a.b.d", 2),
        ("a . 'b' . \"c\" = 1", "a.b.c", 1),
        ("x = 1\n[t]\nu.k = 1", "t.u", 3),
        ('x = 1\n"quoted key" = 1', "quoted key", 2),
        ('x = 1\n[t."10.09"]\nk = 2', "t.10.09.k", 3),
        ("x = 1\nt = {k = 1, l = {m = 2}}\ny = 1", "t.l.m", 2),
        ("a = [\n  'x', # ] = [[\n  'b = 1',\n]\nc = 1", "c", 5),
        ("a = [\n  [1],\n  [2]\n]\nb = 1", "b", 5),
        ('a = [ "]", "[", "#" ]\nb = 1', "b", 2),
        ("a = 'it\\'\nb = 1", "b", 2),
        ('a = "\\"["\nb = 1', "b", 2),
        ('a = """\nb = 7\n[t]\n"""\nb = 1', "b", 5),
        ("a = '''\nb = 7\n'''\nb = 1", "b", 4),
        ('a = """x""""\nb = "y"\nc = """z"""\nd = 1', "b", 2),
        ('a = """x""""\nb = "y"\nc = """z"""\nd = 1', "d", 4),
        ('a = """\\\n  joined"""\nb = 1', "b", 3),
        ('a = ["""\nx"""", "["]\nb = 1', "b", 3),
        ("# b = 7\n# [t]\n#\u2028b = 8\nb = 1", "b", 4),
        ('a = "one\u2028line\x85only"\nb = 1', "b", 2),
        ("\ta = 1\n  \tb = 2", "b", 2),
        ("a = 1", "nothing.of.it", 1),
        ("a = 1", "r[3]", 1),
        ("", "", 1),
    ],
)
def test_a_key_stands_on_its_line(text, path, line):
    assert at(text, path) == line


LINES = [
    "",
    "# [x] = {{",
    "k{n} = 1",
    'k{n} = "a]["',
    "k{n} = [\n1, # ]\n2]",
    "k{n} = '''\nx = 1\n'''",
]
LINES += ['k{n} = """\n\n"""', "[t{n}]", "[[r{n}]]", "k{n} = {{a = [1, 2]}}", "k{n}.x = 1"]


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_a_key_is_found_whatever_stands_before_it(before):
    text = "".join(line.format(n=n) + "\n" for n, line in enumerate(before)) + "[last]\nkey = 1\n"
    assert at(text, "last.key") == text.count("\n")

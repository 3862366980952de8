"""A site file: a good one becomes a Site, a bad one tells every mistake with its line and key."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bellhop.settings import Site, SiteError, load
from bellhop.values import Address

SITES = Path(__file__).parent / "sites"
GOOD = (SITES / "good.toml").read_text("utf-8")
quiet = settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def mistakes(path):
    with pytest.raises(SiteError) as raised:
        load(path)
    assert str(raised.value) == "\n".join(raised.value.lines)
    return list(raised.value.lines)


@pytest.fixture
def told(tmp_path):
    """Return the mistakes of a site file with this content; [] when it is good."""

    def tell(content):
        file = tmp_path / "site.toml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        said = []
        try:
            assert isinstance(load(file), Site)
        except SiteError as error:
            said = list(error.lines) or ["a SiteError without a word"]
        assert all(line.isprintable() for line in said), said
        return said

    return tell


def changed(old, new, text=GOOD):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def line_of(text, needle):
    assert text.count(needle) == 1, needle
    return text[: text.index(needle)].count("\n") + 1


def test_a_good_site_is_read_whole():
    site = load(SITES / "good.toml")
    assert site.edge.internal == Address("198.51.100.10", 5080)
    assert (site.edge.attempts, site.edge.budget) == (3, 30_000)
    assert site.carriers["north"].ring_timeout == 20_000
    assert site.carriers["north"].sources == ("203.0.113.1",)
    assert site.carriers["south"].sources == ("203.0.113.2", "203.0.113.22")
    assert [route.carriers for route in site.routes][1] == ("south", "north")
    assert site.trunks["annex"].may == ("devices", "zones")
    assert site.dids[0].profile == "broadworks-inbound"
    assert site.devices["1008"].auth_user == "horn-1008"
    assert site.devices["1009"].auth_user == "1009"
    assert site.devices["1009"].may == ()
    assert site.zones["8001"].members == ("8000", "1015", "1008")
    assert site.zones["8001"].quorum == 100
    assert site.file("devices.htdigest") == SITES / "devices.htdigest"


@pytest.mark.parametrize("name", ["ten", "thirty"])
def test_every_mistake_of_a_file_is_told_in_one_run_in_the_order_of_its_lines(name):
    expected = (SITES / f"{name}.expected").read_text("utf-8").splitlines()
    assert len(expected) == {"ten": 10, "thirty": 30}[name]
    assert mistakes(SITES / f"{name}.toml") == expected


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert mistakes(tmp_path / "no.toml") == [f"{tmp_path}/no.toml: No such file or directory"]
    assert mistakes(tmp_path) == [f"{tmp_path}: Is a directory"]


def test_an_empty_file_misses_every_table(told):
    assert told("") == [
        "site.toml:1: schema: expected 1, got nothing",
        *(f"site.toml:1: {t}: the table is missing" for t in ("site", "edge", "pbx", "pager")),
    ]


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
        ('name: "Yard"', ': name: "Yard"'),
        ("x = \x1b[2J" + "y" * 100, "x = ?[2J" + "y" * 51 + "\u2026"),
    ],
)  # fmt: skip
def test_what_is_not_toml_is_told_with_what_stands_there(told, line, what):
    (said,) = told(f"{line}\n")
    assert said.endswith(what)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('members = ["1008"', "members = [1008", 'got 1008; write it in quotes: "1008"'),
        ('callers = ["1020"', "callers = [1020", 'got 1020; write it in quotes: "1020"'),
        ('numbers = ["2"]', 'numbers = "2"', 'got "2"; write it in brackets: ["2"]'),
        ('prefix = "44"', "prefix = 44", 'got 44; write it in quotes: "44"'),
        ('prefix = "44"', "prefix = -44", "got -44"),
        ('prefix = "44"', "prefix = true", "got true"),
        ('kind = "phone"', "kind = 1", "got 1"),
    ],
)
def test_what_lacks_quotes_or_brackets_is_told_so(told, old, new, what):
    assert old in GOOD
    assert any(said.endswith(what) for said in told(GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'schema = 1\n\nname = "caf\xe9"\n', "site.toml:3: not UTF-8: byte 0xe9"),
        (b"\xff\xfes\x00", "site.toml:1: not UTF-8: byte 0xff"),
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


@pytest.mark.parametrize("value", ["2", '"1"', "true", "1.0", "[1]"])
def test_only_the_number_1_is_the_schema(told, value):
    (said,) = told(changed("schema = 1", f"schema = {value}"))
    assert said.startswith("site.toml:2: schema: expected 1, got ")


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("[carrier.x]", 'carrier: no such table; did you mean "carriers"?'),
        ("[zone.8]", 'zone: no such table; did you mean "zones"?'),
        ("[[route]]", 'route: no such table; did you mean "routes"?'),
        (
            "[xyzzy]",
            "xyzzy: no such table; known: carriers, devices, dids, edge, features, numbering, ",
        ),
    ],
)
def test_an_unknown_table_is_told_with_what_was_probably_meant(told, table, hint):
    (said,) = told(f"{GOOD}{table}\n")
    assert said.startswith(f"site.toml:{GOOD.count(chr(10)) + 1}: {hint}")


def test_an_unknown_key_is_told_with_what_was_probably_meant(told):
    text = changed('prefix = "00"', 'prefx = "00"')
    line = line_of(text, "prefx")
    assert told(text) == [
        f'site.toml:{line}: carriers.south.prefx: no such key; did you mean "prefix"?'
    ]


@pytest.mark.parametrize("key", ["name", "number", "__class__", "post_init"])
def test_a_field_that_is_no_key_cannot_be_set(told, key):
    text = changed('prefix = "00"', f'"{key}" = "hijacked"')
    (said,) = told(text)
    assert f"carriers.south.{key}: no such key" in said


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("carriers = 5\n", "carriers: expected tables [carriers.NAME], got 5"),
        ("zones = []\n", "zones: expected tables [zones.NAME], got an empty list"),
        ("routes = {}\n", "routes: expected tables [[routes]], got a table"),
        ('dids = "x"\n', 'dids: expected tables [[dids]], got "x"'),
        ("routes = [1]\n", "routes[1]: expected a table, got 1"),
        ("carriers.north = true\n", "carriers.north: expected a table, got true"),
        ("edge = []\n", "edge: expected a table, got an empty list"),
    ],
)
def test_a_table_of_another_kind_is_told(told, text, path):
    assert f"site.toml:2: {path}" in told(f"schema = 1\n{text}")


def test_names_and_numbers_of_tables_are_closed_sets(told):
    more = '[carriers."no rth"]\ngateway = "203.0.113.9:5060"\n[devices.10O8]\nkind = "phone"\n'
    line = GOOD.count("\n")
    assert told(GOOD + more) == [
        (
            f"site.toml:{line + 1}: carriers.no rth: expected a name of small letters, digits and "
            '"-", like "north", got "no rth"'
        ),
        (
            f"site.toml:{line + 3}: devices.10O8: expected a number of at most 20 digits like "
            '"1008", got "10O8"'
        ),
    ]


def test_no_key_can_write_a_second_line_or_reach_a_terminal(told):
    text = f'{GOOD}[devices."1\\n2\\u001b[31m"]\nkind = "phone"\nmodel = "a\\nb"\n'
    said = told(text)  # `told` looks that each is printable
    assert len(said) == 2
    assert "devices.1?2?[31m" in said[0]


def test_a_list_tells_each_of_its_bad_items(told):
    text = changed('members = ["1008", "1009"]', 'members = ["x", "1009", 7, "1009", "1009"]')
    (said,) = told(text)
    assert said.endswith(
        'item 1: expected a number of at most 20 digits like "1008", got "x"; '
        'item 3: expected a number of at most 20 digits like "1008", got 7; write it in quotes: "7"; '
        '"1009" stands in the list 3 times'
    )


def test_a_long_book_of_names_is_not_told_with_each_mistake(told):
    devices = "".join(f'[devices.{n}]\nkind = "speaker"\n' for n in range(50_000, 50_500))
    text = changed('members = ["8000", "1015", "1008"]', 'members = ["777"]') + devices
    (said,) = told(text)
    assert len(said) < 200
    assert 'no device or zone "777"' in said


def test_state_is_a_folder_that_cannot_leave_its_quotes_in_kamailios_language(told):
    for bad in ("var/lib", "/var/li b", '/v\\"ar', "/", "/var/", "/var/lib#!x", "/a;b", ""):
        text = changed('state = "/var/lib/bellhop"', f'state = "{bad}"')
        (said,) = told(text)
        assert "site.state: expected a folder" in said


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

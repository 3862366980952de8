"""A site file: a good one becomes a Site, a bad one tells every mistake with its line and key."""

import re

import pytest

from bellhop.addresses import Address
from bellhop.settings import SiteError, load
from tests.unit.conftest import GOOD, SITES, changed, line_of


def mistakes(path):
    with pytest.raises(SiteError) as raised:
        load(path)
    assert str(raised.value) == "\n".join(raised.value.lines)
    return list(raised.value.lines)


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


# The good site, and what has most to do with other tables.
_SAYS = '[pager]\nvapix_file = "v"\nsay_command = ["/s", "{file}", "{text}"]'
WIDE = f"""{changed("[pager]", _SAYS)}
[schedules.noon]
zone = "8000"
say = "Noon"
times = ["12:00"]
[devices.1030]
kind = "speaker"
vapix = "http://192.0.2.30"
[features]
stop = "*8"
[carriers.registered]
gateway = "203.0.113.9:5060"
auth_user = "u@ims.example"
secret_file = "s"
register_user = "u"
register_contact = "442071838750"
[standby]
address = "198.51.100.21:5060"
agi = "198.51.100.31:4573"
ami = "198.51.100.21:5038"
"""


TABLES = [*re.finditer(r"^\[.*\]$", WIDE, re.MULTILINE)]


@pytest.mark.parametrize("table", TABLES, ids=lambda found: found[0])
def test_a_table_that_cannot_be_read_is_one_mistake_and_not_the_others_too(told, table):
    assert told(WIDE) == []
    (said,) = told(f"{WIDE[: table.end()]}\nnonsense = 1{WIDE[table.end() :]}")
    assert ".nonsense: no such key; " in said


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


@pytest.mark.parametrize("value", ["2", '"1"', "true", "1.0", "[1]"])
def test_only_the_number_1_is_the_schema(told, value):
    (said,) = told(changed("schema = 1", f"schema = {value}"))
    assert said.startswith("site.toml:2: schema: expected 1, got ")


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("[carrier.x]", 'carrier: no such table; did you mean "carriers"?'),
        ("[sit]", 'sit: no such table; did you mean "site"?'),
        ("[scema]", "scema: no such table; known: carriers, devices, "),  # that one is no table
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
        ("zones = []\n", "zones: expected tables [zones.NUMBER], got an empty list"),
        ("routes = {}\n", "routes: expected tables [[routes]], got a table"),
        ('dids = "x"\n', 'dids: expected tables [[dids]], got "x"'),
        ("routes = [1]\n", "routes[1]: expected a table, got 1"),
        ("carriers.north = true\n", "carriers.north: expected a table, got true"),
        ("edge = []\n", "edge: expected a table, got an empty list"),
        (
            'name = "hq"\n',
            "name: stands before the first table; expected below one's head, like [site]",
        ),
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
    text = text.replace('callers = ["1020",', 'callers = ["1020", "1020", "1020",')
    members, callers = told(text)
    assert members.endswith(
        'item 1: expected a number of at most 20 digits like "1008", got "x"; '
        'item 3: expected a number of at most 20 digits like "1008", got 7; write it in quotes: "7"'
    )
    assert callers.endswith('"1020" stands in the list 3 times')


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

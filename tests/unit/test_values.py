"""Single values: closed sets matched whole, nothing cleaned, and errors that say what was expected."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop import values

quiet = settings(deadline=None, derandomize=True, max_examples=200)
ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=4),
    st.lists(st.text(max_size=3), max_size=3), st.dictionaries(st.text(max_size=3), st.integers()),
)  # fmt: skip
READERS = {
    "text": values.text, "number": values.number, "prefix": values.prefix, "name": values.name,
    "realm": values.realm, "auth_user": values.auth_user, "folder": values.folder,
    "flag": values.flag, "integer": values.integer(1, 9), "duration": values.duration(1, 10_000),
    "address": values.address, "source": values.source, "listener": values.listener,
    "url": values.url,
    "one_of": values.one_of("a", "b"), "list_of": values.list_of(values.number),
}  # fmt: skip


def refused(read, value):
    with pytest.raises(ValueError, match=r"expected|twice|times") as raised:
        read(value)
    said = str(raised.value)
    assert said.isprintable()
    return said


@quiet
@given(value=ANY)
def test_any_value_is_read_or_refused_in_one_printable_line(value):
    for name, read in READERS.items():
        said = ""
        try:
            read(value)
        except ValueError as error:
            said = str(error)
        assert said.isprintable(), name


DIRTY = [
    "500&PJSIP/x", "500%26", "5,00", "500\r", "500\n", "\n500", " 500", "500 ", "5 00", "500\x00",
    "\u0665\u0660\u0660", "\uff15\uff10\uff10", "+500", "500@", "${x}", "500/1", "(500)", "", "5" * 21, "5" * 4096, "500\u2028",
]  # fmt: skip


@pytest.mark.parametrize("dirty", DIRTY)
def test_a_number_is_matched_whole_and_never_cleaned(dirty):
    refused(values.number, dirty)


@pytest.mark.parametrize("dirty", [d for d in DIRTY if d not in {"", "+500"}])
def test_a_prefix_is_matched_whole_and_never_cleaned(dirty):
    refused(values.prefix, dirty)
    refused(values.tech_prefix, dirty)


def test_a_tech_prefix_may_end_in_a_hash():
    assert values.tech_prefix("1234#") == "1234#"
    refused(values.prefix, "1234#")


@pytest.mark.parametrize("dirty", ["North", "n orth", "north\n", "1north", "", "-n", "n" * 32, "ñ"])
def test_a_name_is_matched_whole(dirty):
    refused(values.name, dirty)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x00", "\x7f", "", "x" * 101])
def test_a_text_has_no_control_characters(text):
    refused(values.text, text)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("20s", 20_000),
        ("1500ms", 1500),
        ("2m", 120_000),
        ("1h", 3_600_000),
        ("0ms", 0),
        ("007s", 7000),
    ],
)
def test_a_duration_is_read_to_milliseconds(text, ms):
    assert values.duration(0, 3_600_000)(text) == ms


@pytest.mark.parametrize("bad", ["20", "20 s", "20S", "s", "-1s", "1.5s", "20s\n", 20, None, "٢s"])
def test_what_is_no_duration_says_how_one_is_written(bad):
    assert refused(values.duration(0, 1000), bad).startswith('expected a duration like "20s", got ')


def test_the_bounds_of_a_duration_are_part_of_it():
    read = values.duration(200, 32_000)
    assert (read("200ms"), read("32s")) == (200, 32_000)
    assert refused(read, "199ms") == 'expected a duration from 200ms to 32s, got "199ms"'
    assert refused(read, "32001ms") == 'expected a duration from 200ms to 32s, got "32001ms"'


@quiet
@given(st.integers(0, 10_000_000))
def test_a_spelled_duration_is_read_back(ms):
    spelled = values.spelled(ms)
    if len(spelled) <= 9:
        assert values.duration(0, 10_000_000)(spelled) == ms


@pytest.mark.parametrize("bad", [True, False, 0, 10, 1.0, "1", None])
def test_only_whole_numbers_within_bounds_are_integers(bad):
    assert refused(values.integer(1, 9), bad).startswith(
        "expected a whole number from 1 to 9, got "
    )


def test_the_bounds_of_a_whole_number_are_part_of_it():
    assert [values.integer(1, 9)(n) for n in (1, 9)] == [1, 9]


def test_what_may_be_off_is_0_then_and_a_mistake_says_that_it_may():
    read = values.or_off(values.duration(1_000, 2_000))
    assert (read("off"), read("1s")) == (0, 1_000)
    assert refused(read, "5s") == 'expected a duration from 1s to 2s, got "5s" (or "off")'


def test_one_and_zero_are_no_flags():
    assert values.flag(True) is True
    for bad in (0, 1, "true", None):
        refused(values.flag, bad)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("192.0.2.1:5060", "192.0.2.1:5060"),
        ("[2001:db8::1]:5060", "[2001:db8::1]:5060"),
        ("[2001:DB8:0::0:1]:1", "[2001:db8::1]:1"),
        ("[::ffff:192.0.2.1]:65535", None),
    ],
)
def test_an_address_has_one_spelling(text, spelled):
    if spelled is None:  # in brackets, but it is an IPv4 address
        refused(values.address, text)
    else:
        assert str(values.address(text)) == spelled


@pytest.mark.parametrize(
    "bad",
    [
        "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:\u0665", ":5060",
        "192.0.2.01:5060", "192.0.2.256:1", "2001:db8::1:5060", "[192.0.2.1]:5060", "name:5060",
        "[2001:db8::1:5060", "2001:db8::1]:5060", "[fe80::1%eth0]:1", "[fe80::1%\r\nx]:1", "[::]:5060", "0.0.0.0:5060", "192.0.2.1:5060\n",
        " 192.0.2.1:5060", "", None, 5060, ["192.0.2.1:5060"],
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(bad):
    assert refused(values.address, bad).startswith(
        'expected an IP address and port like "192.0.2.1'
    )


def test_a_source_has_one_spelling_too():
    assert values.source("2001:DB8::0001") == "2001:db8::1"
    assert values.source("::ffff:192.0.2.1") == "192.0.2.1"
    for bad in ("192.0.2.1:5060", "192.0.2.0/24", "host", "::", "0.0.0.0", "fe80::1%x\n", "", None):
        refused(values.source, bad)


def test_a_listener_is_written_as_kamailio_writes_it():
    assert str(values.listener("tls:[2001:db8::1]:5061")) == "tls:[2001:db8::1]:5061"
    for bad in ("192.0.2.1:5060", "sctp:192.0.2.1:5060", "UDP:192.0.2.1:5060", "udp:", "udp", None):
        refused(values.listener, bad)


def test_a_list_names_every_bad_item_and_every_double():
    read = values.list_of(values.number)
    assert read(["1", "2"]) == ("1", "2")
    said = refused(read, ["1", "x", "1", None])
    assert "item 2: " in said
    assert "item 4: " in said
    assert '"1" stands in the list twice' in said
    assert refused(values.list_of(values.number, least=1), []).startswith(
        "expected a list of at least"
    )
    assert values.list_of(values.number, repeats=True)(["1", "2", "1"]) == ("1", "2", "1")
    assert refused(read, "12") == 'expected a list, got "12"; write it in brackets: ["12"]'


def test_what_is_shown_of_a_value_fits_a_line():
    assert values.shown("a\nb\x1b") == '"a?b?"'
    assert values.shown(True) == "true"
    assert values.shown({}) == "a table"
    assert values.shown([]) == "an empty list"
    assert values.shown(10**5000) == "a number beyond measure"
    long = values.shown("x" * 1000)
    assert len(long) <= 60
    assert long.endswith("…")
    whole = values.shown("x" * 58)  # and its quotes: as long as a line has room for
    assert (len(whole), whole[-1]) == (60, '"')


@quiet
@given(st.text(alphabet=string.printable + "٣é\u2028", max_size=12))
def test_what_can_be_dialled_is_digits_star_hash_and_one_plus(text):
    good = bool(text) and set(text.removeprefix("+")) <= set("0123456789*#") and text != "+"
    assert bool(values.DIALLED.fullmatch(text)) is good


def test_a_program_has_each_place_once_and_by_itself():
    read = values.program("{file}", "{text}")
    good = ["/usr/bin/espeak-ng", "-w", "{file}", "{text}"]
    assert read(good) == tuple(good)
    for bad in (
        [], "espeak {file} {text}", ["espeak-ng", "{file}", "{text}"], ["/x", "{file}"],
        ["/x", "{file}", "{text}", "{text}"], ["/x", "-f={file}", "{text}"], ["/x", "{file}", "{text}", 1],
        ["/x", "{file}", "{text}", "\n"],
    ):  # fmt: skip
        with pytest.raises(ValueError, match="expected a program"):
            read(bad)


@pytest.mark.parametrize(
    ("read", "letters", "longest"),
    [
        (values.prefix, "+0123456789", "+" + "4" * 20),
        (values.tech_prefix, "+0123456789*#", "#" * 20),
        (values.name, "az09-", "a" * 31),
        (values.realm, "azAZ09.-", "r" * 100),
        (values.auth_user, "azAZ09._+-", "u" * 64),
        (values.folder, "/azAZ09._+-/b", f"/{'f' * 64}" * 16),
    ],
)
def test_a_closed_set_has_all_of_its_letters_and_an_end(read, letters, longest):
    assert (read(letters), read(longest)) == (letters, longest)
    refused(read, longest + longest[-1])


def test_a_tech_prefix_may_be_none_and_a_folder_has_its_depth():
    assert values.tech_prefix("") == ""
    refused(values.folder, "/f" * 17)


@pytest.mark.parametrize(
    "good",
    [
        "http://192.0.2.8",
        "https://192.0.2.8:8443/",
        "http://[2001:db8::8]:80/a?b=c",
        "https://site.example/pages",
        "http://horn_7:65535/",
        "http://horn-7:1/",
        "http://[::1]/",
    ],
)
def test_a_url_is_taken_as_it_is(good):
    assert values.url(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        "ftp://site.example/",
        "http://",
        "http://:80/",
        "http://site..example/",
        "http://.example/",
        f"http://{'a' * 64}.example/",
        "http://192.0.2.8:65536/",
        "http://192.0.2.8:0/",
        "http://192.0.2.8:/",
        "http://192.0.2.8:x/",
        "http://2001:db8::8/",
        "http://[zz]/",
        "http://[192.0.2.8]/",
        "http://user@site.example/",
        "http://site.example/a b",
        'http://site.example/"',
    ],
)
def test_a_url_that_nobody_could_be_reached_by_is_refused(bad):
    """For these urllib raises errors that are neither the network's nor HTTP's."""
    refused(values.url, bad)

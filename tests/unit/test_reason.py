import re
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop import reason
from bellhop.reason import LOCATIONS, MAX_VALUES, Q850, ReasonValue, parse, q850, said

quiet = settings(deadline=None, derandomize=True)


def one(header):
    (value,) = parse(header)
    return value


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ("q.850;CAUSE=16", 16),
        ("Q.850\t;\tcause\t=\t16", 16),
        ("Q.850;cause=127", 127),
        ("Q.850;cause;cause=17", 17),
        ("Q.850;cause=128", None),
        ("Q.850;cause=0", None),
        ("Q.850;cause=000", None),
        ("Q.850;cause=00000000000000000000017", 17),
        ("Q.850;cause=" + "9" * 5000, None),
        ("Q.850;cause=+16", None),
        ("Q.850;cause=16.0", None),
        ("Q.850;cause=0x10", None),
        ("Q.850;cause=\u0661\u0666", None),  # Arabic digits are digits to int(), not to SIP
        ("Q.850;cause=\u00b2", None),
        ('Q.850;cause=" 41 "', 41),
        ('Q.850;cause=""', None),
        ("Q.850;cause=", None),
        ("Q.850;cause", None),
        ("Q.850", None),
        ("Q.850;;;cause=16;", 16),
        ("Q.850;cause=16 ignored", 16),
        ("Q.850;cause=17;cause=34", 17),
        ("Q.850;cause=999;cause=34", None),
        ("Q.850;xcause=17;cause-x=18;cause=34", 34),
        ('Q.850;text="fake;cause=17, SIP;cause=486";cause=34', 34),
        ('Q.850;text="\\";cause=17;\\"";cause=34', 34),
        ('Q.850;text="a\\\\";cause=34', 34),
        ('Q.850;x="y,z";cause=34', 34),
        ("SIP;cause=700", 700),
        ("SIP;cause=0", 0),
        ("SIP;cause=999999999", 999999999),
        ("SIP;cause=1000000000", None),
    ],
)
def test_a_cause_is_a_number_and_for_q850_one_of_1_to_127(header, cause):
    assert one(header).cause == cause


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ('Q.850;text="a"', "a"),
        ('Q.850;TEXT = "a"', "a"),
        ('Q.850;text=""', ""),
        ("Q.850;text=", None),
        ("Q.850;text", None),
        ("Q.850", None),
        ("Q.850;text=NORMAL CLEARING", "NORMAL"),
        ("Q.850;text=NORMAL\tCLEARING", "NORMAL"),
        ('Q.850;text="a" b;cause=1', "a"),
        ('Q.850;text="first";text="second"', "first"),
        (r'Q.850;text="a\"b\\c\d"', 'a"b\\cd'),
        ('Q.850;text="open;cause=17, SIP', "open;cause=17, SIP"),
        ('Q.850;text="ends in a backslash\\', "ends in a backslash"),
        ('Q.850;text="folded\r\n  here"', "folded here"),
        ('Q.850;text="folded \r\n\there"', "folded here"),
        ('Q.850;text="a\r\nVia: b"', "a Via: b"),
        ('Q.850;text="a\nb\rc"', "a b c"),
        ('Q.850;text="a\\\r\nb"', "a b"),
        ('Q.850;text="caf\u00e9 \u2028 \x85"', "caf\u00e9 \u2028 \x85"),
    ],
)
def test_a_text_has_no_quotes_no_escapes_and_no_line_ends(header, text):
    assert one(header).text == text


@pytest.mark.parametrize(
    ("header", "protocols"),
    [
        ("", []),
        (" \t ", []),
        (",,;,", []),
        (";cause=1", []),
        ('"Q.850";cause=17', []),
        ('"a, b";cause=17, Q.850;cause=34', ["Q.850"]),
        ('"never closed;cause=17, Q.850;cause=34', []),
        ("sIp, Q.850 , q.850", ["SIP", "Q.850", "Q.850"]),
        ("Q.850 cause=17", ["Q.850"]),
        ("Q850;cause=17, q.8500;cause=1, STIR", ["Q850", "q.8500", "STIR"]),
        ("Q.850\r\n ;cause=17,\r\n SIP", ["Q.850", "SIP"]),
    ],
)
def test_a_value_needs_a_protocol_that_is_not_quoted(header, protocols):
    assert [v.protocol for v in parse(header)] == protocols


@pytest.mark.parametrize(
    ("header", "location"),
    [
        ("Q.850;cause=21;location=U", "U"),
        ("q.850;cause=21;Location = rln", "RLN"),
        ('Q.850;location="loc-15";cause=21', "LOC-15"),
        ("Q.850;cause=21;location=LOC-7", None),
        ("Q.850;cause=21;location=A", None),
        ("Q.850;cause=21;eri-location=U", None),
        ("Q.850;cause=21;location=", None),
        ("Q.850;cause=21", None),
        ("SIP;cause=603;location=U", None),
        ("RELEASE_CAUSE;cause=21;location=U", None),
    ],
)
def test_a_location_is_one_of_rfc_8606_and_only_beside_q850(header, location):
    assert one(header).location == location


def test_the_sixteen_codings_of_the_location_are_known():
    assert len(LOCATIONS) == 16
    assert all(one(f"Q.850;location={place.lower()}").location == place for place in LOCATIONS)


def test_several_lines_are_read_in_their_order_and_a_quote_ends_with_its_line():
    read = parse(['SIP;cause=486;text="open', "", "Q.850;cause=17"])
    assert [(v.protocol, v.cause) for v in read] == [("SIP", 486), ("Q.850", 17)]


def test_what_stands_behind_8_kb_is_not_read():
    text = f'Q.850;text="{"x" * 8000}";cause=17'
    assert parse(text)[0].cause == 17
    assert parse(f"{',' * 8192}Q.850;cause=17") == ()
    assert parse(["," * 8000, ";" * 192, "Q.850;cause=17"]) == ()
    assert parse(["," * 8000, ";" * 193, "Q.850;cause=17,"]) == ()
    assert [v.cause for v in parse(["," * 8000, "Q.850;cause=17"])] == [17]


@pytest.mark.parametrize("header", ["A," * 1000, ["A"] * 1000, ["A,B"] * 1000])
def test_the_number_of_values_is_bounded(header):
    assert len(parse(header)) == MAX_VALUES


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", Q850()),
        ("SIP;cause=34", Q850()),
        ("RELEASE_CAUSE;cause=31", Q850()),
        ("Q.850;cause=0", Q850()),
        ("SIP;cause=486, Q.850;cause=17", Q850(17)),
        ("Q.850;cause=17, SIP;cause=486", Q850(17)),
        ("Q.850;cause=0, Q.850;cause=17", Q850(17)),
        ("Q.850;cause=17, Q.850;cause=34", Q850(conflicting=True)),
        ("Q.850;cause=17;location=U, Q.850;cause=17", Q850(17, "U")),
        ("Q.850;cause=17, Q.850;cause=17;location=U", Q850(17, "U")),
        ("Q.850;cause=21;location=U, Q.850;cause=21;location=LN", Q850(21)),
        ("Q.850;location=U, Q.850;cause=21", Q850(21)),
    ],
)
def test_a_message_has_one_q850_cause_or_none(header, said):
    assert q850(parse(header)) == said


@pytest.mark.parametrize(
    "unit",
    [
        '"', "\\", ";", " ", ",", "=", '"\\', 'a"', "\r\n ", ";=", '" ', "0", "Q.850;cause=0",
        ';text="\\"', ";cause=1", "a b", "\t\r", 'x="\\\\";',
    ],
)  # fmt: skip
def test_reading_takes_time_in_proportion_to_the_length(unit):
    """Eight times the input: eight times the time if linear, 64 times if quadratic."""

    def cost(text):
        best = float("inf")
        for _ in range(4):
            start = time.process_time()
            parse("Q.850;cause=" + text + "x")
            best = min(best, time.process_time() - start)
        return best

    small, large = unit * (8_000 // len(unit)), unit * (64_000 // len(unit))
    assert cost(large) < 24 * max(cost(small), 50e-6)


@quiet
@given(st.text() | st.text(alphabet='Qq.850SIP;,="\\ \t\r\ncausetexlin0127-U'))
def test_reading_never_fails_and_keeps_its_promises(header):
    values = parse(header)
    assert values == parse([header])
    assert len(values) <= MAX_VALUES
    for value in values:
        assert value.protocol
        assert not value.protocol.startswith('"')
        assert not re.search(r"[\r\n]", value.protocol + (value.text or ""))
        if value.protocol == "Q.850":
            assert value.cause is None or 1 <= value.cause <= 127
            assert value.location is None or value.location in LOCATIONS
        else:
            assert value.protocol.lower() not in {"sip", "q.850"} or value.protocol == "SIP"
            assert value.location is None
    q850(values)


tokens = st.text(alphabet=string.ascii_letters + string.digits + "-.!%*_+`'~", min_size=1)
sendable = st.text(alphabet=st.characters(exclude_categories=["Cc"])) | st.text('a\\";,= ')
values = st.one_of(
    st.builds(
        ReasonValue,
        protocol=st.just("Q.850"),
        cause=st.none() | st.integers(1, 127),
        text=st.none() | sendable,
        location=st.none() | st.sampled_from(sorted(LOCATIONS)),
    ),
    st.builds(
        ReasonValue,
        protocol=st.just("SIP")
        | tokens.filter(lambda token: token.lower() not in {"sip", "q.850"} and len(token) < 64),
        cause=st.none() | st.integers(0, 999_999_999),
        text=st.none() | sendable,
        location=st.none(),
    ),
)


@quiet
@given(st.lists(values, max_size=5), st.sampled_from([",", ", ", " ,\r\n ", "\t,"]))
def test_what_is_written_is_read_again(written, comma):
    headers = [value.header() for value in written]
    assert parse(comma.join(headers)) == tuple(written)
    assert parse(headers) == tuple(written)


def test_what_is_not_known_is_not_written():
    assert ReasonValue("Q.850", None, None, None).header() == "Q.850"
    assert ReasonValue("SIP", 486, None, None).header() == "SIP;cause=486"
    assert ReasonValue("Q.850", None, 'a "b"', "U").header() == 'Q.850;text="a \\"b\\"";location=U'


@pytest.mark.parametrize(
    "value",
    [
        ReasonValue("Q.850\r\nVia", 17, None, None),
        ReasonValue("", 17, None, None),
        ReasonValue("Q.850;cause=1", 17, None, None),
        ReasonValue("Q.850", 17, "a\r\nVia: b", None),
        ReasonValue("Q.850", 17, "a\x00", None),
    ],
)
def test_what_has_no_place_in_a_header_is_refused(value):
    with pytest.raises(ValueError, match="expected"):
        value.header()


@pytest.mark.parametrize(
    "header",
    ["Q.850;cause=34", "Q.850;cause=34;text=" + "x" * 500, "Q.850;cause=1, Q.850;cause=2", ""],
)
def test_what_is_remembered_is_what_is_read(header):
    for _ in range(2):
        assert said(header) == q850(parse(header))


def test_of_what_peers_make_up_no_more_than_a_line_each_is_remembered():
    before = reason._remembered.cache_info()  # noqa: SLF001
    said("Q.850;cause=34;text=" + "x" * 181)
    assert reason._remembered.cache_info() == before  # noqa: SLF001
    said("Q.850;cause=34;text=" + "y" * 180)
    assert reason._remembered.cache_info().misses == before.misses + 1  # noqa: SLF001


def test_what_is_said_in_several_lines_is_read_line_by_line():
    for _ in range(2):
        assert said('SIP;text="never closed', "Q.850;cause=17") == Q850(17)
        assert said("Q.850;cause=17", "Q.850;cause=34").conflicting

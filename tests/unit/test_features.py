"""Feature codes: what is dialled, who may have it done, and what the channel is told."""

import copy

import pytest

from agi.channel import Channel
from agi.features import Codes
from bellhop.callers import Caller, Kind
from bellhop.carriers import Carrier
from bellhop.dialling import NOT_ALLOWED, UNKNOWN, ToCarriers, ToFeature, destination
from bellhop.features import Deed, Feature, NotDone
from bellhop.gateways import Gateway
from bellhop.pages import Unavailable
from bellhop.routes import Route, choices
from bellhop.settings import SiteError, load
from tests.unit.test_agi_page import DEVICE, SITE, TRUNK, Asterisk

NORTH = Carrier(name="north", gateways=(Gateway("203.0.113.1", 5060),))
PHONES = DEVICE.format(1020)
PHONE = Caller(Kind.DEVICE, "1020", "1020", ("zones", "take-out"))


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [
        ("*811008", Feature(Deed.TAKE_OUT, "1008")),
        ("*811008*8000", Feature(Deed.TAKE_OUT, "1008", "8000")),
        ("*821008", Feature(Deed.PUT_BACK, "1008")),
        ("*808000", Feature(Deed.STOP, "8000")),
        ("*808000*1008", None),
        ("*81", None),
        ("*811008*", None),
        ("*811008*8000*1", None),
        ("*811008#", None),
        ("811008", None),
        ("+*811008", None),
    ],
)
def test_a_code_and_a_number_ask_for_one_thing_and_anything_else_for_none(dialled, expected):
    assert SITE.features.dialled(dialled) == expected


@pytest.mark.parametrize(
    ("may", "dialled", "expected"),
    [
        (("take-out",), "*811008", ToFeature("*811008")),
        (("zones",), "*811008", NOT_ALLOWED),
        (("zones",), "*808000", ToFeature("*808000")),
        (("take-out",), "*808000", NOT_ALLOWED),
        (("take-out", "zones"), "*81", UNKNOWN),
    ],
)
def test_the_edge_lets_a_code_pass_for_who_has_the_right(may, dialled, expected):
    for caller in (Caller(Kind.DEVICE, "1020", "1020", may), Caller(Kind.TRUNK, "pbx", "", may)):
        assert destination(SITE, caller, dialled) == expected


@pytest.mark.parametrize("dialled", ["*81", "*811008#", "*811008*8000*1", "*808000*1008"])
def test_a_code_dialled_wrongly_is_not_sent_to_a_carrier_that_takes_all_numbers(dialled):
    everything = {"": Route(prefix="", choices=choices(["north"]))}
    site = copy.copy(SITE)
    vars(site).update(carriers={"north": NORTH}, by_prefix=everything)
    caller = Caller(Kind.DEVICE, "1020", "1020", ("take-out", "zones", "carriers"))
    assert destination(site, caller, dialled) == UNKNOWN
    assert isinstance(destination(site, caller, "*77"), ToCarriers)


@pytest.mark.parametrize("kind", [Kind.PBX, Kind.CARRIER])
def test_neither_a_carrier_nor_the_pbx_dials_codes(kind):
    caller = Caller(kind, "x", "", ("take-out", "zones"))
    assert destination(SITE, caller, "*811008") == UNKNOWN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('take_out = "81"', 'expected a star and 1 to 4 digits like "*81", got "81"'),
        ('stop = "*8"\ntake_out = "*81"', '"*81" begins with "*8", which is features.stop'),
        ('put_back = "*8"\nstop = "*8"', '"*8" is features.put_back too'),
        ('takeout = "*81"', 'no such key; did you mean "take_out"?'),
    ],
)
def test_codes_that_cannot_be_told_apart_are_mistakes(tmp_path, text, said):
    good = SITE.path.read_text("utf-8")
    before, _, rest = good.partition("[features]")
    path = tmp_path / "site.toml"
    path.write_text(
        f"{before}[features]\n{text}\n#{rest.partition('# Their breakers')[2]}", "utf-8"
    )
    with pytest.raises(SiteError) as error:
        load(path)
    assert [line.partition(": ")[2].partition(": ")[2] for line in error.value.lines] == [said]


class Book:
    """Keeps what was done."""

    def __init__(self, error=None):
        self.did = []
        self.error = error

    def _do(self, *what):
        if self.error:
            raise self.error
        self.did.append(what)

    def out(self, *what):
        self._do("out", *what)

    def back(self, *what):
        self._do("back", *what)

    def stop(self, *what):
        self._do("stop", *what)


def ask(dialled, caller=PHONES, error=None):
    asterisk, book = Asterisk(caller=caller), Book(error)
    asterisk.variables["BELLHOP_DIALLED"] = dialled
    Codes(SITE, book, book.stop)(Channel({"channel": "x"}, asterisk.answers, asterisk))
    return book.did, asterisk.put


def test_what_is_done_is_told_last_and_heard_as_one_beep_or_two():
    assert ask("*811008*8000") == (
        [("out", "1008", "8000", "1020")],
        [("BELLHOP_BEEPS", "1"), ("BELLHOP_RESULT", "done")],
    )
    did, put = ask("*821008")
    assert (did, put[0]) == ([("back", "1008", "", "1020")], ("BELLHOP_BEEPS", "2"))
    did, put = ask("*808000", caller=TRUNK.format("2001@"))
    assert did == [("stop", "8000", "trunk:reception:2001")]


@pytest.mark.parametrize(
    ("dialled", "caller", "error", "cause"),
    [
        ("*811008", DEVICE.format(1021), None, "21"),
        ("*811008", TRUNK.format(""), None, "21"),
        ("*811008", "<sip:1020@elsewhere.example>", None, "21"),
        ("*81", DEVICE.format(1020), None, "28"),
        ("*811008", DEVICE.format(1020), NotDone("no device"), "1"),
        ("*809999", DEVICE.format(1020), None, "1"),
        ("*808000", DEVICE.format(1016), None, "21"),
        ("*808104", DEVICE.format(1020), None, "21"),  # has a PIN
        ("*808000", DEVICE.format(1020), Unavailable("slow"), "41"),
    ],
)
def test_what_is_refused_is_not_done(dialled, caller, error, cause):
    did, put = ask(dialled, caller, error)
    assert did == []
    assert put == [("BELLHOP_CAUSE", cause), ("BELLHOP_RESULT", "refused")]

"""Who is tried for a number, and how each wants it written."""

import pytest

from bellhop.carriers import Carrier, Route, carriers_for
from bellhop.gateways import Gateway

GATEWAY = Gateway("203.0.113.1", 5060)


def carrier(name="north", **settings):
    return Carrier(name=name, gateways=(GATEWAY,), **settings)


@pytest.mark.parametrize(
    ("settings", "number", "sent"),
    [
        ({}, "4420", "4420"),
        ({}, "+4420", "+4420"),
        ({"strip": 2}, "4420", "20"),
        ({"strip": 2}, "+4420", "20"),
        ({"prefix": "00"}, "4420", "004420"),
        ({"prefix": "00"}, "+4420", "004420"),
        ({"prefix": "+"}, "4420", "+4420"),
        ({"prefix": "+"}, "+4420", "+4420"),
        ({"strip": 2, "prefix": "9"}, "4420", "920"),
        ({"strip": 4}, "4420", ""),
        ({"strip": 9}, "4420", ""),
    ],
)
def test_a_number_is_written_as_the_carrier_wants_it(settings, number, sent):
    assert carrier(**settings).dialled(number) == sent


BOOK = {name: carrier(name) for name in ("a", "b", "c")}
ROUTES = (
    Route(prefix="44", carriers=("a", "b")),
    Route(prefix="+4420", carriers=("b", "a")),
    Route(prefix="49", carriers=("c",)),
)


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("4412", "ab"), ("+4412", "ab"), ("4420", "ba"), ("44207", "ba"), ("+44207", "ba"),
        ("442", "ab"), ("49", "c"), ("4", ""), ("", ""), ("144", ""), ("*49", ""),
    ],
)  # fmt: skip
def test_the_longest_prefix_wins_and_a_plus_is_no_digit(number, names):
    assert "".join(c.name for c in carriers_for(number, ROUTES, BOOK)) == names


def test_an_empty_prefix_takes_what_no_other_does():
    routes = (Route(prefix="", carriers=("c",)), *ROUTES)
    assert [c.name for c in carriers_for("1", routes, BOOK)] == ["c"]
    assert [c.name for c in carriers_for("44", routes, BOOK)] == ["a", "b"]


def test_a_carriers_calls_come_from_its_gateway_when_nothing_else_is_said():
    assert carrier().sources == ("203.0.113.1",)
    assert carrier(sources=("203.0.113.9",)).sources == ("203.0.113.9",)

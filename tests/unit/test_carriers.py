"""Who is tried for a number, and how each wants it written."""

from collections import Counter
from random import Random

import pytest

from bellhop.carriers import Carrier
from bellhop.gateways import Gateway
from bellhop.routes import Route, carriers_for, choices, route_for

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
        ({"prefix": "1234#"}, "+4420", "1234#4420"),
        ({"strip": 4}, "4420", ""),
        ({"strip": 9}, "4420", ""),
    ],
)
def test_a_number_is_written_as_the_carrier_wants_it(settings, number, sent):
    assert carrier(**settings).dialled(number) == sent


BOOK = {name: carrier(name) for name in ("a", "b", "c")}
ROUTES = {
    "44": Route(prefix="44", choices=choices(["a", "b"])),
    "4420": Route(prefix="+4420", choices=choices(["b", "a"])),
    "49": Route(prefix="49", choices=choices(["c"])),
}


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("4412", "ab"), ("+4412", "ab"), ("4420", "ba"), ("44207", "ba"), ("+44207", "ba"),
        ("442", "ab"), ("49", "c"), ("4", ""), ("", ""), ("144", ""), ("*49", ""),
    ],
)  # fmt: skip
def test_the_longest_prefix_wins_and_a_plus_is_no_digit(number, names):
    assert "".join(c.name for c in carriers_for(route_for(number, ROUTES), BOOK)) == names


def test_an_empty_prefix_takes_what_no_other_does():
    routes = {**ROUTES, "": Route(prefix="", choices=choices(["c"]))}
    assert [c.name for c in carriers_for(route_for("1", routes), BOOK)] == ["c"]
    assert [c.name for c in carriers_for(route_for("44", routes), BOOK)] == ["a", "b"]


def test_a_carriers_calls_come_from_its_gateway_when_nothing_else_is_said():
    assert carrier().sources == ("203.0.113.1",)
    assert carrier(sources=("203.0.113.9",)).sources == ("203.0.113.9",)


def order(*given, random=None):
    return "".join(Route(prefix="1", choices=choices(list(given))).order(random))


def table(name, cost=0, weight=1):
    return {"name": name, "cost": cost, "weight": weight}


def test_names_alone_are_tried_in_the_order_listed():
    assert order("b", "c", "a", random=Random(1)) == "bca"


def test_the_cheaper_carrier_is_tried_first():
    assert order(table("a", 30), table("b", 5), table("c", 10), random=Random(1)) == "bca"


def test_carriers_of_one_cost_share_the_calls_by_weight():
    random = Random(7)
    drawn = Counter(
        order(table("a", 1, 3), table("b", 1, 1), table("c", 2), random=random) for _ in range(4000)
    )
    assert set(drawn) == {"abc", "bac"}
    assert 0.72 < drawn["abc"] / 4000 < 0.78


def test_without_a_drawing_the_heaviest_is_first():
    assert order(table("a", 1, 1), table("b", 1, 3)) == "ba"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "at least one"),
        ("a", "expected a list"),
        (["a", "a"], 'a" stands in the list'),
        ([table("a"), table("a")], '"a" stands in the list twice'),
        ([table("a"), "b"], 'item 2: expected a table like those beside it, got "b"'),
        ([{"name": "a", "price": 2}], "item 1.price: no such key"),
        ([{"cost": 2}], "item 1.name: is missing"),
        ([table("a", -1)], "item 1.cost: expected a whole number"),
        ([table("a", weight=1.5)], "item 1.weight: expected a whole number"),
    ],
)
def test_what_is_no_list_of_carriers_is_told_with_its_place(given, why):
    with pytest.raises(ValueError, match=why):
        choices(given)


def test_the_cost_of_a_route_does_not_grow_with_their_number():
    """Each look-up asks the book once a digit, and never walks through it."""

    class Counting(dict):
        asked = 0

        def get(self, key):
            self.asked += 1
            return super().get(key)

        def __iter__(self):
            raise AssertionError("the whole book is walked through")

        values = items = keys = __iter__

    book = Counting(
        {f"7{n:05}": Route(prefix=f"7{n:05}", choices=choices(["a"])) for n in range(10_000)}
    )
    assert carriers_for(route_for("70999912", book), BOOK)[0].name == "a"
    assert book.asked == 3

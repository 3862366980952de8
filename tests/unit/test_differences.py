"""What a reload says of a changed site: which things came, went or changed, however many there are."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.differences import differences
from bellhop.features import Features
from bellhop.reload import changed
from bellhop.settings import load

SITE = load(Path(__file__).with_name("sites") / "good.toml")
ROUTE = SITE.routes[0]


def told(old, new):
    return differences(old, new, changed(old, new))


def routed(*prefixes):
    return replace(SITE, routes=tuple(replace(ROUTE, prefix=one) for one in prefixes))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (routed("44"), routed("44", "", "+33"), '2 new: "", "33"'),
        (routed("44", "33"), routed("44"), '1 gone: "33"'),
        (routed("44"), routed("33"), '1 new: "33"; 1 gone: "44"'),
        (routed("44", "33"), routed("33", "44"), "in another order"),
    ],
)
def test_routes_are_told_by_their_prefixes(old, new, said):
    assert told(old, new) == (f"routes: {said}",)


def test_what_of_a_thing_changed_is_told_by_the_keys_of_the_file():
    north = replace(SITE.carriers["north"], calls=3)
    first = replace(ROUTE, choices=ROUTE.choices[:2])
    other = replace(
        SITE, carriers={**SITE.carriers, "north": north}, routes=(first, *SITE.routes[1:])
    )
    assert told(SITE, other) == (
        "carriers: 1 changed: north (calls)",
        'routes: 1 changed: "44" (carriers)',
    )


def test_a_table_that_is_one_thing_is_told_by_its_keys():
    other = replace(SITE, edge=replace(SITE.edge, attempts=9, budget=9_000))
    assert told(SITE, other) == ("edge: attempts, budget",)
    features = Features(take_out="*88")
    assert told(replace(SITE, features=Features()), replace(SITE, features=features)) == (
        "features: take_out",
    )


def test_a_second_asterisk_that_comes_is_the_table():
    assert SITE.standby is None
    assert told(SITE, replace(SITE, standby=SITE.pbx)) == ("standby: the table",)


def test_of_ten_thousand_routes_the_first_are_named_and_it_takes_no_time():
    prefixes = [f"1{number:05}" for number in range(10_000)]
    old, new = routed(*prefixes), routed(*(f"2{one}" for one in prefixes))
    began = time.monotonic()
    (line,) = told(old, new)
    assert time.monotonic() - began < 2
    assert line.startswith('routes: 10000 new: "2100000", ')
    assert line.count('"') == 2 * 2 * 8
    assert line.count(" and 9992 more") == 2


def test_every_table_can_be_told_of():
    parts = [name for name in SITE.__dataclass_fields__ if name != "path"]
    lines = differences(SITE, SITE, parts)
    assert [line.partition(":")[0] for line in lines] == parts

"""What names resolve to: which addresses may be used, and in which order."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop.addresses import Address
from bellhop.gateways import Gateway
from bellhop.names import Record, decode, encode, ordered, permitted
from bellhop.settings import load
from bellhop.weights import drawn
from tests.unit.conftest import changed

NORTH = Gateway("sip.north.example", 0, named=True)
SITE = load(Path(__file__).with_name("sites") / "good.toml")


def record(host, priority=0, weight=0, port=5060):
    return Record(host=host, port=port, priority=priority, weight=weight)


def test_the_smaller_priority_is_tried_first_whatever_the_weights():
    found = ordered([record("192.0.2.9", 20, 99), record("192.0.2.1", 10, 1)], Random(1))
    assert found == (Address("192.0.2.1", 5060), Address("192.0.2.9", 5060))


def test_records_without_weights_keep_the_order_of_dns():
    found = ordered([record("192.0.2.2"), record("192.0.2.1")], Random(1))
    assert [one.host for one in found] == ["192.0.2.2", "192.0.2.1"]


def test_an_address_that_two_records_name_is_tried_once():
    assert ordered([record("192.0.2.1", 1), record("192.0.2.1", 2)], Random(1)) == (
        Address("192.0.2.1", 5060),
    )


def test_shares_of_calls_follow_the_weights():
    random = Random(4)
    first = Counter(drawn(["a", "b"], {"a": 3, "b": 1}.__getitem__, random)[0] for _ in range(4000))
    assert 0.72 < first["a"] / 4000 < 0.78


@given(st.lists(st.integers(0, 65535), max_size=8), st.randoms(use_true_random=False))
def test_an_order_has_each_item_once_and_weightless_ones_last(weights, random):
    items = list(enumerate(weights))
    order = drawn(items, lambda item: item[1], random)
    assert sorted(order) == items
    light = [item for item in order if item[1] == 0]
    assert order[len(order) - len(light) :] == light == sorted(light)


@pytest.mark.parametrize(
    "host",
    [
        "203.0.113.1",  # another carrier
        "192.0.2.40",  # a trunk
        "198.51.100.20",  # the pbx
        "198.51.100.10",  # the edge's own
        "192.0.2.10",
        "127.0.0.1", "0.0.0.0", "224.0.0.1", "169.254.1.1", "2001:db8::1", "nonsense", "",
    ],
)  # fmt: skip
def test_a_name_may_not_resolve_to_what_is_somebody_elses(host):
    good = record("203.0.113.200")
    assert permitted([record(host), good], NORTH, SITE) == (good,)


def test_a_name_may_resolve_to_a_source_or_another_gateway_of_its_own_carrier(tmp_path):
    """`sources` tells whose calls come from there; the name that leads there is the same one's."""
    mine = '"203.0.113.61:5060"]\nsources = ["203.0.113.62"]'
    file = tmp_path / "site.toml"
    file.write_text(changed('"203.0.113.1:5060"', f'["sip.north.example", {mine}'))
    site = load(file)
    found = tuple(record(host) for host in ("203.0.113.61", "203.0.113.62"))
    assert permitted((*found, record("203.0.113.2")), NORTH, site) == found
    assert permitted(found, Gateway("sip.other.example", 0, named=True), site) == ()


def test_a_book_is_read_as_it_was_written():
    book = {"sip.carrier.example": (record("192.0.2.1", 10, 5, 5080),)}
    assert decode(encode(book)) == book

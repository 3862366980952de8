"""Zones to devices: each once, and always an end."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellhop import zones as zones_module
from bellhop.callers import Caller, Kind
from bellhop.devices import Device
from bellhop.numbering import Numbering
from bellhop.zones import Zone, cycle, flattened, for_caller, may_page, members

quiet = settings(deadline=None, derandomize=True, max_examples=200)
DEVICES = {str(n): Device(number=str(n), kind="speaker") for n in range(1, 6)}


def zones(**book):
    return {n[1:]: Zone(number=n[1:], name="Z", members=tuple(m)) for n, m in book.items()}


def test_devices_come_in_the_order_they_are_named_and_once():
    book = zones(z80=["1", "81", "2"], z81=["3", "2", "1"])
    assert list(flattened("80", book)) == ["1", "3", "2"]


def test_who_stands_twice_in_one_list_is_rung_once():
    book = zones(z80=["1", "81", "1", "81"], z81=["2", "2"])
    found = members(book["80"], book, DEVICES, None, Numbering())
    assert [device.number for device in found] == ["1", "2"]


def test_a_page_leaves_its_caller_out():
    book = zones(z80=["1", "2", "3"])
    found = members(book["80"], book, DEVICES, "2", Numbering())
    assert [device.number for device in found] == ["1", "3"]
    assert len(members(book["80"], book, DEVICES, None, Numbering())) == 3


def numbers(spelled, numbering=Numbering()):  # noqa: B008 - a value
    book = zones(z80=["81", *spelled[:1]], z81=spelled[1:])
    return [one.number for one in members(book["80"], book, DEVICES, None, numbering)]


def test_a_group_that_zones_name_with_other_hops_is_one_stream_and_the_farther_one():
    near, far = "multicast:239.1.2.3:5004", "multicast:239.1.2.3:5004/4"
    assert numbers([near, far]) == [far]
    assert numbers([far, near]) == [far]
    assert numbers([near, "multicast:239.1.2.3:5006"]) == ["multicast:239.1.2.3:5006", near]


def test_a_number_outside_that_is_spelled_in_two_ways_rings_once():
    at_home = Numbering(country="44", international="00", national="0")
    spelled = ["tel:+442079460000", "tel:442079460000"]
    assert numbers(spelled) == ["tel:442079460000"]
    assert numbers(["tel:00442079460000", *spelled[:1], "tel:02079460000"], at_home) == [
        "tel:+442079460000"
    ]
    assert len(numbers(["tel:02079460000", *spelled])) == 2


NUMBERS = st.sampled_from(["1", "2", "3", "80", "81", "82", "83"])
BOOKS = st.fixed_dictionaries(
    {n: st.lists(NUMBERS, min_size=1, max_size=4) for n in ("80", "81", "82", "83")}
)


@quiet
@given(BOOKS)
def test_any_book_of_zones_ends_with_each_device_once(book):
    made = zones(**{f"z{n}": m for n, m in book.items()})
    for number in made:
        found = list(flattened(number, made))
        assert len(found) == len(set(found))
        assert not set(found) & made.keys()
        assert set(found) == {one for member in book[number] for one in flattened(member, made)}


@quiet
@given(BOOKS)
def test_a_cycle_is_found_exactly_where_there_is_one(book):
    made = zones(**{f"z{n}": m for n, m in book.items()})
    for number in made:
        reached, waiting = set(), [number]
        while waiting:
            for member in book[waiting.pop()]:
                if member in made and member not in reached:
                    reached.add(member)
                    waiting.append(member)
        way = cycle(number, made)
        assert (way is not None) is (number in reached)
        if way:
            assert way[0] == way[-1] == number
            assert all(b in book[a] for a, b in itertools.pairwise(way))


def test_who_may_page_is_who_the_zone_names_or_who_has_the_right():
    named = Zone(number="8", name="Z", members=("1",), callers=("20", "trunk:pbx:2001"))
    anyone = Zone(number="9", name="Z", members=("1",))
    phone = Caller(Kind.DEVICE, "20", "20", ("zones",))
    other = Caller(Kind.DEVICE, "21", "21", ("zones",))
    mute = Caller(Kind.DEVICE, "22", "22", ("devices",))
    assert may_page(named, phone)
    assert not may_page(named, other)
    assert may_page(anyone, other)
    assert not may_page(anyone, mute)
    assert may_page(named, Caller(Kind.TRUNK, "pbx", "2001", ("zones",)))
    assert not may_page(named, Caller(Kind.TRUNK, "pbx", "2002", ("zones",)))
    assert not may_page(named, Caller(Kind.TRUNK, "pbx", "", ("zones",)))
    assert not may_page(named, Caller(Kind.CARRIER, "20", "20", ()))


def test_an_emergency_zone_goes_before_any_priority():
    emergency = Zone(number="80", name="Z", members=("1",), emergency=True, priority=1)
    highest = Zone(number="81", name="Z", members=("1",), priority=9)
    assert emergency.rank > highest.rank > Zone(number="82", name="Z", members=("1",)).rank


def test_groups_and_numbers_outside_come_once_too():
    book = zones(
        z80=["1", "multicast:239.1.2.3:5004", "81"], z81=["tel:112", "multicast:239.1.2.3:5004"]
    )
    found = members(book["80"], book, DEVICES, None, Numbering())
    assert [one.number for one in found] == ["1", "multicast:239.1.2.3:5004", "tel:112"]


def test_a_two_way_zone_is_one_way_for_who_has_no_right_to_more():
    both = Zone(number="80", name="Z", members=("1",), mode="two-way")
    one = Zone(number="81", name="Z", members=("1",))
    without = Caller(Kind.DEVICE, "2", "2", ("zones", "devices", "trunks", "carriers"))
    having = Caller(Kind.DEVICE, "2", "2", ("zones", "two-way"))
    assert for_caller(both, without).mode == "one-way"
    assert for_caller(both, having).mode == "two-way"
    assert for_caller(one, having).mode == "one-way"


def test_a_chime_is_a_word_or_a_file_below_the_site_file():
    for good in ("none", "beep", "gong.wav", "sounds/gong-2.wav"):
        assert zones_module._chime(good) == good  # noqa: SLF001
    for bad in ("/etc/gong.wav", "gong", "gong.mp3", "a&b.wav", "x,1.wav", "", 1, "-x/../${A}.wav"):
        with pytest.raises(ValueError, match="expected"):
            zones_module._chime(bad)  # noqa: SLF001

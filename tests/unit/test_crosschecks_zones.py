"""What is wrong with a zone beside the other tables: its members, its numbers, what its keys need."""

import time

import pytest


def zone(number, *members):
    named = ", ".join(f'"{m}"' for m in members)
    return f'[zones.{number}]\nname = "Z"\nmembers = [{named}]\n'


def test_a_zone_that_contains_itself_is_told_with_the_way(told_changed):
    assert told_changed(more=zone("81", "81")) == [
        "zones.81.members: the zone contains itself: 81 > 81"
    ]
    assert told_changed(
        more=zone("81", "82", "1008") + zone("82", "83") + zone("83", "1009", "81")
    ) == [
        "zones.81.members: the zone contains itself: 81 > 82 > 83 > 81",
        "zones.82.members: the zone contains itself: 82 > 83 > 81 > 82",
        "zones.83.members: the zone contains itself: 83 > 81 > 82 > 83",
    ]


def test_a_zone_above_a_cycle_is_not_blamed_for_it(told_changed):
    said = told_changed(more=zone("80", "81") + zone("81", "82") + zone("82", "81"))
    assert [line.split(":")[0] for line in said] == ["zones.81.members", "zones.82.members"]


def test_zones_that_share_zones_are_checked_at_once(told_changed):
    layers = 40  # 2**40 ways through them
    more = "".join(
        zone(f"9{layer:02}{side}", f"9{layer + 1:02}0", f"9{layer + 1:02}1")
        for layer in range(layers)
        for side in (0, 1)
    )
    began = time.monotonic()
    assert told_changed(more=more + zone(f"9{layers}0", "1008") + zone(f"9{layers}1", "1009")) == []
    assert time.monotonic() - began < 10


def test_hundreds_of_zones_in_one_another_are_no_traceback(told_changed):
    chain = "".join(zone(str(50_000 + n), str(50_001 + n)) for n in range(300))
    assert told_changed(more=chain + zone("50300", "1008")) == []


def test_a_number_is_a_device_or_a_zone(told_changed):
    assert told_changed(more=zone("1008", "1009")) == ["zones.1008: 1008 is a device too"]


def test_what_is_wrong_between_tables_is_told_beside_what_is_wrong_in_them(told_changed):
    broken = told_changed(
        'kind = "speaker"\nmodel', 'kind = "horn"\nmodel', zone("81", "77", "8000")
    )
    assert broken == [
        'devices.1008.kind: expected one of "speaker", "intercom", "phone", got "horn"',
        (
            'zones.81.members: no device or zone "77"; known: 1008, 1009, 1015, 1020, 1021, 8000, '
            "8001, 81"
        ),
    ]


@pytest.mark.parametrize(("in_use", "wrong"), [("skip", True), ("wait", True), ("take", False)])
def test_an_emergency_zone_that_would_spare_its_members_is_a_mistake(told_changed, in_use, wrong):
    more = zone("81", "1008") + f'emergency = true\nin_use = "{in_use}"\n'
    what = f'zones.81.in_use: an emergency zone takes its members: expected "take", got "{in_use}"'
    assert told_changed(more=more) == ([what] if wrong else [])


def test_a_member_outside_needs_a_route(told_changed):
    assert told_changed(more=zone("81", "tel:+4420", "tel:44123")) == []
    assert told_changed(more=zone("81", "tel:99123")) == [
        'zones.81.members: no route leads to "tel:99123"'
    ]


def test_a_device_or_a_zone_is_not_spelled_as_a_number_outside(told_changed):
    assert told_changed(more=zone("4481", "tel:4481")) == [
        'zones.4481.members: "tel:4481" is zones.4481: expected "4481"'
    ]
    assert told_changed(more=zone("81", "1008", "tel:1008")) == [
        'zones.81.members: "tel:1008" is devices.1008: expected "1008"'
    ]


def test_a_group_is_no_number_that_somebody_must_have(told_changed):
    assert told_changed(more=zone("81", "multicast:239.1.2.3:5004")) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('max_length = "1m"\nlongest = "30s"', "longest: expected no less than max_length"),
        ('repeat_every = "5s"', "repeat_every: expected in an emergency zone only"),
        ('emergency_zone = "8000"', 'emergency_zone: no emergency zone "8000"; known: 92, 93'),
        ('emergency_zone = "92"', None),
        (
            'emergency_zone = "93"',
            'emergency_zone: "93" asks for a PIN or a recording: a key leads to a live page at once',
        ),
        (
            'emergency = true\nemergency_zone = "92"',
            "emergency_zone: an emergency zone becomes no other",
        ),
    ],
)
def test_what_keys_and_repeats_need_is_told(told_changed, keys, said):
    alarms = zone("92", "1008") + "emergency = true\n" + zone("93", "1008")
    more = alarms + 'emergency = true\npin_file = "pins"\n' + zone("91", "1008") + f"{keys}\n"
    assert told_changed(more=more) == ([f"zones.91.{said}"] if said else [])

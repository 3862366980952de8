"""What proves nothing is counted by source and left unanswered above a bound; what proves itself,
and peers, are not.
"""

import pytest

DEVICE, FLOOD = "192.0.2.77", "192.0.2.66"


@pytest.fixture
def bound(house):
    return house.site.edge.unproved


def asked(house, source):
    return house.fake.tables["bellhop_asked"].values.get(source, 0)


def has_asked(house, source, times):
    house.fake.tables["bellhop_asked"].values[source] = times


def answered(house):
    return bool(house.answers or house.relays)


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS", "ACK", "CANCEL", "FOO"])
@pytest.mark.parametrize("door", ["devices", "trunks", "internal", "strange"])
def test_a_source_above_its_bound_gets_no_answer_and_costs_no_more_than_the_count(
    house, bound, method, door
):
    has_asked(house, FLOOD, bound)
    house.arrives(method, door=door, source=FLOOD)
    assert not answered(house)
    assert {call.path for call in house.fake.calls} <= {
        "pv.get", "htable.sht_inc", "hdr.is_present", "siputils.has_totag", "err",
    }  # fmt: skip


def test_the_last_within_the_bound_is_answered(house, bound):
    has_asked(house, FLOOD, bound - 1)
    house.arrives("OPTIONS", source=FLOOD)
    assert house.answers == [200]


def test_another_source_is_answered_as_ever(house, bound):
    has_asked(house, FLOOD, 100 * bound)
    house.arrives("OPTIONS", source=DEVICE)
    assert house.answers == [200]


def test_who_proves_himself_does_not_use_up_the_bound(house, bound):
    for _ in range(3 * bound):
        house.arrives("REGISTER", user="1009", source=DEVICE, fU="1009", tU="1009")
        assert house.answers == [200]
    assert asked(house, DEVICE) == 0


def test_a_device_with_credentials_is_heard_in_the_middle_of_a_flood_from_its_address(house, bound):
    has_asked(house, DEVICE, 2 * bound)
    house.arrives(
        "REGISTER", user="1009", source=DEVICE, fU="1009", tU="1009",
        headers=[("Authorization", "Digest …"), ("Contact", "<sip:x@192.0.2.77>")],
    )  # fmt: skip
    assert house.answers == [200]
    assert asked(house, DEVICE) == 2 * bound


def test_the_last_with_credentials_within_four_times_the_bound_is_heard(house, bound):
    has_asked(house, DEVICE, 4 * bound - 1)
    house.arrives("REGISTER", source=DEVICE, headers=[("Authorization", "Digest …")])
    assert answered(house)


def test_credentials_alone_let_nobody_flood_without_end(house, bound):
    has_asked(house, FLOOD, 4 * bound)
    house.arrives("REGISTER", source=FLOOD, headers=[("Authorization", "Digest …")])
    assert not answered(house)


@pytest.mark.parametrize(
    ("door", "source"), [("trunks", "203.0.113.1"), ("internal", "198.51.100.20")]
)
def test_a_peer_may_call_as_often_as_it_likes(house, bound, door, source):
    has_asked(house, source, 100 * bound)
    house.arrives("OPTIONS", door=door, source=source)
    assert house.answers == [200]


def test_a_peers_address_at_the_devices_door_is_no_peer(house, bound):
    has_asked(house, "203.0.113.1", 100 * bound)
    house.arrives("OPTIONS", source="203.0.113.1")
    assert not answered(house)


def test_a_flood_is_told_once_and_counted(house, bound):
    has_asked(house, FLOOD, bound)
    for _ in range(50):
        house.arrives("OPTIONS", source=FLOOD)
    assert house.fake.tables["bellhop_denied"].values == {FLOOD: 50}
    (line,) = house.logged
    assert FLOOD in line


def test_who_is_no_peer_and_calls_at_the_peers_door_is_told_once_and_of_many_some(house):
    def told():
        return [text for _, text in house.fake.log if "no trunk's" in text]

    for _ in range(3):
        house.calls("1009", user=None, door="trunks", source=FLOOD, fU="2001")
    assert house.answers == [403]
    assert told() == [f"source={FLOOD} is no carrier's and no trunk's address: refused (403)\n"]
    for last in range(50):
        house.calls("1009", user=None, door="trunks", source=f"198.51.100.{last}", fU="2001")
    assert len(told()) == 10


def test_of_ipv6_a_household_is_one_source(house):
    for last in ("1", "2", "ABCD"):
        house.arrives("OPTIONS", source=f"2001:DB8:0:7:0:0:0:{last}")
    assert house.fake.tables["bellhop_asked"].values == {"2001:db8:0:7::": 3}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8::7:0:0:1", "2001:db8::"),
        ("2001:db8:0:0:ffff::1", "2001:db8::"),
        ("2001:db8:0:7::1", "2001:db8:0:7::"),
        ("[2001:0DB8:0000:0007::1]", "2001:db8:0:7::"),
        ("fe80::1", "fe80::"),
        ("::1", "::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("0:0:0:0:0:ffff:c000:201", "192.0.2.1"),
    ],
)
def test_of_ipv6_a_household_is_one_source_however_the_address_is_written(house, source, line):
    house.arrives("OPTIONS", source=source)
    assert house.fake.tables["bellhop_asked"].values == {line: 1}


def test_without_memory_to_count_in_requests_are_answered(house):
    house.fake.tables.pop("bellhop_asked")
    house.arrives("OPTIONS", source=DEVICE)
    assert house.answers == [200]

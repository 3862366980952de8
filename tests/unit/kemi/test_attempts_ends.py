"""How a call ends that nobody took, and what its caller is told."""

import msgspec
import pytest

from kemi import answer

DEVICE_ANSWERS = [
    (486, [], 486, 17), (480, [], 480, 18), (404, [], 404, 1), (603, [], 603, 21), (488, [], 488, 31),
    (302, [], 480, 20), (300, [], 480, 20), (401, [], 480, 21), (407, [], 480, 21),
    (None, [], 408, 18),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reason", "told", "cause"), DEVICE_ANSWERS)
def test_what_the_edge_says_of_a_device_tells_why(house, code, reason, told, cause):
    house.calls("1009")
    house.fails(code, reason=reason)
    assert len(house.relays) == 1
    assert house.answers == [told]
    assert house.fake.headers.to_reply == [f"Reason: Q.850;cause={cause}\r\n"]


def test_a_phrase_that_nobody_can_read_is_the_devices_not_the_callers_mistake(house):
    house.calls("1009")
    house.fails(486, phrase=b"B\xe9set")
    assert house.answers == [486]


def test_paging_that_is_down_is_503_with_41(house):
    house.calls("8000")
    house.fails()
    assert house.answers == [503]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=41\r\n"]


def test_a_carrier_that_never_answers_is_408_with_102_at_the_end(house):
    house.calls("4412")
    for branch in range(3):
        house.fails(branch=branch)
    assert house.answers == [408]
    assert house.fake.headers.to_reply == ["Reason: Q.850;cause=102\r\n"]


def test_a_call_with_nobody_to_try_is_answered(house):
    house.calls("4412")
    answer.final(msgspec.structs.replace(house.call, legs=(), attempts=()), "nobody-left")
    assert house.answers == [503]


def test_a_call_to_a_gateway_on_a_connection_leaves_by_the_first_listener_of_its_protocol(
    make_house_of,
):
    doors = 'trunks = ["udp:192.0.2.10:5070", "tcp:192.0.2.10:5072", "tcp:192.0.2.10:5074"]'
    house = make_house_of(
        lambda text: text.replace('trunks = ["udp:192.0.2.10:5070"]', doors).replace(
            'gateway = "203.0.113.1:5060"', 'gateway = "tcp:203.0.113.1:5060"'
        )
    )
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.1:5060;transport=tcp"]
    assert house.fake.pv["$fs"] == "tcp:192.0.2.10:5072"
    house.fails(503)
    assert house.fake.pv["$fs"] == "udp:192.0.2.10:5070"


def test_a_call_leaves_by_the_first_listener_of_udp_wherever_it_stands(make_house_of):
    both = 'trunks = ["tcp:192.0.2.10:5070", "udp:192.0.2.10:5072"]'
    house = make_house_of(lambda text: text.replace('trunks = ["udp:192.0.2.10:5070"]', both))
    house.calls("4412")
    assert house.fake.pv["$fs"] == "udp:192.0.2.10:5072"

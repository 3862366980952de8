"""Two carriers at one address: what is of a call with the second one is not taken for the first's."""

import pytest

from tests.unit.kemi.house import NORTH, PHONE
from tests.unit.kemi.test_names import Dns

ONE, OTHER = 'gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.4:5060"'
EAST_ALONE = '\n[[routes]]\nprefix = "49"\ncarriers = ["east"]\n'
NAMES = {"sip.north.example": [NORTH], "sip.east.example": [NORTH]}


def at(first, second):
    """The gateways of north, which stands first, and of east."""

    def change(text):
        assert text.count(ONE) == text.count(OTHER) == 1
        text = text.replace(ONE, f"gateway = {first}").replace(OTHER, f"gateway = {second}")
        return text + EAST_ALONE

    return change


SHARED = [
    at('"203.0.113.1:5060"', '"203.0.113.1:5060"'),
    at('"203.0.113.1:5060"', '"203.0.113.1:5062"'),
    at('"203.0.113.1:5060"\nsources = ["203.0.113.61"]', '"203.0.113.1:5060"'),
    at('"sip.north.example"', '"sip.north.example"'),
    at('"sip.north.example:5060"', '"sip.east.example:5060"'),
]


@pytest.fixture(params=SHARED, ids=["address", "ports", "sources", "name", "names"])
def shared(request, make_house_of):
    house = make_house_of(request.param)
    Dns(house).addresses = NAMES
    house.app.ksr_names_resolve(None)
    return house


def marked(house):
    """Return the mark that the call has got."""
    [(parameter,)] = house.fake.called("rr.add_rr_param")
    return parameter.partition("=")[2]


@pytest.mark.parametrize("method", ["ACK", "BYE", "UPDATE"])
def test_a_call_with_the_second_alone_is_acknowledged_and_ended(shared, method):
    shared.calls("4930123456")
    assert [to.partition(":50")[0] for to in shared.sent_to] == [f"sip:{NORTH}"]
    shared.arrives(
        method, f"sip:x@{NORTH}", mark=marked(shared), next_hop=NORTH, fU="1020", tt="to-1"
    )
    assert (len(shared.relays), shared.answers) == (1, [])


def test_a_call_that_came_from_there_is_ended_there(shared):
    shared.calls("442071838751", user=None, door="trunks", source=NORTH, fU="4930")
    shared.arrives("BYE", f"sip:x@{NORTH}", mark=marked(shared), next_hop=NORTH, source=PHONE,
                   fU="1015", ft="to-1", tt="from-1")  # fmt: skip
    assert (len(shared.relays), shared.answers) == (1, [])


def test_the_mark_of_a_call_with_neither_opens_no_way_there(shared):
    shared.calls("2001")
    shared.arrives("BYE", f"sip:x@{NORTH}", mark=marked(shared), next_hop=NORTH, tt="to-1")
    assert (shared.relays, shared.answers) == ([], [403])

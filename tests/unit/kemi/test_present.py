"""The pager's question before a page: who of these is registered now, and who may be in a call."""

import json
import time

import pytest

from bellhop.present import METHOD, MOST

LATER = int(time.time()) + 600


@pytest.fixture
def ask(house):
    """Ask as the pager does; gives the code and the body of the edge's answer."""

    def asking(*params, method=METHOD, body=None):
        house.arrives("POST", "sip:edge", door="internal", source="198.51.100.30")
        house.fake.calls.clear()
        question = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        house.says({"$hu": "/RPC", "$rb": json.dumps(question) if body is None else body})
        house.app.ksr_xhttp_event(None, "xhttp:request")
        return [(args[0], args[3]) for args in house.fake.called("xhttp.xhttp_reply")]

    return asking


def told(replies):
    [(code, body)] = replies
    assert code == 200
    answer = json.loads(body)
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    return answer["result"]


def test_who_is_registered_is_told_as_what_and_nobody_else(house, ask):
    house.bindings = {"1008": [(LATER, "AXIS C1310-E")], "1009": [(0, "n/a")]}
    assert told(ask("", "1008", "1009", "1010")) == {
        "1008": ["AXIS C1310-E", False, False],
        "1009": ["", False, False],
    }


def test_a_binding_that_has_ended_is_none_though_the_table_still_has_it(house, ask):
    over = int(time.time()) - 1
    house.bindings = {"1008": [(over, "old")], "1009": [(over, "old"), (LATER, "new")], "1010": []}
    assert told(ask("", "1008", "1009", "1010")) == {"1009": ["new", False, False]}


def test_a_user_agent_that_nobody_can_read_hides_no_device(house, ask):
    house.bindings = {"1008": [(LATER, b"\xe9")], "1009": [(LATER, "horn")]}
    assert told(ask("", "1008", "1009")) == {
        "1008": ["", False, False],
        "1009": ["horn", False, False],
    }


@pytest.mark.parametrize(
    ("contact", "received", "elsewhere"),
    [
        ("sip:1008@192.0.2.7:5060", None, False),
        ("sip:1008@192.0.2.7:5062", "sip:192.0.2.7:40000", False),  # another port alone
        ("sip:1008@192.0.2.7;transport=tcp", "sip:192.0.2.7:5060;transport=tcp", False),
        ("sip:1008@192.168.77.7:5060", "sip:192.0.2.7:5060", True),
        ("sip:192.168.77.7", "sip:192.0.2.7:5060", True),
        ("sips:1008@[2001:db8::7]:5061", "sip:[2001:DB8:0::7]:5061;transport=tls", False),
        ("sip:1008@[fd00::7]", "sip:[2001:db8::7]:5060", True),
        (
            "sip:1008@horn.example",
            "sip:192.0.2.7:5060",
            False,
        ),  # a name says nothing of where it is
        (b"\xe9", "sip:192.0.2.7:5060", False),
    ],
)
def test_a_device_that_registered_from_elsewhere_than_it_says_is_told_so(
    house, ask, contact, received, elsewhere
):
    house.bindings = {"1008": [(LATER, "horn", contact, received)]}
    assert told(ask("", "1008")) == {"1008": ["horn", False, elsewhere]}


def test_a_device_in_a_call_is_told_so_and_of_the_other_asterisks_calls_too(house, ask):
    house.bindings = {n: [(LATER, "horn")] for n in ("1008", "1009", "1010")}
    house.engaged = ["1008"]
    house.asterisks = ["standby:1009", "first:1010"]
    for other, engaged in (("", {"1008"}), ("standby", {"1008", "1009"})):
        found = told(ask(other, "1008", "1009", "1010"))
        assert {number for number, (_, in_call, _) in found.items() if in_call} == engaged


@pytest.mark.parametrize(
    "params",
    [(), (7,), ("", 1008), ("", "1008;x"), ("", ""), ("", "\u0661"), ("", *["1008"] * (MOST + 1))],
)
def test_a_question_that_is_none_is_refused(ask, params):
    assert [code for code, _ in ask(*params)] == [400]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"method": 7}',
        json.dumps({"method": "ul.dump"}),
        f'[{{"method": "{METHOD}"}}]',
    ],
)
def test_any_other_question_is_kamailios_own(house, ask, body):
    assert ask(body=body) == []
    assert len(house.fake.called("jsonrpcs.dispatch")) == 1

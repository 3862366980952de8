"""Who is in a call, asked of an edge; the answers are Kamailio 6.1.5's."""

import pytest

from bellhop.addresses import Address
from bellhop.pages import EdgeCall
from bellhop.rpc import RpcError
from pager.calls import Calls, in_calls
from tests.unit.test_pager_registrations import Edge, answer

OTHER = Address("192.0.2.21", 5060)


def dialog(entry, *devices, state=4):
    """A dialog as `dlg.profile_list` has it, in this state, of these devices."""
    return {
        "h_entry": entry, "h_id": 9, "call-id": f"{entry}@192.0.2.7", "state": state,
        "profiles": [{"bellhop": "north"}, *({"bellhop_devices": one} for one in devices)],
        "variables": [],
    }  # fmt: skip


def test_a_call_between_two_devices_is_each_ones():
    both = dialog(7, "1020", "1008")  # Kamailio lists it once for each of them
    found = in_calls([both, both, dialog(8, "1020")])
    assert found == {"1020": (EdgeCall(7, 9), EdgeCall(8, 9)), "1008": (EdgeCall(7, 9),)}


@pytest.mark.parametrize("state", [1, 2, 5])
def test_who_is_only_being_rung_is_in_no_call(state):
    assert in_calls([dialog(7, "1008", state=state)]) == {}


def test_only_the_numbers_that_were_asked_for_are_told():
    with Edge(answer([dialog(7, "1020", "1008")])) as edge:
        assert Calls(edge.address).of(["1008", "1009"]) == {"1008": (EdgeCall(7, 9),)}
    [(_, asked)] = edge.asked
    assert (asked["method"], asked["params"]) == ("dlg.profile_list", ["bellhop_devices"])


@pytest.mark.parametrize("body", [b"", b"null", b'{"result": 7}', b'{"result": [7]}',
                                  b'{"result": [{"state": 4}]}', b'{"error": {"code": 500}}'])  # fmt: skip
def test_an_edge_that_answers_nonsense_holds_no_page_back(body):
    with Edge(body) as edge:
        assert Calls(edge.address).of(["1008"]) == {}


def test_a_call_is_ended_by_its_place_in_the_edges_table():
    with Edge(answer({})) as edge:
        assert Calls(edge.address).end(EdgeCall(7, 9))
    [(_, asked)] = edge.asked
    assert (asked["method"], asked["params"]) == ("dlg.end_dlg", [7, 9])


def test_a_call_that_has_ended_meanwhile_is_no_error():
    with Edge(b'{"error": {"code": 404, "message": "Dialog not found"}}', 404) as edge:
        assert not Calls(edge.address).end(EdgeCall(7, 9))


def leg(entry, value, state=4):
    """An Asterisk's call, as `dlg.profile_list` has it."""
    return dialog(entry, state=state) | {"profiles": [{"bellhop_legs": value}]}


def test_an_asterisks_calls_are_told_by_the_number_that_it_called():
    listed = [leg(7, "pbx:1008"), leg(8, "standby:1009"), leg(9, "pbx:"), leg(6, "pbx:1010", 2)]
    with Edge(answer(listed)) as edge:
        assert Calls(edge.address).legs() == {"1008": (EdgeCall(7, 9),), "": (EdgeCall(9, 9),)}
        assert Calls(edge.address, "standby").legs() == {"1009": (EdgeCall(8, 9),)}
    assert [asked["params"] for _, asked in edge.asked] == [["bellhop_legs"]] * 2


@pytest.mark.parametrize("body", [b"", b'{"result": [7]}', b'{"result": 7}'])
def test_an_edge_that_cannot_tell_has_no_orphans(body):
    with Edge(body) as edge, pytest.raises(RpcError):
        Calls(edge.address).legs()


class Answers:
    """Stands in for the edge: the other Asterisk has 1008, and is well or dead."""

    def __init__(self, flags):
        self.flags, self.ended = flags, []

    def __call__(self, _edge, method, *params, patience=0):  # noqa: ARG002 - as ask has it
        match method, params:
            case "dlg.profile_list", ("bellhop_devices",):
                return [dialog(5, "1009")]
            case "dlg.profile_list", ("bellhop_legs",):
                return [leg(7, "standby:1008"), leg(8, "pbx:1010")]
            case "dispatcher.list", ():
                return {"DEST": {"URI": f"sip:{OTHER}", "FLAGS": self.flags}}
            case "dlg.end_dlg", _:
                self.ended.append(params)
                return None
        raise AssertionError(method)


def test_who_is_in_a_page_of_the_other_asterisk_is_in_a_call(monkeypatch):
    monkeypatch.setattr("pager.calls.ask", edge := Answers("AP"))
    calls = Calls(Address("192.0.2.10", 5080), "pbx", ("standby", OTHER))
    assert calls.of(["1008", "1009", "1010"]) == {
        "1008": (EdgeCall(7, 9),),
        "1009": (EdgeCall(5, 9),),
    }
    assert not edge.ended


def test_what_a_dead_asterisk_has_left_is_ended_and_is_no_call(monkeypatch):
    monkeypatch.setattr("pager.calls.ask", edge := Answers("IP"))
    calls = Calls(Address("192.0.2.10", 5080), "pbx", ("standby", OTHER))
    assert calls.of(["1008", "1009"]) == {"1009": (EdgeCall(5, 9),)}
    assert edge.ended == [(7, 9)]

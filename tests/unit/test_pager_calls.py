"""Who is in a call, asked of an edge; the answers are Kamailio 6.1.5's."""

import pytest

from bellhop.pages import EdgeCall
from pager.calls import Calls, in_calls
from tests.unit.test_pager_registrations import Edge, answer


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

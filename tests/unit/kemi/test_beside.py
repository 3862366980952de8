"""Work beside the calls: a process that does some gives way to those that handle SIP."""

import pytest

BESIDE = (
    "ksr_ledger_write",
    "ksr_site_reload",
    "ksr_names_resolve",
    "ksr_carriers_register",
    "ksr_gateways_load",
)


@pytest.mark.parametrize("callback", BESIDE)
def test_a_process_that_works_beside_the_calls_gives_way_once(house, nice, callback):
    for _ in range(3):
        getattr(house.app, callback)(None)
    assert nice == [5]


def test_a_worker_gives_no_way(house, nice):
    house.calls("4412")
    house.fails(503)
    house.replies(200, branch=1)
    assert nice == []


def test_where_a_process_may_not_give_way_its_work_is_done_and_that_is_said(house, monkeypatch):
    from kemi import beside  # noqa: PLC0415 - there is a KSR to import only now

    def refused(_by):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(beside.os, "nice", refused)
    house.app.ksr_names_resolve(None)
    house.app.ksr_names_resolve(None)
    [said] = [line for line in house.logged if "gives-way=no" in line]
    assert "Operation not permitted" in said

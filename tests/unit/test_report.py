"""The report of a page: the contract and the sentence."""

import json
import re
from pathlib import Path

from msgspec.structs import replace

from bellhop.members import Member
from bellhop.pages import Page, Refusal
from bellhop.report import MemberReport, Report, report

BEGAN = 1_795_230_000.5


def page(number=1, **fields):
    played = Member(device="1008").answered(12).joined(15).counted(150).hung_up(2000, 16, None)
    silent = Member(device="1010").failed(19, 480, "no answer")
    made = Page(
        id=f"{number}-a", zone="8000", leader="trunk:reception:2001", started=BEGAN + number,
        quorum=100, head_start=3000, opened_ms=400, **fields,
    )  # fmt: skip
    return made.with_members(played, silent)


def refused(number):
    return Page(
        id=f"{number}-r",
        zone="8000",
        leader="1021",
        started=BEGAN + number,
        quorum=100,
        head_start=0,
    ).refused(Refusal(21, "this caller may not page this zone"), BEGAN + number)


def contract(one):
    """As a program reads it."""
    return json.loads(json.dumps(report(one).contract()))


def test_the_guide_has_each_key_of_the_contract_and_no_other():
    guide = (Path(__file__).parents[2] / "docs" / "paging.md").read_text("utf-8")
    for told, head in ((Report, "of a page"), (MemberReport, "of a member")):
        table = guide.partition(f"| key | {head} |\n|---|---|\n")[2].partition("\n\n")[0]
        keys = [
            key for row in table.splitlines() for key in re.findall("`(.+?)`", row.split("|")[1])
        ]
        assert sorted(keys) == sorted(told.__struct_fields__)


def test_the_contract_has_its_keys_and_values():
    assert contract(page(ended=BEGAN + 4)) == {
        "page": "1-a",
        "zone": "8000",
        "leader": "trunk:reception:2001",
        "started": "2026-11-21T03:00:01.500+00:00",
        "ended": "2026-11-21T03:00:04.500+00:00",
        "members": [
            {"device": "1008", "outcome": "played", "answered_ms": 12, "joined_ms": 15, "cause": None, "sip": None, "why": "",
             "sent": 150, "received": None},
            {"device": "1010", "outcome": "failed", "answered_ms": None, "joined_ms": None, "cause": 19, "sip": 480, "why": "no answer",
             "sent": None, "received": None},
        ],
        "cause": None,
        "why": "",
        "stopped_by": "",
        "notes": [],
        "times": 0,
    }  # fmt: skip


def test_the_sentence_counts_and_names_who_did_not_play():
    ended = report(page(ended=BEGAN + 4))
    assert ended.sentence() == "1 of 2 played, in 12 ms; 1010 did not: no answer"


def test_a_page_that_goes_on_is_said_as_one():
    rung = Page(id="1-a", zone="8000", leader="1020", started=BEGAN, quorum=100, head_start=0)
    rung = rung.with_members(*(Member(device=number).rung() for number in ("1008", "1009")))
    assert report(rung).sentence() == "goes on: 2 being rung"
    inside = rung.with_members(Member(device="1008").joined(12))
    failed = inside.with_members(Member(device="1010").failed(17, 486, "busy"))
    said = report(failed).sentence()
    assert said == "goes on: 1 in the room, 1 being rung; 1010 did not: busy"
    nobody = rung.with_members(
        *(Member(device=n).failed(17, 486, "busy") for n in ("1008", "1009"))
    )
    assert report(nobody).sentence() == "goes on; 1008 did not: busy; 1009 did not: busy"


def test_a_group_is_named_beside_those_that_are_counted_and_leaves_nothing_open():
    there = Member(device="multicast:239.1.2.3:5004").joined(5).hung_up(2000, 16, None)
    several = page(ended=BEGAN + 4).with_members(there)
    told = report(several)
    assert told.sentence().startswith("1 of 2 played, in 12 ms; multicast:239.1.2.3:5004: sent by ")
    assert told.incomplete
    well = {device: one for device, one in several.members.items() if device != "1010"}
    assert not report(replace(several, members=well)).incomplete


def test_a_page_that_was_said_several_times_is_told_how_often():
    said = [report(page(ended=BEGAN + 4, times=times)).sentence() for times in (0, 1, 2)]
    assert [", 1 times" in one or ", 2 times" in one for one in said] == [False, False, True]

"""An attempt that ends without an answer is marked, so that its late 2xx is known by its branch."""

import msgspec
import pytest

from bellhop.entries import Entry
from kemi import writer

TABLE = "bellhop_late"


def marks(house):
    return [args for args in house.fake.called("htable.sht_setxs") if args[0] == TABLE]


def test_a_silent_carrier_is_marked_as_tm_writes_its_branch(house):
    house.calls("4412")
    house.says({"$T(id_index)": 4243})  # 0x1093, which tm writes with the last digit first
    house.fails(503, branch=9)
    house.fails(branch=10)
    _, (_, key, value, seconds) = marks(house)
    assert key == "call-1:z9hG4bK3901:a"
    assert seconds >= 32  # 64 times T1
    late = msgspec.json.decode(value, type=Entry)
    assert (late.attempt, late.leg, late.code) == (0, "carrier:south", 200)
    assert (late.verdict, late.rule) == ("late", "late-answer")


@pytest.mark.parametrize("code", [486, 503])
def test_who_refused_is_marked_whether_the_search_goes_on_or_not(house, code):
    house.calls("4412")
    house.fails(code)
    [(_, _, value, _)] = marks(house)
    late = msgspec.json.decode(value, type=Entry)
    assert (late.leg, late.code, late.verdict) == ("carrier:north", 200, "late")
    assert "refused" in late.why


def test_a_callee_who_rang_too_long_is_marked_too(house):
    house.calls("4412")
    house.replies(180)
    house.fails()
    assert len(marks(house)) == 1


def test_the_writer_gives_a_late_answer_the_time_at_which_it_came(house, monkeypatch):
    house.calls("4412")
    house.fails()
    [(_, _, value, _)] = marks(house)
    marked = msgspec.json.decode(value, type=Entry)
    monkeypatch.setattr("time.time", lambda: marked.at + 3)
    came = writer._come(marked)  # noqa: SLF001 - what the queue's reader makes of it
    assert (came.at, came.ms) == (marked.at + 3, marked.ms + 3_000)

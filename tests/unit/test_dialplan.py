"""The pager says when the dialplan that asks it is another Bellhop's."""

import hashlib
import re
import threading
from pathlib import Path

import pytest

from agi.dialplan import DIALPLAN, Dialplans

TEXT = (Path(__file__).parents[2] / "config/asterisk/extensions.conf").read_text("utf-8")


def logged(caplog):
    return [(r.levelname, r.getMessage().split(" peer=")[0]) for r in caplog.records]


def test_every_question_of_the_dialplan_says_which_dialplan_asks():
    asked = re.findall(r"\bAGI\((agi://[^,)]*)", TEXT)
    assert len(asked) >= 4
    assert all(url.endswith(f"?dialplan={DIALPLAN}") for url in asked)


def test_what_dialplan_and_pager_tell_each_other_changes_with_the_dialplans_number_alone():
    """When this fails: a new number (agi/dialplan.py, extensions.conf), and its digest here."""
    told = re.findall(r"\b(?:UserEvent|AGI)\(.*\)", TEXT)
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    assert {DIALPLAN: digest} == {
        "2": "8a30523b9785e8af9d084fa36f43e5a513ba6d2fb63fa1c8c67776e150f78aab"
    }


def test_the_dialplan_of_this_bellhop_is_nothing_to_tell_of(caplog):
    Dialplans().asks(f"dialplan={DIALPLAN}", "192.0.2.20")
    assert not caplog.records


@pytest.mark.parametrize(
    ("query", "told"),
    [("", "1"), ("dialplan=", "1"), ("dialplan=99", "99"), ("dialplan=%0a%1b[2J", r"\n\x1b[2J"),
     ("x=1", "1"), ("dialplan=" + 50 * "9", 20 * "9")],
)  # fmt: skip
def test_another_dialplan_is_told_of_once(caplog, query, told):
    ours = Dialplans()
    for _ in range(3):
        ours.asks(query, "192.0.2.20")
    assert logged(caplog) == [("ERROR", f"dialplan={told} wanted={DIALPLAN}")]


def test_one_that_is_put_right_is_told_of_and_one_that_goes_back_again(caplog):
    caplog.set_level("INFO")
    ours = Dialplans()
    for query in ("", f"dialplan={DIALPLAN}", "dialplan=3"):
        ours.asks(query, "192.0.2.20")
    said = [
        f"dialplan=1 wanted={DIALPLAN}",
        f"dialplan={DIALPLAN}",
        f"dialplan=3 wanted={DIALPLAN}",
    ]
    assert [text for _, text in logged(caplog)] == said


def test_many_who_ask_at_once_are_told_of_once(caplog):
    ours, gate = Dialplans(), threading.Barrier(8)

    def ask():
        gate.wait(5)
        ours.asks("", "192.0.2.20")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(5)
    assert len(caplog.records) == 1

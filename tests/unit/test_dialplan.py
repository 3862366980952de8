"""The pager says when the dialplan that asks it is another Bellhop's, or of another site."""

import hashlib
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agi.dialplan import DIALPLAN, Dialplans
from bellhop.render_asterisk import asterisk_files, digest
from bellhop.settings import load

CONFIG = Path(__file__).parents[2] / "config"
TEXT = (CONFIG / "asterisk/extensions.conf").read_text("utf-8")
SITE = load(CONFIG / "site.toml")
OTHER = replace(SITE, zones={n: z for n, z in SITE.zones.items() if n != "8105"})
OURS, OTHERS = digest(SITE), digest(OTHER)
GOOD = f"dialplan={DIALPLAN}&site={OURS}"


def logged(caplog):
    return [(r.levelname, r.getMessage().split(" peer=")[0]) for r in caplog.records]


def test_every_question_of_the_dialplan_says_which_dialplan_asks():
    asked = re.findall(r"\bAGI\((agi://[^,)]*)", TEXT)
    assert len(asked) >= 4
    said = f"?dialplan={DIALPLAN}&site=${{BELLHOP_SITE}}"
    assert all(url.endswith(said) for url in asked)


def test_what_dialplan_and_pager_tell_each_other_changes_with_the_dialplans_number_alone():
    """When this fails: a new number (agi/dialplan.py, extensions.conf), and its digest here."""
    told = re.findall(r"\b(?:UserEvent|AGI)\(.*\)", TEXT)
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    assert {DIALPLAN: digest} == {
        "3": "b8d5c8c311dbc2b15225b2cd29bdbb8797f76a3b6331aa320f8dc530b379b530"
    }


def test_what_asterisk_is_given_of_a_site_names_the_site():
    assert OURS != OTHERS
    for site, known in ((SITE, OURS), (OTHER, OTHERS)):
        text = asterisk_files(site)["extensions.conf"]
        assert re.findall(r"^BELLHOP_SITE = (.*)$", text, re.MULTILINE) == [known]


def test_what_asterisk_is_not_given_makes_no_other_site_of_it():
    zones = {n: replace(z, chime="none", when_busy="queue") for n, z in SITE.zones.items()}
    assert digest(replace(SITE, zones=zones)) == OURS


def test_the_dialplan_of_this_bellhop_and_site_is_nothing_to_tell_of(caplog):
    caplog.set_level("INFO")
    Dialplans(SITE).asks(GOOD, "192.0.2.20")
    assert not caplog.records


@pytest.mark.parametrize(
    ("said", "told"),
    [("", "1"), ("dialplan=", "1"), ("dialplan=99", "99"), ("dialplan=%0a%1b[2J", r"\n\x1b[2J"),
     ("x=1", "1"), ("dialplan=" + 50 * "9", 20 * "9")],
)  # fmt: skip
def test_another_dialplan_is_told_of_once(caplog, said, told):
    ours = Dialplans(SITE)
    for _ in range(3):
        ours.asks(f"{said}&site={OURS}", "192.0.2.20")
    assert logged(caplog) == [("ERROR", f"dialplan={told} wanted={DIALPLAN}")]


@pytest.mark.parametrize(
    ("said", "told"), [("", "none"), ("site=", "none"), (f"site={OTHERS}", OTHERS)]
)
def test_another_site_is_told_of_once(caplog, said, told):
    ours = Dialplans(SITE)
    for _ in range(3):
        ours.asks(f"dialplan={DIALPLAN}&{said}", "192.0.2.20")
    assert logged(caplog) == [("ERROR", f"site={told} wanted={OURS}")]


def test_a_changed_site_is_told_of_until_asterisk_has_it_too(caplog):
    caplog.set_level("INFO")
    ours = Dialplans(SITE)
    ours.adopt(OTHER)
    for site in (OURS, OURS, OTHERS, OTHERS):
        ours.asks(f"dialplan={DIALPLAN}&site={site}", "192.0.2.20")
    assert logged(caplog) == [
        ("ERROR", f"site={OURS} wanted={OTHERS}"),
        ("INFO", f"site={OTHERS}"),
    ]


def test_one_that_is_put_right_is_told_of_and_one_that_goes_back_again(caplog):
    caplog.set_level("INFO")
    ours = Dialplans(SITE)
    for number in ("1", DIALPLAN, "99"):
        ours.asks(f"dialplan={number}&site={OURS}", "192.0.2.20")
    said = [
        f"dialplan=1 wanted={DIALPLAN}",
        f"dialplan={DIALPLAN}",
        f"dialplan=99 wanted={DIALPLAN}",
    ]
    assert [text for _, text in logged(caplog)] == said


def test_many_who_ask_at_once_are_told_of_once(caplog):
    ours, gate = Dialplans(SITE), threading.Barrier(8)

    def ask():
        gate.wait(5)
        ours.asks(f"site={OURS}", "192.0.2.20")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(5)
    assert len(caplog.records) == 1

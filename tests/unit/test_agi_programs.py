"""The verb `page` for those who are no callers: programs, and who was recorded before."""

from dataclasses import replace

from agi.channel import Channel
from agi.page import Pages
from bellhop.callers import Caller, Kind
from bellhop.devices import RIGHTS
from tests.unit.test_agi_page import SITE, Asterisk, Desk, everybody


class Program:
    """A page that a program asked for."""

    caller = Caller(Kind.PBX, "program:0", "", RIGHTS)

    def __init__(self, *, prompt=False):
        self.told, self.prompt = [], prompt

    def tell(self, what):
        self.told.append(what)


def programs_page(zone, word, registered=everybody, *, prompt=False, site=SITE, more=None):
    asterisk, desk, program = Asterisk(zone, word), Desk(), Program(prompt=prompt)
    env = {"channel": "Local/s@bellhop-program-1;2", **(more or {})}
    channel = Channel(env, asterisk.answers, asterisk)
    taken = {"program:good": program}.get
    Pages(
        site,
        desk,
        registered,
        lambda _numbers, _patience: {},
        pin_lines={"8104": ()},
        program=taken,
    )(channel)
    return program.told, desk


def test_a_program_is_known_by_its_word_and_told_its_page():
    told, desk = programs_page("8104", "program:good")
    assert told == ["1-a"]
    assert desk.request.leader == "program:0"


def test_a_program_is_told_why_there_is_no_page():
    told, desk = programs_page("8000", "program:good", lambda _numbers, _patience: {})
    assert told[0].cause == 20
    assert desk.did == ["refused 8000 program:0 20"]


def test_a_bell_waits_for_no_turn_and_for_nobody_longer_than_it_may_be_late():
    patient = replace(
        SITE.zones["8000"], when_busy="queue", in_use="wait", in_use_wait=60_000, queue_wait=60_000
    )
    site = replace(SITE, zones={**SITE.zones, "8000": patient})
    for prompt, rules in ((False, ("queue", 60_000)), (True, ("busy", 5_000))):
        told, desk = programs_page("8000", "program:good", prompt=prompt, site=site)
        assert told == ["1-a"]
        zone = desk.request.zone
        assert (zone.when_busy, zone.in_use_wait) == rules


def test_a_bell_that_is_refused_is_told_and_left_to_be_reported_as_missed():
    told, desk = programs_page("8000", "program:good", lambda *_: {}, prompt=True)
    assert told[0].cause == 20
    assert desk.did == []


def test_a_word_that_is_nobodys_pages_nothing():
    told, desk = programs_page("8000", "program:bad")
    assert (told, desk.did) == ([], ["refused 8000 unknown 21"])


def test_who_speaks_beside_a_horn_is_recorded_first_and_gets_a_word_for_later():
    issued = []

    def later(caller, zone):
        issued.append((caller.name, zone.number))
        return "program:word", 7

    def asks(registered):
        asterisk, desk = Asterisk("8105"), Desk()
        channel = Channel({"channel": "PJSIP/bellhop-edge-1"}, asterisk.answers, asterisk)
        Pages(SITE, desk, registered, lambda _numbers, _patience: {}, later=later)(channel)
        return desk.did, dict(asterisk.put)

    did, put = asks(everybody)
    assert (did, issued) == ([], [("1020", "8105")])
    assert put == {
        "BELLHOP_TOKEN": "program:word",
        "BELLHOP_TAKE": "7",
        "BELLHOP_MAX": "300",
        "BELLHOP_RESULT": "record",
    }
    did, put = asks(lambda _numbers, _patience: {})
    assert put["BELLHOP_CAUSE"] == "20"
    assert len(issued) == 1


def test_a_program_has_no_key_that_makes_another_page():
    told, desk = programs_page("8000", "program:good")
    assert (told, desk.request.emergency) == (["1-a"], "")


def test_what_was_recorded_is_played_by_its_word():
    told, desk = programs_page("8105", "program:good")
    assert (told, desk.did) == (["1-a"], ["reserve", "commit 1-a"])


def test_what_could_not_be_recorded_is_no_page_and_is_reported():
    told, desk = programs_page("8105", "program:good", more={"arg_4": "unrecorded"})
    assert desk.did == ["refused 8105 program:0 41"]
    assert told[0].why.startswith("what was said could not be recorded: ")

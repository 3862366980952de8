"""What Asterisk is told of a leg when it is rung, and where a leg is to be."""

from dataclasses import replace

import pytest

from ami import legs
from bellhop import targets
from tests.unit.fake_asterisk import SITE

ZONE, HORN = SITE.zones["8000"], SITE.devices["1008"]
OUTSIDE = targets.Outside("tel:+442079460000", "+442079460000")


def rings(zone):
    return legs.member(HORN, zone, room="page-1-a", leg="page-1-a-1008", leader="PJSIP/x-1")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Yard", "Yard"),
        ("Hall 2 - east_wing.", "Hall 2 - east_wing."),
        ('Yard" <sip:900@x>', "Page"),  # a quote would end the name
        ("Hof, Süd", "Page"),
        ("y" * 40, "y" * 40),
        ("y" * 41, "Page"),
    ],
)
def test_a_zones_name_is_shown_where_it_can_be_nothing_but_a_name(name, shown):
    assert rings(replace(ZONE, name=name))["CallerID"] == f'"{shown}" <{ZONE.number}>'


@pytest.mark.parametrize(
    ("target", "rung", "number", "rings", "headers"),
    [
        (HORN, "PJSIP/1008@bellhop-member", "1008", 20_000, targets.headers(HORN)),
        (OUTSIDE, "PJSIP/+442079460000@bellhop-member", OUTSIDE.number, 45_000, ()),
    ],
)
def test_a_member_is_rung_with_all_that_its_channel_must_know(target, rung, number, rings, headers):
    """Both of the last two end a member's leg: the dialplan's for the time in the room, and
    Asterisk's own, should the dialplan never get there. Neither ends it before its page: which may
    last its longest from when it begins, as the last has rung and the head start is over.
    """
    times = {"longest": 360_000, "head_start": 3_000, "outside_timeout": 45_000}
    zone = replace(ZONE, max_length=90_000, ring_timeout=20_000, **times)
    leg, seconds = f"page-1-a-{number}", 360 + 3 + 45 + 5
    assert legs.member(target, zone, room="page-1-a", leg=leg, leader="PJSIP/x-1") == {
        "Channel": rung,
        "ChannelId": leg,
        "Context": "bellhop-member",
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(rings),
        "CallerID": f'"{ZONE.name}" <8000>',
        "Async": "true",
        "Variable": [
            "BELLHOP_ROOM=page-1-a",
            "BELLHOP_LEADER=PJSIP/x-1",
            f"BELLHOP_MEMBER={number}",
            f"BELLHOP_MAX={seconds}",
            f"TIMEOUT(absolute)={seconds}",
            *(f"PJSIP_HEADER(add,{name})={value}" for name, value in headers),
        ],
    }


@pytest.mark.parametrize(("mode", "exten"), [("one-way", "s"), ("two-way", "two-way")])
def test_a_member_is_heard_in_a_two_way_zone_alone(mode, exten):
    assert rings(replace(ZONE, mode=mode))["Exten"] == exten


@pytest.mark.parametrize(("mode", "heard"), [("one-way", "member"), ("two-way", "talker")])
def test_a_member_that_is_taken_is_told_all_by_where_it_goes(mode, heard):
    """The dialplan takes the extension apart: the room, its seconds, and what a member is in it."""
    zone = replace(ZONE, mode=mode, max_length=90_000)
    assert legs.taken("PJSIP/x-1", "page-1-a", zone) == {
        "Channel": "PJSIP/x-1",
        "Context": "bellhop-taken",
        "Exten": f"page-1-a-{legs.longest(zone)}-{heard}",
        "Priority": "1",
    }


@pytest.mark.parametrize(
    ("chime", "plays", "variable"),
    [
        ("beep", "beep", {}),
        ("/var/lib/gong", "file", {"Variable": ["BELLHOP_FILE=/var/lib/gong"]}),
    ],
)
def test_a_chime_is_played_by_a_channel_of_its_own_in_the_room(chime, plays, variable):
    made = legs.chime(replace(ZONE, chime=chime), room="page-1-a", leg="page-1-a-chime")
    assert made == {
        "Channel": f"Local/{plays}@bellhop-chime/n",
        "ChannelId": "page-1-a-chime",
        "OtherChannelId": "page-1-a-chime-2",
        "Application": "ConfBridge",
        "Data": "page-1-a,bellhop_room,bellhop_chime",
        "Timeout": "2000",
        "Async": "true",
        **variable,
    }


@pytest.mark.parametrize(
    ("bound", "room", "running", "home", "to"),
    [
        ("a", "a", "a", "a", "a"),
        ("b", "a", "ab", "b", "b"),  # it answered to the page that it was taken from
        ("b", "a", "a", "a", "a"),  # the page that took it is over, and it is back by itself
        ("b", "b", "a", "a", "a"),  # the page that took it was over when it came
        ("b", "b", "c", "c", None),  # who would have it next has never had it
        ("b", "b", "", "a", None),
        ("b", "b", "", "", None),
    ],
)
def test_a_leg_goes_where_it_is_wanted_and_nowhere_when_nobody_wants_it(
    bound, room, running, home, to
):
    """The pages are named by letters; it has been in those of a and b."""
    leg = legs.Leg("1008", "page-a-1008", room=room, bound=bound, been={"a", "b"})
    pages = {letter: object() for letter in running}
    assert legs.bound_for(leg, pages, home) is (to and pages[to])

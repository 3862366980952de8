"""What Asterisk is told of a leg when it is rung."""

from dataclasses import replace

import pytest

from ami import legs
from tests.unit.fake_asterisk import SITE

ZONE, HORN = SITE.zones["8000"], SITE.devices["1008"]


def rings(zone):
    return legs.member(HORN, zone, room="page-1-a", leg="page-1-a-1008", leader="PJSIP/x-1")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Yard", "Yard"),
        ("Hall 2 - east_wing.", "Hall 2 - east_wing."),
        ('Yard" <sip:900@x>', "Page"),  # a quote would end the name
        ("Hof, Süd", "Page"),
        ("y" * 41, "Page"),
    ],
)
def test_a_zones_name_is_shown_where_it_can_be_nothing_but_a_name(name, shown):
    assert rings(replace(ZONE, name=name))["CallerID"] == f'"{shown}" <{ZONE.number}>'


@pytest.mark.parametrize(("mode", "exten"), [("one-way", "s"), ("two-way", "two-way")])
def test_a_member_is_heard_in_a_two_way_zone_alone(mode, exten):
    assert rings(replace(ZONE, mode=mode))["Exten"] == exten

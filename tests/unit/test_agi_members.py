"""The verb `page`: whom a page rings, and how each is told to answer."""

from dataclasses import replace

import pytest

from agi.channel import Channel
from agi.page import Pages
from bellhop.present import Present
from tests.unit.test_agi_page import DEVICE, SITE, TRUNK, Asterisk, Desk, ask, cause


def test_the_callers_own_device_is_no_member(monkeypatch):
    monkeypatch.setattr("bellhop.zones.may_page", lambda _zone, _caller: True)
    desk = ask(Asterisk("8001", DEVICE.format(1015)))
    assert desk.asked[2] == ["1008", "1009", "1010"]


def test_a_user_agent_tells_the_dialect_where_the_site_does_not():
    said = {
        "1016": Present("PolycomVVX-VVX_411-UA/5.9.5"),
        "1017": Present("call-info: x"),
        "1018": Present(),
    }
    desk = ask(Asterisk("8100"), registered=lambda _numbers, _patience: said)
    assert desk.dialects == {"1016": "polycom", "1017": "", "1018": ""}


def test_a_user_agent_changes_nothing_of_what_the_site_says():
    yealink = Present("Yealink T48")
    desk = ask(Asterisk(), registered=lambda numbers, _patience: dict.fromkeys(numbers, yealink))
    assert desk.dialects == {"1008": "axis", "1009": "axis", "1010": "rfc5373"}


def test_a_group_is_there_though_it_registers_nowhere():
    desk = ask(Asterisk("8101"), registered=lambda _numbers, _patience: {})
    assert desk.asked[2:] == (["multicast:239.1.2.3:5004"], ["1008"])


def test_who_may_not_call_carriers_rings_nobody_outside():
    everybody = lambda numbers, _patience: dict.fromkeys(numbers, Present())  # noqa: E731
    assert "tel:442079460000" in ask(Asterisk("8102"), registered=everybody).asked[2]
    desk = ask(Asterisk("8102", DEVICE.format(1016)), registered=everybody)
    assert desk.asked[2] == ["1008"]
    assert list(desk.request.barred) == ["tel:442079460000"]


def test_a_zone_of_nobody_whom_this_caller_may_ring_is_not_allowed_to_him(monkeypatch):
    alone = replace(SITE.zones["8102"], members=("tel:442079460000",))
    changed = replace(SITE, zones={**SITE.zones, "8102": alone})
    monkeypatch.setattr("tests.unit.test_agi_page.SITE", changed)
    asterisk = Asterisk("8102", DEVICE.format(1016))
    assert ask(asterisk).did == ["refused 8102 1016 21"]
    assert cause(asterisk) == "21"


@pytest.mark.parametrize(
    ("out", "absent", "refusal", "why"),
    [
        ("", "", "21", ""),
        ("", "1008", "20", "unregistered or "),
        ("1008", "", "20", "taken out or "),
    ],
)
def test_why_nobody_is_rung_names_all_that_kept_them_away(out, absent, refusal, why):
    members = ("tel:442079460000", *filter(None, (out or absent,)))
    zone = replace(SITE.zones["8102"], members=members)
    asterisk, desk = Asterisk("8102", DEVICE.format(1016)), Desk()
    Pages(
        replace(SITE, zones={**SITE.zones, "8102": zone}),
        desk,
        lambda _numbers, _patience: {},
        lambda _numbers, _patience: {},
        taken_out=lambda _zone: dict.fromkeys(filter(None, (out,)), "taken out"),
    )(Channel({"channel": "x"}, asterisk.answers, asterisk))
    said = f"everybody of zone 8102 is {why}outside, where this caller may not call"
    assert (cause(asterisk), desk.why) == (refusal, said)


@pytest.mark.parametrize(
    ("members", "out", "why"),
    [
        (("1020",), {}, "zone 8000 has nobody but its caller"),
        (("1020", "1008"), {}, "nobody of zone 8000 is registered"),
        (("1020", "1008"), {"1008": "x"}, "everybody of zone 8000 is taken out"),
        (("1008", "1009"), {"1008": "x"}, "everybody of zone 8000 is unregistered or taken out"),
    ],
)
def test_a_zone_of_nobody_but_its_caller_is_told_from_one_that_nobody_is_registered_of(
    members, out, why
):
    site = replace(SITE, zones={"8000": replace(SITE.zones["8000"], members=members)})
    asterisk, desk = Asterisk("8000"), Desk()
    Pages(
        site,
        desk,
        lambda _numbers, _patience: {},
        lambda _numbers, _patience: {},
        taken_out=lambda _zone: out,
    )(Channel({"channel": "x"}, asterisk.answers, asterisk))
    assert (cause(asterisk), desk.why) == ("20", why)


def test_a_two_way_page_is_one_way_for_who_has_no_right_to_it():
    assert ask(Asterisk("8103")).request.zone.mode == "two-way"
    assert ask(Asterisk("8103", TRUNK.format("2001@"))).request.zone.mode == "one-way"


def test_after_a_reload_a_page_rings_those_whom_its_zone_has_then():
    asterisk, desk = Asterisk(), Desk()
    zone = replace(SITE.zones["8000"], members=("1009",))
    everybody = lambda numbers, _patience: dict.fromkeys(numbers, Present())  # noqa: E731
    before = Pages(SITE, desk, everybody, lambda _numbers, _patience: {})
    after = before.of(replace(SITE, zones={**SITE.zones, "8000": zone}), {})
    after(Channel({"channel": "x"}, asterisk.answers, asterisk))
    assert desk.asked[2] == ["1009"]

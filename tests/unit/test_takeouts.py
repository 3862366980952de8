"""Take-outs: which zones a device is out of, and the file that keeps it."""

import logging
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agi.channel import Channel
from agi.page import Pages
from bellhop.features import NotDone
from bellhop.settings import Site
from bellhop.takeouts import TakeOut, TakeOuts, decoded, encoded, known
from bellhop.zones import Zone
from pager.takeouts import Keeper
from tests.unit.test_agi_page import SITE, Asterisk, Desk, everybody

ZONES = {
    "1": Zone(number="1", name="one", members=("a", "b")),
    "2": Zone(number="2", name="two", members=("1", "c")),
    "3": Zone(number="3", name="three", members=("1", "a")),
    "4": Zone(number="4", name="alarm", members=("2", "3"), emergency=True),
}


def out(device, zone="", by="1020", since=0.0):
    return TakeOut(device=device, zone=zone, by=by, since=since)


def test_of_devices_and_zones_that_a_reload_took_away_nothing_is_kept():
    there = (out("a", "1"), out("b"))
    those = TakeOuts((*there, out("gone", "1"), out("gone"), out("b", "gone")))
    assert known(those, ["a", "b"], ["1"]) == TakeOuts(there)


@pytest.mark.parametrize(
    ("of", "zones"),
    [
        ("", {"1", "2", "3"}),
        ("1", {"1", "2"}),  # zone 3 names it itself
        ("2", {"2"}),
        ("3", {"3"}),
        ("4", set()),
    ],
)
def test_a_device_is_left_out_of_the_pages_that_reach_it_through_that_zone_alone(of, zones):
    those = TakeOuts((out("a", of),))
    assert {n for n, zone in ZONES.items() if "a" in those.of(zone, ZONES)} == zones


def test_an_emergency_leaves_nobody_out_unless_the_site_says_so():
    those = TakeOuts((out("a"),))
    assert not those.of(ZONES["4"], ZONES)
    assert list(those.of(replace(ZONES["4"], taken_out="skip"), ZONES)) == ["a"]
    assert not those.of(replace(ZONES["1"], taken_out="ring"), ZONES)


def test_out_of_all_says_more_than_out_of_one_and_the_first_to_say_so_stands():
    those = TakeOuts().with_out(out("a", "1")).with_out(out("a", by="1021"))
    assert those.all == (out("a", by="1021"),)
    assert those.with_out(out("a", "2")) == those.with_out(out("a", by="x")) == those
    with pytest.raises(ValueError, match="out of all zones"):
        those.without("a", "1")
    assert those.without("a") == TakeOuts()


def test_a_device_may_be_out_of_several_zones_and_each_has_a_way_back_of_its_own():
    two = TakeOuts().with_out(out("a", "1")).with_out(out("a", "2")).with_out(out("b", "1"))
    assert two.all == (out("a", "1"), out("a", "2"), out("b", "1"))
    assert two.without("a", "1").all == (out("a", "2"), out("b", "1"))
    assert two.without("a").all == (out("b", "1"),)
    assert two.without("c", "1") == two  # who is in already, is
    all_out = two.with_out(out("c"))
    assert all_out.without("a", "1").all == (out("a", "2"), out("b", "1"), out("c"))


def test_a_zone_tells_of_nobody_who_is_not_in_it():
    assert not TakeOuts((out("c"), out("c", "1"))).of(ZONES["1"], ZONES)


def test_it_says_by_whom_and_since_when():
    assert str(out("a", since=86_400.0)) == "taken out by 1020 since 1970-01-02 00:00 UTC"


NAMES = st.sampled_from(["a", "b", "c"])
PLACES = st.sampled_from(["", "1", "2", "3"])


@settings(deadline=None, derandomize=True, max_examples=200)
@given(deeds=st.lists(st.tuples(st.booleans(), NAMES, PLACES), max_size=12))
def test_whatever_is_taken_out_and_put_back_whole_is_in(deeds):
    those = TakeOuts()
    for taken, device, zone in deeds:
        try:
            those = those.with_out(out(device, zone)) if taken else those.without(device, zone)
        except ValueError:
            assert zone
        assert decoded(encoded(those)) == those
        mine = [one.zone for one in those.all if one.device == device]
        assert len(mine) == len(set(mine))
        assert mine == [""] or "" not in mine
    for device in "abc":
        those = those.without(device)
    assert those == TakeOuts()


@pytest.fixture
def site(tmp_path) -> Site:
    return replace(SITE, site=replace(SITE.site, state=str(tmp_path)))


def test_the_keeper_remembers_what_it_was_told_before(site, tmp_path):
    first = Keeper(site)
    first.out("1008", "", "1020")
    first.out("1009", "8000", "1020")
    again = Keeper(site)
    zone = site.zones["8000"]
    assert set(again.of(zone)) == {"1008", "1009"}
    again.back("1008", "", "1021")
    assert set(Keeper(site).of(zone)) == {"1009"}
    assert [p.name for p in tmp_path.iterdir()] == ["takeouts.json"]


@pytest.mark.parametrize(
    ("device", "zone", "why"),
    [
        ("9999", "", "no device 9999"),
        ("1008", "9999", "no zone 9999"),
        ("1021", "", "1021 is no member of any zone"),
        ("1008", "8011", "1008 is no member of 8011"),
    ],
)
def test_what_there_is_not_is_neither_taken_out_nor_put_back(site, tmp_path, device, zone, why):
    for do in (Keeper(site).out, Keeper(site).back):
        with pytest.raises(NotDone, match=f"^{why}$"):
            do(device, zone, "1020")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_text('[{"device": "1008"}]'), lambda path: path.mkdir()]
)
def test_a_file_that_cannot_be_read_leaves_everybody_in_and_is_said(site, tmp_path, caplog, spoil):
    spoil(tmp_path / "takeouts.json")
    with caplog.at_level(logging.ERROR):
        assert not Keeper(site).of(site.zones["8000"])
    assert "nobody-is-out" in caplog.text


def test_what_cannot_be_written_does_not_hold(site, tmp_path):
    keeper = Keeper(site)
    (tmp_path / "takeouts.new").mkdir()
    with pytest.raises(NotDone):
        keeper.out("1008", "", "1020")
    assert not keeper.of(site.zones["8000"])


def test_a_device_that_the_site_has_no_more_is_forgotten(site):
    Keeper(site).out("1008", "8000", "1020")
    zones = {n: z for n, z in site.zones.items() if n != "8000"}
    assert not Keeper(replace(site, zones=zones)).of(site.zones["8001"])


def test_a_device_of_a_changed_site_may_be_taken_out_at_once(site):
    keeper = Keeper(replace(site, devices={}))
    keeper.adopt(site)
    keeper.out("1008", "", "1020")
    assert list(keeper.of(site.zones["8000"])) == ["1008"]


def test_a_page_rings_nobody_who_is_taken_out_and_reports_why(site):
    keeper, desk, asterisk = Keeper(site), Desk(), Asterisk()
    keeper.out("1008", "", "1020")
    pages = Pages(site, desk, everybody, lambda _numbers, _patience: {}, taken_out=keeper.of)
    pages(Channel({"channel": "x"}, asterisk.answers, asterisk))
    assert [m.number for m in desk.request.members] == ["1009", "1010"]
    [(number, why)] = desk.request.out.items()
    assert number == "1008"
    assert why.startswith("taken out by 1020 since ")

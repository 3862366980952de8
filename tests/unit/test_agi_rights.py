"""The verb `page`: PINs, and the keys that a leader has by his rights."""

from dataclasses import replace

from agi.channel import Channel
from agi.page import Pages
from bellhop import pins
from tests.unit.test_agi_page import DEVICE, SITE, TRUNK, Asterisk, Desk, ask, cause, everybody

LINE, CHANGED = (pins.hashed(pin, bytes(16)) for pin in ("2718", "314159"))


def of(site, lines=(LINE,)):
    """Return who answers in a site whose zone 8104 has these PINs."""
    lines = {"8104": lines}
    return Pages(site, Desk(), everybody, lambda _numbers, _patience: {}, pin_lines=lines)


def said(pages, pin, caller=1020):
    """Return what became of a caller who says a PIN: what the desk did, and the channel's variables."""
    asterisk = Asterisk("8104", DEVICE.format(caller))
    asterisk.variables["BELLHOP_PIN"] = pin
    desk = pages._desk = Desk()  # noqa: SLF001 - one for each
    pages(Channel({"channel": "PJSIP/bellhop-edge-1"}, asterisk.answers, asterisk))
    return desk.did, asterisk


ASKED = ("BELLHOP_RESULT", "pin")


def test_a_zone_with_a_pin_is_paged_by_who_says_it():
    pages = of(SITE)
    for pin in ("", "1111"):
        did, asterisk = said(pages, pin)
        assert (did, asterisk.put) == ([], [ASKED])
    did, asterisk = said(pages, "2718")
    assert did == ["reserve", "commit 1-a"]
    assert asterisk.put[-1] == ("BELLHOP_RESULT", "room")


def test_who_has_guessed_too_often_is_refused_and_his_right_pin_too_also_after_a_reload():
    pages = of(SITE)
    said(pages, "1111")
    for pin in ("1112", "2718", ""):
        did, asterisk = said(pages, pin)
        assert did == ["refused 8104 1020 21"]
        assert cause(asterisk) == "21"
    did, asterisk = said(pages.of(SITE, {"8104": (CHANGED,)}), "314159")
    assert did == ["refused 8104 1020 21"]


def test_who_may_not_page_the_zone_is_not_asked_for_its_pin():
    did, asterisk = said(of(SITE), "2718", caller=1021)
    assert did == ["refused 8104 1021 21"]
    assert cause(asterisk) == "21"


def test_a_reload_changes_pins_and_zones_for_who_asks_from_then_on():
    before = of(SITE)
    renamed = {**SITE.zones, "8105": replace(SITE.zones["8104"], number="8105")}
    after = before.of(replace(SITE, zones=renamed), {"8104": (CHANGED,)})
    assert said(after, "2718")[1].put == [ASKED]
    assert said(after, "314159")[0] == ["reserve", "commit 1-a"]
    assert said(before, "2718")[0] == ["reserve", "commit 1-a"]
    gone = after.of(replace(SITE, zones={}), {})
    assert cause(said(gone, "314159")[1]) == "1"


def test_a_leader_is_given_the_keys_that_his_zone_and_his_rights_have():
    for caller, zone, keys in (
        (DEVICE.format(1020), "8000", {"LONGEST": "360", "EMERGENCY": "8019"}),
        (TRUNK.format("2001@"), "8000", {"LONGEST": "360", "EMERGENCY": "8019"}),
        (DEVICE.format(1020), "8018", {"REPEAT": "1"}),
        (DEVICE.format(1020), "8010", {}),
    ):
        asterisk = Asterisk(zone, caller)
        ask(asterisk)
        names = {name.removeprefix("BELLHOP_"): value for name, value in asterisk.put}
        told = {n: v for n, v in names.items() if n in {"LONGEST", "EMERGENCY", "REPEAT"}}
        assert told == keys


def test_who_may_not_page_the_emergency_zone_has_no_key_for_it():
    alarm = replace(SITE.zones["8019"], callers=("1020",))
    site = replace(SITE, zones={**SITE.zones, "8019": alarm})
    for caller, may in ((DEVICE.format(1020), True), (TRUNK.format("2001@"), False)):
        asterisk = Asterisk("8000", caller)
        of(site)(Channel({"channel": "x"}, asterisk.answers, asterisk))
        assert ("BELLHOP_EMERGENCY" in dict(asterisk.put)) is may

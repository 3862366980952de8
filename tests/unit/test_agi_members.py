"""The verb `page`: whom a page rings, and how each is told to answer."""

from bellhop.present import Present
from tests.unit.test_agi_page import DEVICE, TRUNK, Asterisk, ask


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


def test_a_two_way_page_is_one_way_for_who_has_no_right_to_it():
    assert ask(Asterisk("8103")).request.zone.mode == "two-way"
    assert ask(Asterisk("8103", TRUNK.format("2001@"))).request.zone.mode == "one-way"

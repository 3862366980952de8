"""Several variables are read in one question, and none is taken for another, whatever they hold."""

import pytest

from kemi import floods, questions, sip
from kemi.results import Unreadable


def asked(house):
    return [args[0] for args in house.fake.called("pv.get")]


@pytest.fixture
def house(house):
    house.fake.request("BYE", "sip:1009@edge", ci="call-1", ft="from-1", tt="to-1")
    house.fake.calls.clear()
    return house


def test_numbers_are_asked_together_and_one_without_a_value_is_none(house):
    house.fake.pv["$avp(one)"] = "7"
    assert questions.numbers("$avp(one)", "$avp(none)", "$avp(one)") == [7, None, 7]
    assert len(asked(house)) == 1


def test_texts_are_asked_together(house):
    assert questions.texts("$ci", "$ft", "$tt") == ["call-1", "from-1", "to-1"]
    assert len(asked(house)) == 1


@pytest.mark.parametrize("call_id", ["a\nb", "<null>", "", "a\n<null>\nb"])
def test_a_text_that_could_be_taken_for_others_is_asked_by_itself(house, call_id):
    house.says({"$ci": call_id})
    assert questions.texts("$ci", "$ft", "$tt") == [call_id, "from-1", "to-1"]


def test_a_text_without_a_value_is_empty(house):
    house.says({"$tt": None})
    assert questions.texts("$ci", "$tt") == ["call-1", ""]


def test_a_text_that_nobody_can_read_is_said_to_be_so(house):
    house.says({"$ft": b"\xff"})
    with pytest.raises(Unreadable):
        questions.texts("$ci", "$ft")


def test_a_method_that_nobody_can_read_is_counted_with_its_source_and_told(house):
    house.may_break = True
    house.arrives("INVITE", source="192.0.2.77")
    counted = house.fake.tables["bellhop_asked"].values["192.0.2.77"]
    house.fake.transaction.replies.clear()
    house.arrives("INVITE", source="192.0.2.77", rm=b"INV\xff")
    assert house.fake.tables["bellhop_asked"].values["192.0.2.77"] == counted + 1
    assert house.answers == [400]


def test_a_method_that_is_longer_than_kamailio_says_is_counted_and_told(house):
    """5.6 gives nothing for a text of more than 8 kB."""
    house.may_break = True
    house.says({"$shv(bellhop_site)": "0"})
    house.arrives("INVITE", source="192.0.2.77", rm="A" * 9_000)
    assert house.answers == [400]


def test_a_peers_requests_are_not_counted_nor_taken_off_the_count(house):
    table = house.fake.tables["bellhop_asked"].values
    table["192.0.2.40"] = 7
    house.arrives("INVITE", "sip:4412@edge", door="trunks", source="192.0.2.40", fU="201")
    floods.proved(house.site, sip.way())
    assert table == {"192.0.2.40": 7}

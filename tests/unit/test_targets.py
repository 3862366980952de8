"""Members of zones that are no devices: a closed set of spellings, and what is dialled for them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellhop.devices import Device
from bellhop.targets import Multicast, Outside, dialled, headers, may_ring, member, target

HORN = Device(number="1008", kind="speaker", model="AXIS C3003-E")
DEVICES = {"1008": HORN}
DIALLED = re.compile(
    r"PJSIP/\+?[0-9]{1,20}@bellhop-member"
    r"|MulticastRTP/basic/2[23][0-9](\.[0-9]{1,3}){3}:[0-9]{4,5}//c\(ulaw\)t\([0-9]{1,3}\)",
    re.ASCII,
)


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("1008", "PJSIP/1008@bellhop-member"),
        ("multicast:239.1.2.3:5004", "MulticastRTP/basic/239.1.2.3:5004//c(ulaw)t(1)"),
        ("multicast:224.0.1.75:2000/16", "MulticastRTP/basic/224.0.1.75:2000//c(ulaw)t(16)"),
        # The first and the last port that RTP may have, and as far as a packet can go.
        ("multicast:239.1.2.3:1024", "MulticastRTP/basic/239.1.2.3:1024//c(ulaw)t(1)"),
        ("multicast:239.1.2.3:65534/255", "MulticastRTP/basic/239.1.2.3:65534//c(ulaw)t(255)"),
        ("tel:+442079460000", "PJSIP/+442079460000@bellhop-member"),
        ("tel:112", "PJSIP/112@bellhop-member"),
    ],
)
def test_each_kind_of_member_is_dialled_in_its_way(spelled, expected):
    assert dialled(target(member(spelled), DEVICES)) == expected


@pytest.mark.parametrize(
    "spelled",
    [
        "multicast:192.0.2.1:5004", "multicast:224.0.0.5:5004", "multicast:240.0.0.1:5004",
        "multicast:239.1.2.3:5005", "multicast:239.1.2.3:1022", "multicast:239.1.2.3:65536",
        "multicast:239.1.2.3", "multicast:239.1.2:5004", "multicast:239.1.2.300:5004",
        "multicast:239.01.2.3:5004", "multicast:239.1.2.3:5004/0", "multicast:239.1.2.3:5004/256",
        "multicast:239.1.2.3:5004//l(1)", "multicast:239.1.2.3:5004&PJSIP/1", "multicast:",
        "multicast:[ff02::1]:5004", "MULTICAST:239.1.2.3:5004", "multicast:239.1.2.3:5004\n",
        "multicast:239.1.2.3:\u0665\u0660\u0660\u0664",
        "tel:", "tel:12", "tel:+44 20", "tel:44&45", "tel:44;phone-context=x", "tel:44@x", "tel:44\r",
        "tel:\u0661\u0661\u0662", "sip:1@x", "1008&1009", "", 7, None,
    ],
)  # fmt: skip
def test_what_is_no_member_is_refused(spelled):
    with pytest.raises(ValueError, match="expected"):
        member(spelled)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"(multicast:|tel:)[0-9.:/+&,()]{1,30}")))
def test_whatever_is_let_in_makes_a_dial_string_of_our_own(spelled):
    try:
        read = member(spelled)
    except ValueError:
        return
    assert DIALLED.fullmatch(dialled(target(read, {spelled: Device(number=spelled, kind="phone")})))


def test_only_a_device_is_told_to_answer_by_itself():
    assert headers(HORN)
    assert headers(Multicast("multicast:239.1.2.3:5004", "239.1.2.3", 5004)) == ()
    assert headers(Outside("tel:112", "112")) == ()


def test_only_who_may_call_carriers_rings_somebody_outside():
    outside = Outside("tel:112", "112")
    assert may_ring(("carriers",), outside)
    assert not may_ring(("zones", "devices", "two-way"), outside)
    assert may_ring((), HORN)

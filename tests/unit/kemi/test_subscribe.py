"""SUBSCRIBE: a device that may page a zone sees whether it is paged, and nobody else."""

import pytest

KEY = [("Event", "dialog"), ("Contact", "<sip:x@192.0.2.50>")]


def subscribes(house, number="8000", *, user="1020", headers=KEY, **said):
    house.arrives("SUBSCRIBE", f"sip:{number}@edge", user=user, headers=headers, **said)


def test_a_subscription_goes_to_the_pbx_in_a_dialog_that_is_marked_as_the_pbxs(house):
    subscribes(house)
    assert house.answers == []
    assert house.fake.called("tm.t_relay") == [()]
    assert house.fake.pv["$ru"] == "sip:8000@198.51.100.20:5060"
    assert house.fake.pv["$du"] == "sip:198.51.100.20:5060"
    assert len(house.fake.called("rr.record_route")) == 1
    assert house.fake.called("dialog.dlg_manage") == []  # it is no call


def test_who_proves_nothing_is_challenged(house):
    subscribes(house, password_of=None)
    assert house.answers == [407]
    assert house.fake.called("tm.t_relay") == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"user": "1021"}, 403),
        ({"number": "1008"}, 404),
        ({"number": "9999"}, 404),
        ({"number": "8000&1"}, 404),
        ({"headers": [("Event", "presence")]}, 489),
        ({"headers": [("Event", "message-summary;id=dialog")]}, 489),
        ({"headers": []}, 489),
        ({"fU": "1008"}, 403),
        ({"door": "trunks"}, 403),
        ({"door": "internal", "source": "198.51.100.20"}, 403),
    ],
    ids=str,
)
def test_what_is_no_key_for_a_zone_of_ones_own_is_refused(house, said, code):
    subscribes(house, **said)
    assert house.answers == [code]
    assert house.fake.called("tm.t_relay") == []


def test_parameters_of_the_event_are_the_phones_own_business(house):
    subscribes(house, headers=[("Event", "Dialog;include-session-description")])
    assert len(house.fake.called("tm.t_relay")) == 1

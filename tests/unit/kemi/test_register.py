"""REGISTER: a device's own address of record, with its own password, on its own listener."""

import pytest
from kamailio_kemi.fake import Reply


def registers(house, *, user="horn-1008", number="1008", **said):
    house.arrives("REGISTER", "sip:edge", user=user, **({"fU": number, "tU": number} | said))


def test_a_device_registers_its_own_address_of_record(house):
    registers(house)
    assert house.answers == [200]
    assert house.fake.called("registrar.save") == [("location", 4)]
    assert house.fake.called("nathelper.fix_nated_register") == []


def test_behind_a_nat_the_source_is_kept_with_the_binding(house):
    house.fake.returns["nathelper.nat_uac_test"] = 1
    registers(house)
    assert house.fake.branch_flags == {6, 7}
    paths = [call.path for call in house.fake.calls]
    assert paths.index("nathelper.fix_nated_register") < paths.index("registrar.save")


@pytest.mark.parametrize(
    "host", ["203.0.113.1", "carrier.example", "192.168.1.5", "[2001:db8::1]", "", None]
)
def test_a_contact_elsewhere_is_not_where_calls_go(house, host):
    registers(house, contact=host)
    assert house.answers == [200]
    assert len(house.fake.called("nathelper.fix_nated_register")) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"user": None}, {"password_of": None}, {"user": "1008"}, {"user": "nobody"},
        {"user": "horn-1008 "}, {"user": "HORN-1008"},
    ],
    ids=str,
)  # fmt: skip
def test_who_has_no_password_is_challenged(house, said):
    registers(house, **said)
    assert house.answers == [401]
    assert house.fake.called("registrar.save") == []


@pytest.mark.parametrize(
    "said",
    [
        {"tU": "1009"}, {"fU": "1009"}, {"tU": None}, {"tU": "horn-1008"}, {"tU": "1008 "},
        {"number": "8000"}, {"tU": ""}, {"fU": "anonymous"},
    ],
    ids=str,
)  # fmt: skip
def test_another_devices_address_of_record_is_refused(house, said):
    registers(house, **said)
    assert house.answers == [403]
    assert house.fake.called("registrar.save") == []


@pytest.mark.parametrize("result", [-1, -2, -255])
def test_a_binding_that_cannot_be_saved_is_answered(house, result):
    house.fake.returns["registrar.save"] = result
    registers(house)
    assert house.answers == [400]


def test_what_save_refused_and_answered_is_not_answered_again(house):
    def refuse(_table, _flags):
        house.fake.transaction.replies.append(Reply(503, "Too Many Contacts"))
        return 0

    house.fake.returns["registrar.save"] = refuse
    registers(house)
    assert house.answers == [503]
    assert house.fake.called("sl.send_reply") == []


def test_a_save_with_wrong_arguments_is_answered(house):
    house.may_break = True
    house.fake.KSR.registrar.save = lambda *_: False
    registers(house)
    assert house.answers == [500]


@pytest.mark.parametrize(
    ("door", "source"),
    [("trunks", "203.0.113.1"), ("internal", "198.51.100.20"), ("strange", "1.2.3.4")],
)
def test_nobody_registers_elsewhere(house, door, source):
    registers(house, door=door, source=source)
    assert house.answers == [403]
    assert house.fake.called("registrar.save") == []


@pytest.mark.parametrize("variable", ["fU", "tU", "au"])
def test_a_name_that_is_not_utf8_is_400(house, variable):
    registers(house, **{variable: b"\xff"})
    assert house.answers == [400]
    assert house.fake.called("registrar.save") == []

"""REGISTER: a device's own address of record, with its own password, on its own listener."""

import pytest
from kamailio_kemi.fake import Reply


def registers(house, *, user="horn-1008", number="1008", **said):
    house.arrives("REGISTER", "sip:edge", user=user, **({"fU": number, "tU": number} | said))


def test_a_device_registers_its_own_address_of_record(house):
    registers(house)
    assert house.answers == [200]
    assert house.fake.called("registrar.save_uri") == [
        ("location", 4, "sip:1008@registered.invalid")
    ]
    assert house.fake.called("nathelper.fix_nated_register") == []


@pytest.mark.parametrize(
    ("name", "code"),
    [("Authorization", 200), ("Proxy-Authorization", 401)],  # another header is for another request
)
def test_credentials_for_another_realm_may_stand_before_ours(house, name, code):
    """Kamailio names the user of the first, and checks ours (RFC 3261 §22.3)."""
    ours = f'Digest username="horn-1008", realm="{house.site.site.realm}", nonce="2"'
    theirs = 'Digest username="horn-1009", Realm="elsewhere.example", nonce="1"'
    headers = [("Contact", "<sip:x@203.0.113.1>"), (name, theirs), (name, ours)]
    registers(house, ar="elsewhere.example", au="horn-1009", headers=headers)
    assert house.answers == [code]


def test_behind_a_nat_the_source_is_kept_with_the_binding(house):
    house.fake.returns["nathelper.nat_uac_test"] = 1
    registers(house)
    assert house.fake.branch_flags == {6, 7}
    paths = [call.path for call in house.fake.calls]
    assert paths.index("nathelper.fix_nated_register") < paths.index("registrar.save_uri")


@pytest.mark.parametrize(("keys", "flags"), [("", set()), ('probe_devices = "30s"', {7})])
def test_a_device_that_is_where_it_says_is_asked_where_the_site_wants_it(
    make_house_of, keys, flags
):
    house = make_house_of(lambda text: text.replace("[edge]\n", f"[edge]\n{keys}\n", 1))
    registers(house)
    assert house.fake.branch_flags == flags


def test_a_device_on_a_connection_is_called_by_that_alone(house):
    """Where its Contact says, perhaps nobody listens (measured)."""
    registers(house, door="tcp")
    assert house.answers == [200]
    assert len(house.fake.called("nathelper.fix_nated_register")) == 1


@pytest.mark.parametrize("said", ["*", " * "])
def test_who_takes_back_all_bindings_names_no_address_to_compare(house, said):
    house.fake.returns["nathelper.nat_uac_test"] = 1
    registers(house, headers=[("Contact", said), ("Expires", "0")])
    assert house.answers == [200]
    assert len(house.fake.called("registrar.save_uri")) == 1
    assert house.fake.called("nathelper.nat_uac_test") == []
    assert house.fake.branch_flags == set()


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
    assert house.fake.called("registrar.save_uri") == []


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
    assert house.fake.called("registrar.save_uri") == []


@pytest.mark.parametrize("result", [-1, -2, 0])
def test_what_the_registrar_refuses_it_has_answered(house, result):
    """A second answer followed its own (measured: a Contact's q above 1)."""

    def refuse(_table, _flags, _uri):
        house.fake.transaction.replies.append(Reply(400, "Bad Request"))
        return result

    house.fake.returns["registrar.save_uri"] = refuse
    registers(house)
    assert house.answers == [400]
    assert house.fake.called("sl.send_reply") == []


def contact(house, *values, expires=None):
    """A device registers with these Contact headers; returns what the registrar reads, None for
    what came.
    """
    headers = [("Contact", value) for value in values]
    registers(house, headers=headers + ([("Expires", expires)] if expires else []))
    if not house.fake.called("textopsx.msg_apply_changes"):
        return None
    assert ("Contact",) in house.fake.called("textops.remove_hf")
    return [line for (line,) in house.fake.called("hdr.append")]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["<sip:1008@192.0.2.77>"], None),
        (['<sip:1008@192.0.2.77>;received="sip:203.0.113.9"'], "<sip:1008@192.0.2.77>"),
        (["<sip:1008@192.0.2.77>;RECEIVED"], "<sip:1008@192.0.2.77>"),
        (["<sip:1@192.0.2.77>;expires=0, <sip:2@203.0.113.9>"], "<sip:2@203.0.113.9>"),
        (["<sip:1@192.0.2.77>;q=0.1", "<sip:2@203.0.113.9>"], "<sip:2@203.0.113.9>"),
    ],
)
def test_the_registrar_reads_one_contact_and_no_address_beside_it(house, values, read):
    assert contact(house, *values) == ([f"Contact: {read}\r\n"] if read else None)
    assert house.answers == [200]


def test_a_contact_that_could_not_be_rewritten_binds_nothing(house):
    """The registrar would read the address beside it that was to be taken out."""
    house.may_break = True
    house.fake.returns["textopsx.msg_apply_changes"] = -1
    contact(house, '<sip:1008@192.0.2.77>;received="sip:203.0.113.9"')
    assert house.answers == [500]
    assert house.fake.called("registrar.save_uri") == []


def test_contacts_that_are_all_taken_back_are(house):
    said = contact(house, "<sip:1@192.0.2.77>, <sip:2@192.0.2.77>", expires="0")
    assert said == ["Contact: <sip:1@192.0.2.77>;expires=0, <sip:2@192.0.2.77>;expires=0\r\n"]


@pytest.mark.parametrize("said", ["*, <sip:1@192.0.2.77>", b"<sip:1@192.0.2.77>;received=\xff"])
def test_contacts_that_nobody_can_read_are_refused(house, said):
    contact(house, said)
    assert house.answers == [400]
    assert house.fake.called("registrar.save_uri") == []


def test_a_save_with_wrong_arguments_is_answered(house):
    house.may_break = True
    house.fake.KSR.registrar.save_uri = lambda *_: False
    registers(house)
    assert house.answers == [500]


@pytest.mark.parametrize(
    ("door", "source"),
    [("trunks", "203.0.113.1"), ("internal", "198.51.100.20"), ("strange", "1.2.3.4")],
)
def test_nobody_registers_elsewhere(house, door, source):
    registers(house, door=door, source=source)
    assert house.answers == [403]
    assert house.fake.called("registrar.save_uri") == []


@pytest.mark.parametrize("variable", ["fU", "tU", "au"])
def test_a_name_that_is_not_utf8_is_400(house, variable):
    registers(house, **{variable: b"\xff"})
    assert house.answers == [400]
    assert house.fake.called("registrar.save_uri") == []

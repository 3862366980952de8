"""Who calls: the authenticated one, whatever the request says, and what is said of him further on."""

import pytest

from kemi import secrets, sip
from tests.unit.kemi.house import NORTH, PBX, RECEPTION


def test_a_page_goes_to_the_pbx_with_the_callers_identity(house):
    house.calls("8000")
    assert house.sent_to == ["sip:198.51.100.20:5060"]
    assert house.fake.pv["$fs"] == "udp:198.51.100.10:5080"
    assert house.fake.headers.appended == [
        "P-Asserted-Identity: <sip:1020@device.bellhop.invalid>\r\n"
    ]


def test_a_page_from_a_trunk_says_who_calls_behind_it(house):
    house.calls("8000", user=None, door="trunks", source=RECEPTION, fU="2001")
    assert house.fake.headers.appended == [
        "P-Asserted-Identity: <sip:2001@reception.trunk.bellhop.invalid>\r\n"
    ]


@pytest.mark.parametrize("name", ["bo ss", "2001\r\nX: y", "", "9" * 21, "\u0662\u0660"])
def test_a_callers_name_behind_a_trunk_that_is_no_number_is_not_passed_on(house, name):
    house.calls("8000", user=None, door="trunks", source=RECEPTION, fU=name)
    assert house.fake.headers.appended == [
        "P-Asserted-Identity: <sip:reception.trunk.bellhop.invalid>\r\n"
    ]


def test_a_callers_own_identity_and_auto_answer_headers_are_removed_before_ours_is_written(house):
    house.calls("8000")
    order = [c.args[0] for c in house.fake.calls if c.path.startswith(("textops.", "hdr.append"))]
    (ours,) = house.fake.headers.appended
    assert order.index("P-Asserted-Identity") < order.index(ours)
    assert "P-Asserted-Identity" not in order[order.index(ours) :]
    removed = {args[0] for args in house.fake.called("textops.remove_hf")}
    assert {"P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Alert-Info",
            "Call-Info", "Answer-Mode", "Priv-Answer-Mode"} <= removed  # fmt: skip
    (pattern,) = {args[0] for args in house.fake.called("textops.remove_hf_re")}
    assert pattern.startswith("^(X-Bellhop.*|")


def test_the_pbx_keeps_its_auto_answer_headers_and_not_its_identity(house):
    house.calls("1009", user=None, door="internal", source=PBX)
    assert house.sent_to == ["sip:1009@192.0.2.77:5060"]
    removed = {args[0] for args in house.fake.called("textops.remove_hf")}
    assert removed == {
        *("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"),
        "Route",
    }


@pytest.mark.parametrize("user", [None, "1020", "nobody", "horn-1008"])
def test_a_device_without_the_right_password_is_challenged_and_nothing_else(house, user):
    house.arrives("INVITE", "sip:8000@edge", user=user, password_of=None)
    assert house.answers == [407]
    assert house.relays == []
    assert house.rows == []


def test_an_unknown_user_takes_the_way_of_a_wrong_password(house):
    ways = []
    for user in ("1020", "nobody"):
        house.fake.calls.clear()
        house.arrives("INVITE", "sip:1009@edge", user=user, password_of=None)
        ways.append([(c.path, len(c.args)) for c in house.fake.calls])
        ((_, ha1, _, _),) = house.fake.called("auth.pv_auth_check")
        assert len(ha1) == 32
    assert ways[0] == ways[1]
    assert "auth.pv_auth_check" in [path for path, _ in ways[0]]


def test_the_secret_that_nobody_has_is_another_at_each_start(make_house):
    first, second = (secrets.load(make_house().site).nobody for _ in range(2))
    assert first != second


def test_nobody_who_guessed_the_empty_secret_is_a_device(house):
    # The check says yes (a defect elsewhere); there is still no device of that name.
    house.fake.returns["auth.pv_auth_check"] = 1
    house.arrives("INVITE", "sip:8000@edge", user="nobody")
    assert house.answers == [407]
    assert house.relays == []


@pytest.mark.parametrize("name", ["1021", "8000", "", None, "1020 ", "+1020"])
def test_a_from_that_is_another_is_refused(house, name):
    house.arrives("INVITE", "sip:1009@edge", user="1020", fU=name)
    assert house.answers == [403]
    assert house.relays == []


@pytest.mark.parametrize("name", ["anonymous", "Anonymous"])
def test_an_anonymous_from_is_no_other_name(house, name):
    house.calls("1009", fU=name)
    assert len(house.sent_to) == 1


def test_a_device_has_the_name_of_its_number_not_of_its_authentication_id(house):
    house.arrives("INVITE", "sip:1009@edge", user="horn-1008", fU="horn-1008")
    assert house.answers == [403]
    house.arrives("INVITE", "sip:1009@edge", user="horn-1008", fU="1008")
    assert house.answers == [403]  # it is a speaker, and may call nobody
    assert house.fake.headers.to_reply[-1:] == ["Reason: Q.850;cause=21\r\n"]


@pytest.mark.parametrize(
    ("door", "source"),
    [
        ("trunks", "192.0.2.77"), ("trunks", PBX), ("internal", "192.0.2.77"), ("internal", NORTH),
        ("internal", RECEPTION), ("strange", PBX), ("strange", NORTH), ("strange", "192.0.2.77"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", ["1009", "8000", "4412", "442071838750"])
def test_an_address_of_nobody_reaches_nothing(house, door, source, number):
    house.arrives("INVITE", f"sip:{number}@edge", door=door, source=source, user="1020")
    assert house.answers == [403]
    assert house.relays == []


def test_the_credentials_go_no_further(house):
    house.calls("4412")
    paths = [call.path for call in house.fake.calls]
    assert paths.index("auth.consume_credentials") < paths.index("tm.t_relay")


def test_ipv6_peers_are_known_in_any_spelling(house):
    house.fake.request("INVITE", "sip:1@edge", source=("2001:DB8:0:0:0:0:0:1", 5060))
    house.says({"$proto": "UDP", "$Ri": "[2001:db8:0:0:0:0:0:2]", "$Rp": 5060})
    way = sip.way()
    assert way.source.host == "2001:db8::1"
    assert str(way.here) == "udp:[2001:db8::2]:5060"


@pytest.mark.parametrize(
    ("name", "headers", "privacy"),
    [
        ("1020", [], ""), ("1020", ["none"], ""), ("1020", ["id"], "id"), ("1020", ["session"], ""),
        ("1020", ["critical; ID"], "critical;id"), ("1020", ["none", "header"], "header;id"),
        ("1020", ["user;x-of-ours, user"], "user;id"), ("anonymous", [], "id"),
        ("Anonymous", ["history"], "history;id"),
    ],
)  # fmt: skip
def test_who_asks_for_privacy_by_whatever_header_is_private(house, name, headers, privacy):
    house.calls("4412", fU=name, headers=[("Privacy", value) for value in headers])
    assert house.call.privacy == privacy


@pytest.mark.parametrize(
    ("user", "host", "name", "private"),
    [
        ("441632960100", "Anonymous.invalid", None, True), (None, "anonymous.invalid", None, True),
        (None, "localhost", '"Anonymous"', True), (None, "localhost", "anonymous", True),
        (None, "localhost", '"Reception"', False), (None, "192.0.2.40", None, False),
        (None, "localhost", b'"Anonyme \xe9"', False), ("2001", "192.0.2.40", '"Anonymous"', False),
    ],
)  # fmt: skip
def test_a_from_hides_who_calls_as_pbxs_write_it(house, user, host, name, private):
    house.calls("4412", user=None, door="trunks", source=RECEPTION,
                fU=user, fd=host, fn=name)  # fmt: skip
    assert house.call.privacy == ("id" if private else "")


def test_a_carrier_gets_one_privacy_header_with_all_that_was_asked(make_house_of):
    keys = '[carriers.north]\nidentity = "assert"\ntrust_privacy = true\ncaller_id = "4411"'
    house = make_house_of(lambda text: text.replace("[carriers.north]", keys))
    house.calls("4412", headers=[("Privacy", "user")])
    names = [args[0] for args in house.fake.called("textops.remove_hf")]
    assert names.count("Privacy") == 1
    assert house.fake.called("hdr.append")[-1] == ("Privacy: user;id\r\n",)

"""The registrations that the uac module is told of, at the start and when the site changes."""

import json

import pytest

from bellhop.addresses import Address

HA1 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def house(make_house_of, tmp_path):
    secret = tmp_path / "north.htdigest"
    secret.write_text(f"site:north.invalid:{HA1}\n")
    secret.chmod(0o600)

    def change(text):
        did = text.partition("[[dids]]")[2].partition('number = "')[2].partition('"')[0]
        keys = (
            '[carriers.north]\nauth_user = "site"\nsecret_file = "north.htdigest"\n'
            f'register_user = "line"\nregister_contact = "{did}"'
        )
        return text.replace("[carriers.north]", keys)

    made = make_house_of(change)
    made.fake.returns["jsonrpcs.exec"] = 1
    made.says({"$jsonrpl(code)": 200, "$jsonrpl(body)": "{}"})
    return made


def told(house):
    """Return what the module was told: method and parameters."""
    questions = [json.loads(args[0]) for args in house.fake.called("jsonrpcs.exec")]
    return [(one["method"], one["params"]) for one in questions]


def test_a_registration_is_told_once(house):
    for _ in range(3):
        house.app.ksr_carriers_register(None)
    [(method, parameters)] = told(house)
    assert method == "uac.reg_add"
    assert parameters[5:9] == ["north.invalid", "site", ".", HA1]


def test_one_that_was_refused_is_told_again_and_the_log_once(house):
    house.says({"$jsonrpl(code)": 500, "$jsonrpl(body)": "full"})
    for _ in range(3):
        house.app.ksr_carriers_register(None)
    [line] = house.logged
    assert "refused=" in line
    assert "full" in line
    house.says({"$jsonrpl(code)": 200})
    for _ in range(3):
        house.app.ksr_carriers_register(None)
    assert len(house.logged) == 1
    methods = [method for method, _ in told(house)]
    assert methods == ["uac.reg_add", "uac.reg_remove"] * 3 + ["uac.reg_add"]


def test_one_that_the_module_knows_already_is_replaced(house):
    """As it does when the scripts were loaded anew: they know nothing, and the module does."""
    there = {"north"}

    def answer(question):
        method = json.loads(question)["method"]
        known = bool(there)
        if method == "uac.reg_remove":
            there.clear()
        wrong = method == "uac.reg_add" and known
        house.says({"$jsonrpl(code)": 500 if wrong else 200})
        return 1

    house.fake.returns["jsonrpcs.exec"] = answer
    house.app.ksr_carriers_register(None)
    house.app.ksr_carriers_register(None)
    methods = [method for method, _ in told(house)]
    assert methods == ["uac.reg_add", "uac.reg_remove", "uac.reg_add"]


def test_a_carrier_of_a_name_is_registered_where_it_is_and_moves_when_it_is_there_no_more(
    house, monkeypatch
):
    """Name servers tell a name's addresses in another order each time."""
    one, two, three = (Address(f"203.0.113.{n}", 5060) for n in (1, 2, 3))
    for there in ([], [one, two], [two, one], [two], [three, two]):
        monkeypatch.setattr("kemi.names.resolve", lambda _gateway, there=there: there)
        house.app.ksr_carriers_register(None)
    assert [(method, parameters[9:10]) for method, parameters in told(house)] == [
        ("uac.reg_add", ["sip:203.0.113.1:5060"]),
        ("uac.reg_remove", []),
        ("uac.reg_add", ["sip:203.0.113.2:5060"]),
    ]
    assert house.logged == []


def test_one_that_is_gone_is_removed(house):
    house.app.ksr_carriers_register(None)
    contact = told(house)[0][1][0]
    none = type(house.site)(
        **{
            **{name: getattr(house.site, name) for name in house.site.__dataclass_fields__},
            "carriers": {n: c for n, c in house.site.carriers.items() if n != "north"},
        }
    )
    house.app._registrar.run(none, house.app._live.now().secrets)  # noqa: SLF001
    assert told(house)[1:] == [("uac.reg_remove", [contact])]

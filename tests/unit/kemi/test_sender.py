"""Who stands in From toward a carrier that knows us by it: where it is written, and where given back."""

import pytest

from kemi import dialog
from tests.unit.kemi.house import NORTH, PHONE

KEYS = '[carriers.north]\nfrom = "number"\ncaller_id = "442071838700"\ndomain = "north.example"'
TOLD = "sip:442071838700@north.example"
HIS = "sip:1020@edge"


@pytest.fixture
def house(make_house_of):
    made = make_house_of(lambda text: text.replace("[carriers.north]", KEYS))
    for name in ("from", "from_uri", "to_uri"):
        made.fake.returns[f"uac.uac_replace_{name}"] = 1
    return made


def written(house):
    return [(c.path.rpartition("uac_replace_")[2], *c.args) for c in house.fake.calls
            if "uac_replace" in c.path]  # fmt: skip


def held(house):
    return house.fake.pv["$dlg_var(bellhop_sender)"]


def test_a_carrier_is_told_and_the_next_one_is_not(house):
    house.calls("4412")
    assert written(house) == [("from_uri", TOLD)]
    assert held(house) == TOLD
    house.fails(503)
    assert house.call.leg.name != "north"
    assert written(house) == [("from_uri", TOLD)]
    assert held(house) is None


def test_a_carrier_that_wants_none_costs_nothing(make_house):
    house = make_house()
    house.calls("4412")
    house.replies(200)
    assert written(house) == []
    assert not [c for c in house.fake.calls if "bellhop_sender" in str(c.args)]


def test_who_wants_privacy_has_nobodys_name_too(house):
    house.calls("4412", headers=[("Privacy", "id"), ("Contact", f"<sip:x@{PHONE}>")])
    assert written(house) == [("from", '"Anonymous"', "sip:anonymous@anonymous.invalid")]


@pytest.mark.parametrize("code", [180, 183, 200])
def test_the_caller_is_answered_as_who_he_said_he_is(house, code):
    house.calls("4412")
    house.replies(code, **{"T_req($fu)": HIS})
    assert written(house)[1:] == [("from_uri", HIS)]


def within(house, method, *, ours, **said):
    mark = dialog.mark(house.key, "call-1", "from-1", ("carrier:north",))
    tags = {"ft": "from-1", "tt": "to-1"} if ours else {"ft": "to-1", "tt": "from-1"}
    door = {} if ours else {"door": "trunks", "source": NORTH}
    there = f"sip:{NORTH}:5060" if ours else f"sip:1020@{PHONE}:5060"
    house.arrives(method, there, mark=mark, next_hop=NORTH if ours else PHONE,
                  **tags, **door, **said)  # fmt: skip


@pytest.mark.parametrize("method", ["BYE", "INVITE", "PRACK", "ACK"])
@pytest.mark.parametrize("ours", [True, False])
def test_each_side_hears_of_the_caller_what_it_knows(house, method, ours):
    house.calls("4412")
    house.fake.calls.clear()
    within(house, method, ours=ours, **{"dlg(from_uri)": HIS, "dlg_var(bellhop_sender)": TOLD})
    assert written(house) == [("from_uri", TOLD) if ours else ("to_uri", HIS)]
    assert bool(house.fake.called("tm.t_on_reply")) is (method != "ACK")
    if method == "ACK":
        return
    tags = {"ft": "from-1", "tt": "to-1", "dlg(from_tag)": "from-1", "rm": method}
    house.fake.reply(200, **{"T_req($fu)": "sip:from@x", "T_req($tu)": "sip:to@x", **tags})
    house.app.ksr_reply_dialog(None)
    assert written(house)[1:] == [("from_uri", "sip:from@x") if ours else ("to_uri", "sip:to@x")]

"""Gateways that are asked whether they live: the list that the dispatcher probes, and who gets no call."""

from errno import EROFS

import pytest

from bellhop.health import hand_key
from bellhop.settings import SiteError
from kemi import gateways

NORTH, SOUTH = (f"203.0.113.{n}:5060" for n in (1, 2))


def probing(text):
    return text.replace("[edge]\n", '[edge]\nprobe = "10s"\n')


@pytest.fixture
def probed(make_house_of):
    return make_house_of(probing)


def test_a_gateway_that_answers_no_probe_gets_no_call(probed):
    probed.dead.add(f"sip:{NORTH}")
    probed.calls("4412")
    assert probed.sent_to == [f"sip:{SOUTH}"]
    assert probed.skipped == [("carrier:north", "probe-down")]


def test_a_carrier_that_is_not_probed_is_not_asked_for(make_house_of):
    head = "[carriers.north]\n"
    house = make_house_of(lambda text: probing(text).replace(head, f"{head}probe = false\n"))
    house.dead.add(f"sip:{NORTH}")
    house.calls("4412")
    assert house.sent_to == [f"sip:{NORTH}"]


def listed(house):
    lines = (house.folder / "gateways.list").read_text().splitlines()
    return {line.split()[1]: line.split()[2] for line in lines}


def test_the_list_is_there_when_the_dispatcher_starts_and_is_loaded_once(probed):
    assert listed(probed) == {}
    probed.app.ksr_gateways_load(None)
    probed.app.ksr_gateways_load(None)
    assert set(listed(probed).values()) == {"0"}
    assert len(listed(probed)) == len(probed.site.carriers)
    assert probed.fake.called("dispatcher.ds_reload") == [()]


def test_who_was_dead_is_dead_after_a_load_too(probed):
    probed.dead.add(f"sip:{SOUTH}")
    probed.app.ksr_gateways_load(None)
    assert listed(probed)[f"sip:{SOUTH}"] == "9"


def test_who_is_blocked_is_not_probed_and_comes_back_as_alive(probed):
    probed.health[hand_key("north")] = "block"
    probed.app.ksr_gateways_load(None)
    assert listed(probed)[f"sip:{NORTH}"] == "4"
    probed.dead.add(f"sip:{NORTH}")  # the dispatcher's word for one that it does not probe
    probed.health[hand_key("north")] = "allow"
    probed.app.ksr_gateways_load(None)
    assert listed(probed)[f"sip:{NORTH}"] == "0"


def test_who_is_drained_is_probed(probed):
    probed.health[hand_key("north")] = "drain"
    probed.app.ksr_gateways_load(None)
    assert listed(probed)[f"sip:{NORTH}"] == "0"


def test_a_list_that_cannot_be_written_is_told_once_and_written_when_it_can_be(probed):
    part = probed.folder / "gateways.part"
    part.mkdir()
    for _ in range(3):
        probed.app.ksr_gateways_load(None)
    assert len(probed.logged) == 1
    assert "gateways.list not written, so as before: Is a directory" in probed.logged[0]
    assert probed.fake.called("dispatcher.ds_reload") == []
    part.rmdir()
    probed.app.ksr_gateways_load(None)
    assert probed.fake.called("dispatcher.ds_reload") == [()]
    assert len(listed(probed)) == len(probed.site.carriers)


def test_a_list_that_is_there_is_begun_with_on_a_disk_that_takes_nothing(probed, monkeypatch):
    def fails(*_, **__):
        raise OSError(EROFS, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.touch", fails)
    assert gateways.Gateways(probed.site)
    (probed.folder / "gateways.list").unlink()
    with pytest.raises(SiteError, match=r"gateways\.list: Read-only"):
        gateways.Gateways(probed.site)

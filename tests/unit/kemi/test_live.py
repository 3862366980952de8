"""A reload: every process goes over to the new site at its next message, or none does."""

import stat

import pytest

import kemi.app
import kemi.live
from kemi import snapshot

SAID = "$shv(bellhop_said)"


@pytest.fixture
def reload(house):
    """Change the site file, have it reloaded as the timer's process does, and return what it said."""

    def go(old, new, wanted=1):
        file = house.folder / "site.toml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        house.fake.pv["$shv(bellhop_wanted)"] = wanted
        house.app.ksr_site_reload(None)
        return kemi.live.msgspec.json.decode(house.fake.pv[SAID], type=kemi.live.Said)

    return go


def test_a_snapshot_is_the_site_and_its_secrets_again(house):
    now = house.app._live.now()  # noqa: SLF001
    read = snapshot.read(house.folder)
    assert (read.site, read.secrets) == (now.site, now.secrets)
    assert stat.S_IMODE((house.folder / snapshot.FILE).stat().st_mode) == 0o600


def test_the_next_message_is_routed_by_the_new_site(house, reload):
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.1:5060"]
    said = reload('gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.77:5060"')
    assert (said.mistakes, said.changed) == ((), ("carriers",))
    assert said.differences == ("carriers: 1 changed: north (gateway, sources)",)
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.77:5060"]


def test_a_process_that_has_not_looked_yet_goes_over_too(house, reload):
    other = kemi.live.begin(str(house.folder / "no-such-file"))
    assert other.now().version == 0
    reload('gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.77:5060"', wanted=5)
    assert other.now().version == 5
    assert str(other.now().site.carriers["north"].gateways[0]) == "203.0.113.77:5060"


def test_a_file_that_is_wrong_changes_nothing_and_is_told(house, reload):
    before = house.app._live.now()  # noqa: SLF001
    said = reload('gateway = "203.0.113.1:5060"', 'gateway = "north"')
    assert said.changed == ()
    assert len(said.mistakes) == 1
    assert "carriers.north.gateway: expected" in said.mistakes[0]
    assert house.app._live.now() is before  # noqa: SLF001
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.1:5060"]


def test_secrets_that_are_wrong_change_nothing_either(house, reload):
    (house.folder / "devices.htdigest").write_text("nonsense\n")
    said = reload('gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.77:5060"')
    assert "devices.htdigest:1" in said.mistakes[0]
    house.calls("4412")
    assert house.sent_to == ["sip:203.0.113.1:5060"]


def test_listeners_are_kamailios_own_so_a_reload_refuses_them(reload):
    said = reload("udp:192.0.2.10:5070", "udp:192.0.2.10:5075")
    assert said.mistakes == ("edge.trunks: only a restart of Kamailio changes it",)


def test_a_number_that_nobody_would_go_over_to_is_refused(house, reload):
    """Said to be done, it would be done nowhere."""
    reload('gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.77:5060"', wanted=5)
    said = reload('gateway = "203.0.113.77:5060"', 'gateway = "203.0.113.78:5060"', wanted=4)
    assert said.changed == ()
    assert said.mistakes == ("$shv(bellhop_wanted): expected a number greater than 5, got 4",)
    assert snapshot.read(house.folder).version == 5


def test_one_wish_is_done_once(house, reload):
    reload('gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.77:5060"', wanted=7)
    (house.folder / "site.toml").unlink()
    house.app.ksr_site_reload(None)
    assert "No such file" not in house.fake.pv[SAID]
    house.fake.pv["$shv(bellhop_wanted)"] = 8
    house.app.ksr_site_reload(None)
    assert "No such file" in house.fake.pv[SAID]


def test_a_process_that_cannot_read_the_snapshot_says_so_once_and_keeps_its_site(house):
    (house.folder / snapshot.FILE).write_bytes(b"\x00")
    house.fake.pv["$shv(bellhop_site)"] = 9
    before = len(house.logged)
    assert house.app._live.now().version == 0  # noqa: SLF001
    assert house.app._live.now().version == 0  # noqa: SLF001
    assert len(house.logged) == before + 1
    assert "keeps its old site" in house.logged[-1]


def test_a_reload_of_the_scripts_goes_on_with_the_site_in_use(house, reload, monkeypatch):
    reload('gateway = "203.0.113.1:5060"', 'gateway = "203.0.113.77:5060"', wanted=3)
    (house.folder / "site.toml").write_text("half a fi")
    monkeypatch.setenv("BELLHOP_SITE", str(house.folder / "site.toml"))
    again = kemi.app.mod_init()
    assert again is not None
    assert again._live.now().version == 3  # noqa: SLF001

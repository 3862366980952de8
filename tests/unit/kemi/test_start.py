"""The start: a site that cannot be used stops it with every mistake said, never with a traceback."""

import os
import stat
from errno import EACCES, EIO, ENOSPC, EROFS
from pathlib import Path

import pytest

import kemi.app


@pytest.fixture
def start(house, monkeypatch):
    """Start again on the house's folder; returns the app, and what was logged as errors."""

    def go(site="site.toml"):
        monkeypatch.setenv("BELLHOP_SITE", str(house.folder / site))
        house.fake.log.clear()
        house.fake.pv["$shv(bellhop_state)"] = ""  # another Kamailio, which has not begun yet
        return kemi.app.mod_init(), house.logged

    return go


def test_a_good_site_starts(start):
    app, errors = start()
    assert isinstance(app, kemi.app.Edge)
    assert errors == []


def test_every_mistake_of_the_site_is_logged(start, house):
    (house.folder / "bad.toml").write_text("schema = 2\n[site]\nname = 5\n")
    app, errors = start("bad.toml")
    assert app is None
    assert errors[0] == "bad.toml:1: schema: expected 1, got 2\n"
    assert len(errors) >= 5


@pytest.mark.parametrize("content", [None, "1008:unit.invalid:hunter2\n"])
def test_secrets_that_cannot_be_used_are_told(start, house, content):
    secrets = house.folder / "devices.htdigest"
    secrets.unlink() if content is None else secrets.write_text(content)
    app, errors = start()
    assert app is None
    assert len(errors) == 1
    assert "devices.htdigest" in errors[0]
    assert "hunter2" not in errors[0]


def test_the_key_is_kept_over_a_restart_and_is_nobody_elses_to_read(start, house):
    app, _ = start()
    assert app._key == house.key  # noqa: SLF001
    assert len(house.key) == 32
    assert stat.S_IMODE((house.folder / "dialog.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "00", "zz" * 32, "00" * 31, "\xff" * 64, "00" * 33])
def test_a_key_that_is_cut_short_or_none_is_told(start, house, content):
    (house.folder / "dialog.key").write_text(content)
    app, errors = start()
    assert app is None
    assert errors == [
        f"{house.folder}/dialog.key: not a key of ours; without the file a new one is made\n"
    ]


def test_a_full_disk_leaves_no_half_of_a_key_which_would_stop_the_next_start(
    start, house, monkeypatch
):
    key = house.folder / "dialog.key"
    key.unlink()
    opened = os.fdopen

    def full(handle, mode, **more):
        if mode != "w":
            return opened(handle, mode, **more)
        os.close(handle)
        return Path("/dev/full").open("w", encoding="ascii")

    with monkeypatch.context() as disk:
        disk.setattr("os.fdopen", full)
        assert start() == (None, [f"{key}: {os.strerror(ENOSPC)}\n"])
    app, errors = start()
    assert errors == []
    assert app is not None


def test_a_state_folder_that_is_not_there_is_told(start, house):
    site = house.folder / "site.toml"
    site.write_text(site.read_text().replace(str(house.folder), f"{house.folder}/no"))
    app, errors = start()
    assert app is None
    assert errors == [f"{house.folder}/no/site.snapshot.part: No such file or directory\n"]


@pytest.mark.parametrize(
    ("errno", "starts"), [(ENOSPC, True), (EROFS, True), (EIO, True), (EACCES, False)]
)
def test_a_disk_that_takes_nothing_stops_no_start_and_is_told(
    start, house, monkeypatch, errno, starts
):
    def fails(*_):
        raise OSError(errno, os.strerror(errno))

    monkeypatch.setattr("os.fsync", fails)
    app, errors = start()
    assert (app is not None) == starts
    assert len(errors) == 1
    assert errors[0].startswith(f"{house.folder}: {os.strerror(errno)}")
    assert house.fake.pv["$shv(bellhop_state)"] == ""  # there is no snapshot to go on with


def test_every_callback_that_is_armed_is_there(make_house_of):
    house = make_house_of(
        lambda text: text.replace("[carriers.north]", '[carriers.north]\nearly_media = "suppress"')
    )
    # Two attempts, and both routes of a branch: it has one where it needs it alone.
    house.fake.returns["tm.t_relay"] = [-1, 1]
    house.calls("4412")
    house.arrives("BYE", "sip:x", tt="t", next_hop="192.0.2.77", mark="")
    for path in ("t_on_branch", "t_on_reply", "t_on_failure"):
        armed = house.fake.called(f"tm.{path}")
        assert armed
        for (name,) in armed:
            assert callable(getattr(house.app, name))
    for name in ("ksr_request_route", "child_init"):
        assert callable(getattr(house.app, name))  # 5.6 leaves requests unanswered without them

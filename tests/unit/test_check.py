"""`bellhop check`: exit 0 and a count of what is there, or exit 1 and every mistake."""

import shutil
from pathlib import Path

import pytest

from bellhop.cli import run

SITES = Path(__file__).parent / "sites"
HA1 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def check(capsys):
    def go(*arguments):
        code = run(["check", *map(str, arguments)])
        return code, *capsys.readouterr()

    return go


def test_a_good_file_is_good_and_a_missing_secret_file_is_only_noted(check):
    code, out, err = check(SITES / "good.toml")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == (
        f"{SITES}/good.toml: good: 5 devices, 2 zones, 4 carriers, 2 routes, 2 trunks, 2 DIDs"
    )
    assert "note: site.secret_file: " in out


@pytest.mark.parametrize(("name", "count"), [("ten", 10), ("thirty", 30)])
def test_every_mistake_is_said_and_counted(check, name, count):
    code, out, err = check(SITES / f"{name}.toml")
    expected = (SITES / f"{name}.expected").read_text("utf-8")
    assert (code, out) == (1, "")
    assert err == f"{expected}bellhop: check: {count} mistakes\n"


def test_one_mistake_is_one_mistake(check, tmp_path):
    code, out, err = check(tmp_path / "no.toml")
    assert (code, out) == (1, "")
    assert err.endswith("bellhop: check: 1 mistake\n")


def test_secrets_that_are_here_are_checked(check, tmp_path):
    shutil.copy(SITES / "good.toml", tmp_path / "site.toml")
    secrets = tmp_path / "devices.htdigest"
    secrets.write_text(f"horn-1008:unit.invalid:{HA1}\n1020:unit.invalid:hunter2\n")
    code, out, err = check(tmp_path / "site.toml")
    assert (code, out) == (1, "")
    assert err.startswith("devices.htdigest:2: expected user:realm:HA1")
    assert "hunter2" not in err
    secrets.write_text(f"horn-1008:unit.invalid:{HA1}\n")
    code, out, err = check(tmp_path / "site.toml")
    assert (code, err) == (0, "")
    assert out.endswith("so they can't register: 1009, 1015, 1020, 1021\n")
    names = ("horn-1008", "1009", "1015", "1020", "1021")
    secrets.write_text("".join(f"{n}:unit.invalid:{HA1}\n" for n in names))
    code, out, err = check(tmp_path / "site.toml")
    assert (code, err, out.count("\n")) == (0, "", 1)


def test_a_secret_file_that_cannot_be_read_is_a_mistake(check, tmp_path):
    shutil.copy(SITES / "good.toml", tmp_path / "site.toml")
    (tmp_path / "devices.htdigest").mkdir()
    code, _, err = check(tmp_path / "site.toml")
    assert code == 1
    assert "Is a directory" in err


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("--nothing", "a")])
def test_a_wrong_command_line_is_2(check, arguments):
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("bellhop: check: ")
    assert err.count("\n") == 1

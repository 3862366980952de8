"""`bellhop check`: exit 0 and a count of what is there, or exit 1 and every mistake."""

import shutil
from pathlib import Path

import pytest

from bellhop.settings import load

SITES = Path(__file__).parent / "sites"
HA1 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def check(bellhop):
    return lambda *arguments: bellhop("check", *map(str, arguments))


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
    secrets.chmod(0o640)
    secrets.write_text(f"horn-1008:unit.invalid:{HA1}\n")
    (tmp_path / "ami.secret").write_text("x")
    code, out, err = check(tmp_path / "site.toml")
    assert (code, err) == (0, "")
    assert out.endswith("so they can't register: 1009, 1015, 1020, 1021\n")
    names = ("horn-1008", "1009", "1015", "1020", "1021")
    secrets.write_text("".join(f"{n}:unit.invalid:{HA1}\n" for n in names))
    code, out, err = check(tmp_path / "site.toml")
    assert (code, err, out.count("\n")) == (0, "", 1)
    secrets.chmod(0o644)
    assert check(tmp_path / "site.toml")[1].endswith(
        f"everybody on this machine may read {secrets}: chmod o-r\n"
    )


def test_secrets_of_another_realm_are_told_with_ours(check, tmp_path):
    """And a device is told with the user that it proves itself as, where that is not its number."""
    shutil.copy(SITES / "good.toml", tmp_path / "site.toml")
    secrets = tmp_path / "devices.htdigest"
    secrets.write_text(f"horn-1008:pbx.invalid:{HA1}\n1009:unit.invalid:{HA1}\n")
    secrets.chmod(0o640)
    said = check(tmp_path / "site.toml")[1]
    expected = 'no HA1 of the realm "unit.invalid" in devices.htdigest, so they can\'t register: 1008 (as horn-1008), '
    assert expected in said


def test_a_secret_file_that_cannot_be_read_is_a_mistake(check, tmp_path):
    shutil.copy(SITES / "good.toml", tmp_path / "site.toml")
    (tmp_path / "devices.htdigest").mkdir()
    code, _, err = check(tmp_path / "site.toml")
    assert code == 1
    assert "Is a directory" in err


def with_files(tmp_path, **files):
    """Write a site that names a PIN file, a chime, a bell's sound and a file of users, and these."""
    text = (SITES / "good.toml").read_text("utf-8")
    before, zone, after = text.partition("[zones.8000]\n")
    assert zone
    text = f'{before}{zone}pin_file = "pins"\nchime = "gong.wav"\n{after}'
    text = text.replace("[pager]\n", '[pager]\nvapix_file = "vapix"\n', 1)
    text = text.replace("[devices.1008]\n", '[devices.1008]\nvapix = "http://192.0.2.8"\n', 1)
    text += '[schedules.noon]\nzone = "8001"\nfile = "noon.wav"\ntimes = ["12:00"]\n'
    (tmp_path / "site.toml").write_text(text)
    for name, content in files.items():
        (tmp_path / name.replace("_", ".")).write_bytes(content)
    return tmp_path / "site.toml"


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0o640, "note: carriers.north.secret_file: "),
        (f"site-7:north.invalid:{HA1}\n", 0o640, ": good: "),
        (f"other:north.invalid:{HA1}\n", 0o640, "north.htdigest: no line of site-7"),
        ("site-7:north.invalid:hunter2\n", 0o640, "north.htdigest:1: expected user:realm:HA1"),
        (f"site-7:north.invalid:{HA1}\n", 0o644, "chmod o-rw"),
    ],
)
def test_what_the_edge_would_not_begin_with_is_told_of_a_carriers_secret_too(
    check, tmp_path, text, mode, said
):
    site = tmp_path / "site.toml"
    north = "\n[carriers.north]\n"
    good = (SITES / "good.toml").read_text("utf-8")
    assert north in good
    site.write_text(
        good.replace(north, f'{north}auth_user = "site-7"\nsecret_file = "north.htdigest"\n')
    )
    if text is not None:
        (tmp_path / "north.htdigest").write_text(text)
        (tmp_path / "north.htdigest").chmod(mode)
    code, out, err = check(site)
    assert said in out + err
    assert code == (": good: " not in out)
    assert "hunter2" not in err
    if text is not None:
        assert "carriers.north.secret_file" not in out


def test_files_that_are_not_here_are_noted_each_by_its_key(check, tmp_path):
    code, out, err = check(with_files(tmp_path))
    assert (code, err) == (0, "")
    for key in ("zones.8000.pin_file", "zones.8000.chime", "schedules.noon.file",
                "pager.vapix_file"):  # fmt: skip
        assert f"note: {key}: " in out


def test_files_that_are_here_and_no_good_are_mistakes_with_line_and_key(check, tmp_path):
    site = with_files(
        tmp_path, pins=b"2718\n", gong_wav=b"x", noon_wav=b"", vapix=b"1009 pager s3cret\n"
    )
    lines = site.read_text().splitlines()
    code, out, err = check(site)
    assert (code, out) == (1, "")
    assert "s3cret" not in err
    for key, what in (
        ("pin_file", "line 1: expected"),
        ("chime", "expected a WAV file"),
        ("file", "expected a WAV file: it ends too early"),
        ("vapix_file", "it has no line for 1008"),
    ):
        number = 1 + next(n for n, line in enumerate(lines) if line.startswith(f"{key} = "))
        [said] = [line for line in err.splitlines() if line.startswith(f"site.toml:{number}: ")]
        assert f".{key}: " in said
        assert what in said


@pytest.mark.parametrize(("vapix", "noted"), [("", True), ('vapix = "http://192.0.2.8"', False)])
def test_a_volume_that_nobody_takes_is_noted(check, tmp_path, vapix, noted):
    site = with_files(tmp_path)
    text = site.read_text().replace('vapix = "http://192.0.2.8"', vapix)
    site.write_text(text.replace("[zones.8000]\n", "[zones.8000]\nvolume = -6\n", 1))
    code, out, err = check(site)
    assert (code, err) == (0, "")
    assert ("note: zones.8000.volume: no member has vapix" in out) is noted


@pytest.mark.parametrize(("name", "noted"), [("Europe/Berln", True), ("Europe/Berlin", False)])
def test_a_time_zone_that_nobody_knows_is_noted(check, tmp_path, name, noted):
    site = with_files(tmp_path)
    bell = (
        f'[schedules.late]\nzone = "8000"\nfile = "x.wav"\ntimes = ["08:00"]\ntimezone = "{name}"\n'
    )
    site.write_text(f"{site.read_text()}\n{bell}")
    code, out, err = check(site)
    assert (code, err) == (0, "")
    assert (f'schedules.late.timezone: this machine knows no "{name}"' in out) is noted


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("--nothing", "a")])
def test_a_wrong_command_line_is_2(check, arguments):
    code, out, err = check(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("bellhop: check: ")
    assert err.count("\n") == 1


def test_secrets_that_the_checker_may_not_read_are_noted(check, tmp_path, monkeypatch):
    site = tmp_path / "site.toml"
    site.write_text((SITES / "good.toml").read_text("utf-8"))
    secret = tmp_path / load(site).site.secret_file
    whole = Path.open

    def denied(self, *arguments, **options):
        if self == secret:
            raise PermissionError(13, "Permission denied", str(self))
        return whole(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", denied)
    code, out, err = check(site)
    assert (code, err) == (0, "")
    assert f"note: site.secret_file: {secret} may not be read by you" in out


@pytest.mark.parametrize(
    ("here", "there", "noted"),
    [
        ("multicast:239.1.2.3:5004", "multicast:239.1.2.3:5004/4", "two streams, which horns mix"),
        ("tel:+442079460000", "tel:02079460000", "rung twice"),
        ("multicast:239.1.2.3:5004", "multicast:239.1.2.3:5006", ""),
        ("tel:+442079460000", "tel:+442079460000", ""),
    ],
)
def test_a_member_that_two_zones_spell_in_two_ways_is_noted(check, tmp_path, here, there, noted):
    """One page takes from another what they share, and knows it by its spelling."""
    site = with_files(tmp_path)
    numbering = '[numbering]\ncountry = "44"\ninternational = "00"\nnational = "0"\n'
    zones = "".join(
        f'[zones.{n}]\nname = "{n}"\nmembers = ["{m}"]\n' for n, m in ((8201, here), (8202, there))
    )
    site.write_text(f"{site.read_text()}\n{numbering}{zones}")
    code, out, err = check(site)
    assert (code, err) == (0, "")
    said = (
        f'note: zones.8202.members: "{there}" is "{here}" of zones.8201: in pages of both at once'
    )
    assert (f"{said} it is {noted}\n" in out) if noted else "zones.8202" not in out


def test_a_member_that_a_zone_names_twice_is_noted_and_no_mistake(check, tmp_path):
    site = with_files(tmp_path)
    zone = '[zones.8201]\nname = "Z"\nmembers = ["8000", "1008", "8000"]\n'
    site.write_text(f"{site.read_text()}\n{zone}")
    code, out, err = check(site)
    assert (code, err) == (0, "")
    assert 'note: zones.8201.members: "8000" stands there twice, and is rung once\n' in out
    assert out.count("stands there") == 1


@pytest.mark.parametrize(
    ("prefixes", "noted"),
    [
        ('"4"', 'trunks.reception.numbers: "4" also begins the route "44"'),
        ('"+44"', 'trunks.reception.numbers: "+44" also begins the route "44"'),
        ('"442071838"', ""),
    ],
)
def test_a_trunk_that_takes_the_numbers_of_a_route_is_noted(check, tmp_path, prefixes, noted):
    site = with_files(tmp_path)
    text = site.read_text()
    assert text.count('numbers = ["2"]') == 1
    text = text.replace('numbers = ["2"]', f'numbers = ["2", {prefixes}]')
    site.write_text(text)
    code, out, err = check(site)
    assert (code, err) == (0, "")
    assert (f"note: {noted}" in out) if noted else ("also begins" not in out)

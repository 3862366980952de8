"""The devices' secrets: what is wrong is told by its line, and never shown."""

import pytest

from bellhop.htdigest import Credential, one, read
from bellhop.tables import SiteError

HA1 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def known(tmp_path):
    def tell(content):
        file = tmp_path / "devices.htdigest"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(file, "unit.invalid")

    return tell


def test_lines_of_this_realm_are_known(known):
    text = f"# devices\n\nhorn-1008:unit.invalid:{HA1}\n1009:other.invalid:{HA1}\n"
    assert known(text) == {"horn-1008": HA1}
    assert known(text.replace("\n", "\r\n")) == {"horn-1008": HA1}
    assert known("\ufeff" + text.removeprefix("# devices\n\n")) == {"horn-1008": HA1}
    assert known("") == {}


@pytest.mark.parametrize(
    "line",
    [
        "1008:unit.invalid:hunter2", "1008:hunter2", "hunter2", f"1008:unit.invalid:{HA1}0",
        f"1008:unit.invalid:{HA1[:-1]}", f"1008:unit.invalid:{HA1.upper()}", f":unit.invalid:{HA1}",
        f"10 08:unit.invalid:{HA1}", f"1008:unit.invalid:{HA1}:hunter2", f"{'x' * 65}:r:{HA1}",
        f"1008:unit.invalid:{HA1[:-1]}٣",
    ],
)  # fmt: skip
def test_a_wrong_line_is_told_by_its_number_and_never_shown(known, line):
    with pytest.raises(SiteError) as raised:
        known(f"1007:unit.invalid:{HA1}\n{line}\n")
    assert raised.value.lines == (
        "devices.htdigest:2: expected user:realm:HA1, HA1 in 32 hex digits (0-9, a-f)",
    )


def test_every_wrong_line_is_told(known):
    with pytest.raises(SiteError) as raised:
        known(f"a\n1008:unit.invalid:{HA1}\nb\n1008:unit.invalid:{HA1}\n1008:other:{HA1}\n")
    assert [line.split(":")[1] for line in raised.value.lines] == ["1", "3", "4"]
    assert raised.value.lines[2] == "devices.htdigest:4: 1008 stands in the file twice"


def test_a_file_that_cannot_be_read_is_told(known, tmp_path):
    with pytest.raises(SiteError, match="no: No such file or directory"):
        read(tmp_path / "no", "unit.invalid")
    with pytest.raises(SiteError, match="not UTF-8"):
        known(b"\xff\n")


@pytest.fixture
def mine(tmp_path):
    def tell(content, mode=0o600):
        file = tmp_path / "north.htdigest"
        file.write_text(content)
        file.chmod(mode)
        return one(file, "site")

    return tell


def test_our_own_line_is_found_whatever_its_realm(mine):
    text = f"other:north.invalid:{HA1}\nsite:north.invalid:{HA1}\n"
    assert mine(text) == Credential("site", "north.invalid", HA1)
    assert mine(text, 0o640) == Credential("site", "north.invalid", HA1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"other:r:{HA1}\n", "no line of site"),
        (f"site:r:{HA1}\nsite:s:{HA1}\n", "2 lines of site"),
        ("site:r:hunter2\n", "north.htdigest:1: expected user:realm:HA1"),
    ],
)
def test_our_own_line_must_be_one_and_good(mine, text, what):
    with pytest.raises(SiteError) as raised:
        mine(text)
    assert what in raised.value.lines[0]
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("mode", [0o644, 0o602])
def test_our_own_secret_is_not_for_everybody(mine, mode):
    with pytest.raises(SiteError, match="chmod o-rw"):
        mine(f"site:r:{HA1}\n", mode)

"""`bellhop check`, of the secrets of the pager's and of databases: what it says is what their users
would say.
"""

from pathlib import Path

import pytest

SITES = Path(__file__).parent / "sites"
SECRETS = {
    "ami_secret_file": "[pager]",
    "webhook_secret_file": "[pager]",
    "reports_dsn_file": "[pager]",
    "ledger_dsn_file": "[edge]",
}
LINE = "expected one line of printable text"


@pytest.fixture
def check(bellhop):
    return lambda *arguments: bellhop("check", *map(str, arguments))


@pytest.fixture
def secretive(tmp_path):
    """A site that names every secret of the pager's and of databases, and has them all."""
    text = (SITES / "good.toml").read_text("utf-8").replace('ami_secret_file = "ami.secret"\n', "")
    for key, table in SECRETS.items():
        text = text.replace(f"{table}\n", f'{table}\n{key} = "{key}"\n')
        (tmp_path / key).write_text("s3cret\n")
    text = text.replace("[pager]\n", '[pager]\nreports = "postgresql"\n')
    text = text.replace("[edge]\n", '[edge]\nledger = "postgresql"\n')
    (tmp_path / "site.toml").write_text(text)
    return tmp_path / "site.toml"


def test_secrets_that_are_here_and_fit_to_be_used_are_not_told_of(check, secretive):
    code, out, err = check(secretive)
    assert (code, err) == (0, "")
    assert not [key for key in SECRETS if key in out]
    assert "s3cret" not in out


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_that_is_not_here_is_noted_by_its_key(check, secretive, key):
    (secretive.parent / key).unlink()
    code, out, err = check(secretive)
    assert (code, err) == (0, "")
    path = f"{SECRETS[key][1:-1]}.{key}"
    assert f"note: {path}: {secretive.parent / key} is not here, so it was not checked\n" in out


@pytest.mark.parametrize(
    ("key", "content", "what"),
    [
        *((key, b"\n", LINE) for key in SECRETS if key != "webhook_secret_file"),
        *((key, b"s3cret\nmore\n", LINE) for key in SECRETS if key != "webhook_secret_file"),
        ("ami_secret_file", b"s3cret \xff\n", LINE),
        ("webhook_secret_file", b" \n", "it is empty"),
    ],
)
def test_a_secret_that_nobody_could_use_is_a_mistake_with_its_line(
    check, secretive, key, content, what
):
    (secretive.parent / key).write_bytes(content)
    lines = secretive.read_text().splitlines()
    number = 1 + next(n for n, line in enumerate(lines) if line.startswith(f"{key} = "))
    code, out, err = check(secretive)
    assert (code, out) == (1, "")
    path = f"{SECRETS[key][1:-1]}.{key}"
    assert err.splitlines()[0] == f"site.toml:{number}: {path}: {secretive.parent / key}: {what}"
    assert "s3cret" not in err


def test_a_secret_that_is_a_folder_is_a_mistake(check, secretive):
    (secretive.parent / "ami_secret_file").unlink()
    (secretive.parent / "ami_secret_file").mkdir()
    code, _, err = check(secretive)
    assert code == 1
    assert "pager.ami_secret_file: " in err
    assert "Is a directory" in err

"""The good site and what a changed one is told; a command line run in this process; a fake KSR that
has a request.
"""

from pathlib import Path

import pytest
from kamailio_kemi.fake import FakeKSR

from bellhop import cli
from bellhop.settings import Site, SiteError, load

SITES = Path(__file__).parent / "sites"
GOOD = (SITES / "good.toml").read_text("utf-8")


@pytest.fixture
def told(tmp_path):
    """Return the mistakes of a site file with this content; [] when it is good."""

    def tell(content):
        file = tmp_path / "site.toml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        said = []
        try:
            assert isinstance(load(file), Site)
        except SiteError as error:
            said = list(error.lines) or ["a SiteError without a word"]
        assert all(line.isprintable() for line in said), said
        return said

    return tell


def changed(old, new, text=GOOD):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def line_of(text, needle):
    assert text.count(needle) == 1, needle
    return text[: text.index(needle)].count("\n") + 1


@pytest.fixture
def told_changed(told):
    """Return what is said of the good site with `old` replaced and `more` at its end."""

    def tell(old="", new="", more=""):
        text = changed(old, new) if old else GOOD
        return [line.split(": ", 1)[1] for line in told(text + more)]

    return tell


@pytest.fixture
def bellhop(capsys):
    """Run a command line in this process: exit code, stdout, stderr."""

    def run(*arguments):
        code = cli.run(arguments)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def fake():
    fake = FakeKSR()
    fake.request(
        "INVITE", "sip:100@edge.example", headers=[("User-Agent", "A"), ("X-Bad", b"\xff")]
    )
    return fake

"""`bellhop render`: the lists, or every mistake of the site."""

from pathlib import Path

import pytest

from bellhop.cli import run
from bellhop.render_kamailio import listen_cfg
from bellhop.settings import load

SITES = Path(__file__).parent / "sites"


@pytest.fixture
def render(capsys):
    def go(*arguments):
        code = run(["render", *map(str, arguments)])
        return code, *capsys.readouterr()

    return go


def test_kamailios_lines_are_printed_and_nothing_else(render):
    code, out, err = render("kamailio", SITES / "good.toml")
    assert (code, err) == (0, "")
    assert out == listen_cfg(load(SITES / "good.toml"))


@pytest.mark.parametrize("part", [("kamailio",), ("asterisk", "--into", "nowhere")])
def test_nothing_is_rendered_of_a_wrong_site(render, tmp_path, monkeypatch, part):
    monkeypatch.chdir(tmp_path)
    code, out, err = render(*part, SITES / "ten.toml")
    assert (code, out) == (1, "")
    assert err == (SITES / "ten.expected").read_text("utf-8")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("kamailio",), ("asterisk", SITES / "good.toml"), ("x",)])
def test_a_wrong_command_line_is_2(render, arguments):
    code, out, err = render(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("bellhop: render")


def test_a_folder_that_cannot_be_written_to_is_told_in_one_line(render, tmp_path):
    file = tmp_path / "file"
    file.touch()
    code, out, err = render("asterisk", SITES / "good.toml", "--into", file / "below")
    assert (code, out) == (1, "")
    assert err == f"bellhop: {file / 'below'}: Not a directory\n"

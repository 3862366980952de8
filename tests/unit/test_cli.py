"""The command line itself: what it says of a wrong one, of a defect, of an output that nobody reads."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bellhop import commands


def test_a_peers_text_cannot_steer_the_terminal(bellhop):
    out = bellhop("reason", 'Q.850;cause=17;text="\x1b[31m\x07 caf\u00e9\u202e"')[1]
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert "\\x1b[31m\\x07 caf\u00e9\\u202e" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain"], "CODE"),
        (["explain", "--rang"], "CODE"),
        (["explain", "200"], "300 to 699, got '200'"),
        (["explain", "180", "--no-reply"], "300 to 699, got '180'"),
        (["explain", "700"], "300 to 699, got '700'"),
        (["explain", "0480"], "300 to 699, got '0480'"),
        (["explain", "\u0664\u0668\u0660"], "300 to 699"),
        (["explain", "busy"], "300 to 699, got 'busy'"),
        (["explain", "480", "486"], "486"),
        (["explain", "480", "4\n8"], "4 8"),
        (
            ["explain", "480", "--profile", "north"],
            "broadworks-inbound, carrier, server-failures, teams-direct-routing, got 'north'",
        ),
        (["explain", "480", "--reason"], "--reason"),
        (["explain", "480", "--nonsense"], "--nonsense"),
        (["reason"], "HEADER"),
        (["reason", "a", "b"], "b"),
        (["recurse"], "explain, reason"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(bellhop, arguments, words):
    code, out, err = bellhop(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("bellhop: ")
    assert words in err
    assert err.count("\n") == 1


def test_no_command_at_all_gets_the_help(bellhop):
    code, out, err = bellhop()
    assert (code, out) == (2, "")
    assert "Usage: bellhop" in err


def test_the_help_lists_every_verb_and_loads_none(bellhop, monkeypatch):
    monkeypatch.setattr(commands, "VERBS", {"ghost": "Not there."})
    assert "ghost  Not there." in bellhop("--help")[1]


def test_a_verb_whose_package_is_missing_says_so_and_harms_no_other(bellhop, monkeypatch):
    def load(name):
        if name == "bellhop.commands.explain":
            raise ModuleNotFoundError(name="panoramisk")
        return import_module(name)

    monkeypatch.setattr(commands, "import_module", load)
    assert bellhop("explain", "480") == (
        2,
        "",
        "bellhop: explain: needs the Python package panoramisk, which is not installed here\n",
    )
    assert bellhop("reason", "")[0] == 0
    assert bellhop("--help")[0] == 0


def test_every_verb_has_a_command_with_its_help(bellhop):
    for verb in commands.VERBS:
        code, out, err = bellhop(verb, "--help")
        assert (code, err) == (0, "")
        assert out.startswith(f"Usage: bellhop {verb}")


def test_a_defect_is_no_traceback_unless_asked_for(bellhop, monkeypatch):
    monkeypatch.setattr("bellhop.explain.decide", None)
    code, out, err = bellhop("explain", "480")
    assert (code, out) == (70, "")
    assert err.count("\n") == 1
    assert "a defect of Bellhop's own: TypeError" in err
    monkeypatch.setenv("BELLHOP_DEBUG", "1")
    with pytest.raises(TypeError):
        bellhop("explain", "480")


def process(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "bellhop.cli", *arguments],
        capture_output=True, timeout=60, check=False, **options,
    )  # fmt: skip


def test_the_process_exits_with_the_code():
    assert process("explain", "480").returncode == 0
    done = process("explain", "200")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"bellhop: explain: ")


def test_bytes_and_terminals_that_are_no_utf8_are_no_error():
    poor = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "1"}
    header = b'Q.850;cause=17;text="\xff caf\xc3\xa9 \xe2\x82\xac"'
    done = process("reason", header, env=poor)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"17 User busy" in done.stdout
    assert b"caf\xe9 \\u20ac" in done.stdout
    done = process("reason", header, "--json", env=poor)
    assert json.loads(done.stdout)[0]["text"] == "\udcff caf\u00e9 \u20ac"


def test_a_reader_who_leaves_early_causes_no_noise():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "bellhop.cli", "explain", "480"],
        stdout=write, stderr=subprocess.PIPE, timeout=60, check=False,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_deciding_needs_no_command_line_library():
    """Kamailio imports these before it forks: what they load, every worker carries."""
    heavy = {"click", "asyncio", "importlib.resources", "msgspec", "json", "subprocess"}
    code = "import sys, bellhop.recursion, bellhop.explain; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.parametrize("verb", commands.VERBS)
def test_every_verb_is_in_the_readmes_table(verb):
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert re.search(rf"^\| [^|]*`bellhop {verb}\b", readme, re.MULTILINE)


def test_without_click_the_command_says_what_to_install():
    done = subprocess.run(
        [sys.executable, "-S", "-m", "bellhop.cli", "explain", "480"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bellhop: the command line needs click: install bellhop[cli]\n"


def test_an_output_that_is_closed_causes_no_noise():
    shell = 'exec "$0" -m bellhop.cli explain 480 >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable],
        stderr=subprocess.PIPE, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("verb", ["policy", "render"])
def test_a_full_disk_is_told_in_one_line(tmp_path, verb):
    files = ["asterisk", "config/site.toml", "--into", tmp_path] if verb == "render" else []
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "bellhop.cli", verb, *files],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30,
        )  # fmt: skip
    said = "bellhop: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_its_version_is_told(bellhop):
    code, out, err = bellhop("--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"bellhop \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize("verb", ["calls", "carriers", "pages", "report", "zones"])
def test_where_the_site_file_is_looked_for_is_told(bellhop, verb, monkeypatch):
    monkeypatch.delenv("BELLHOP_SITE", raising=False)
    _, out, _ = bellhop(verb, "--help")
    assert "/etc/bellhop/site.toml" in out
    monkeypatch.setattr("bellhop.commands.show.DEFAULT_SITE", "/nowhere/site.toml")
    code, _, err = bellhop(verb, "--site", "/nowhere/site.toml")
    said = "bellhop: /nowhere/site.toml: No such file or directory (--site FILE says where it is)\n"
    assert (code, err) == (1, said)


@pytest.mark.parametrize("verb", ["calls", "pages", "report"])
def test_what_can_be_read_without_the_site_file_is_told_while_that_is_wrong(
    bellhop, verb, tmp_path
):
    site = tmp_path / "site.toml"
    site.write_text("schema = 1\nname = oops\n")
    code, _, err = bellhop(verb, "--site", str(site))
    assert code == 1
    assert err.startswith("bellhop: site.toml:2: not TOML: ")
    assert err.endswith(" (--database FILE does without it)\n")

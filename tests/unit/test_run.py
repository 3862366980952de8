"""What `./run` finds out about the machine by itself."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def runs_as(process, name):
    script = 'set -euo pipefail; source config/docker/lib/engine.sh; runs_as "$1" "$2"'
    asked = ["bash", "-c", script, "bash", str(process.pid), name]
    return subprocess.run(asked, cwd=ROOT, check=False).returncode == 0


def test_an_engine_that_has_ended_is_not_waited_for_though_nobody_took_its_exit_code():
    with subprocess.Popen(["sleep", "60"]) as process:
        assert runs_as(process, "sleep")
        assert not runs_as(process, "dockerd")
        process.kill()
        state = Path(f"/proc/{process.pid}/status")
        while "\nState:\tZ" not in state.read_text():  # pytest's own time limit ends it
            time.sleep(0.005)
        assert not runs_as(process, "sleep")
    assert not runs_as(process, "sleep")


# What a bench needs is not set up here: it is said that it would be.
WITHOUT_SETTING_UP = """
set -euo pipefail
source config/docker/lib/say.sh; source config/docker/lib/verbs.sh
python_env() { PYTHON=$1; }
bench_env() { echo sets up; return 1; }
python_env "$1"; python_env() { :; }; shift; verb_bench "$@"
"""


def bench(*words):
    """Run `./run bench`; return its exit code, and whether it came to setting up."""
    asked = ["bash", "-c", WITHOUT_SETTING_UP, "bash", sys.executable, *words]
    ran = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True, text=True)
    return ran.returncode, "sets up" in ran.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("nope", 2),
        ("recursion --nope", 2),
        ("paging --soak", 2),
        ("recursion --hel", 2),
        ("", 0),
        ("-h", 0),
        ("recursion --help", 0),
    ],
)
def test_nothing_is_set_up_for_a_bench_that_nobody_asks_for(words, code):
    assert bench(*words.split()) == (code, False)


def test_for_one_that_is_asked_for_all_is_set_up():
    assert bench("recursion", "--quick") == (1, True)


@pytest.mark.parametrize("words", ["down --nope", "images nope", "shell", "nope"])
def test_a_wrong_command_line_is_told_from_what_went_wrong(words):
    ran = subprocess.run(["./run", *words.split()], cwd=ROOT, check=False, capture_output=True)
    assert (ran.returncode, ran.stdout) == (2, b"")

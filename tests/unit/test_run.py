"""What `./run` finds out about the machine by itself."""

import subprocess
import time
from pathlib import Path

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

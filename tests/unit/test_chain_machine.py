"""What fails while the machine stands still is run again, and nothing else is."""

import time
from pathlib import Path

import pytest

from tests.chain.harness.machine import STILL, Again, Machine

pytest_plugins = ["pytester"]

BEFORE = "cpu  100 0 100 700 50 0 0 50 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n"


@pytest.fixture
def stat(tmp_path: Path) -> Path:
    path = tmp_path / "stat"
    path.write_text(BEFORE, "ascii")
    return path


@pytest.fixture
def machine(stat: Path):
    machine = Machine(stat)
    machine.begin()
    yield machine
    machine.close()


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("cpu  140 0 140 756 55 0 0 59 9 9\n", "its host took 6% of the processors' time"),
        ("cpu  140 0 140 761 55 0 0 54 9 9\n", ""),  # 4 %: as any host does
        ("cpu  100 0 100 700 50 0 0 50 99 99\n", ""),  # guests of its own are no time taken
    ],
)
def test_time_that_its_host_took_is_standing_still(machine: Machine, stat: Path, after, said):
    stat.write_text(after, "ascii")
    assert machine.stood_still() == said


def test_a_thread_that_waited_too_long_is_standing_still_until_the_next_begin(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    assert machine.stood_still() == ""
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + STILL + 0.1)  # a jump is a pause
    end = real() + 5
    while not (why := machine.stood_still()):
        assert real() < end
    assert why.startswith(f"it stood still for {STILL + 0.1:.1f}")
    machine.begin()
    assert machine.stood_still() == ""


def test_a_machine_that_says_nothing_of_its_host_is_trusted(tmp_path: Path):
    machine = Machine(tmp_path / "none")
    machine.begin()
    try:
        assert machine.stood_still() == ""
    finally:
        machine.close()


TESTS = """
import pathlib
def after(times, name):
    path = pathlib.Path(name)
    path.write_text(path.read_text() + "x" if path.exists() else "x")
    assert len(path.read_text()) > times, f"{name}'s reason"
def test_good(): after(0, "good")
def test_once(): after(1, "once")
def test_never(): after(9, "never")
"""


class Said(Machine):
    """A machine that says what it is told to."""

    def __init__(self, why: str, stat: Path) -> None:
        super().__init__(stat)
        self.why = why

    def stood_still(self) -> str:
        return self.why


@pytest.mark.parametrize(
    ("why", "failed", "runs"),
    [
        ("its host slept", {"test_never"}, {"good": 1, "once": 2, "never": 3}),
        ("", {"test_once", "test_never"}, {"good": 1, "once": 1, "never": 1}),
    ],
)
def test_a_test_is_run_again_only_when_the_machine_stood_still(
    pytester: pytest.Pytester, stat: Path, why, failed, runs
):
    pytester.makepyfile(TESTS)
    result = pytester.inline_run(plugins=[Again(Said(why, stat), pytester.path)])
    assert {name: len((pytester.path / name).read_text("ascii")) for name in runs} == runs
    reports = result.getreports("pytest_runtest_logreport")
    assert {one.nodeid.partition("::")[2] for one in reports if one.failed} == failed
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_what_was_run_again_is_told_at_the_end_with_its_reason_and_its_traceback(
    pytester: pytest.Pytester, stat: Path, capsys: pytest.CaptureFixture[str]
):
    pytester.makepyfile(TESTS)
    machine = Said("its host slept", stat)
    pytester.inline_run(
        "--rerun-show-tracebacks", "-k", "once", plugins=[Again(machine, pytester.path)]
    )
    said = capsys.readouterr().out
    assert "failed while the machine stood still" in said
    assert "test_once: its host slept" in said
    assert "once's reason" in said
    assert "1 passed, " in said
    assert "1 rerun" in said


def test_tests_elsewhere_are_not_run_again(pytester: pytest.Pytester, stat: Path):
    pytester.makepyfile(TESTS)
    machine = Said("its host slept", stat)
    pytester.inline_run("-k", "once", plugins=[Again(machine, pytester.path / "chain")])
    assert (pytester.path / "once").read_text("ascii") == "x"

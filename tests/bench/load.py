"""The load: SIPps in the lab, bounded in calls and in time."""

import csv
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.sides import ANSWERS, CALLER, DOOR, FAILS, Running
from tests.chain.harness.places import Lab, bound

SCENARIOS = Path(__file__).with_name("scenarios")
# What ten calls in a row meet at the first carrier: 503 with cause 34 (go on), 480 with cause 34 (go
# on, because of the cause or, when nobody reads it, because it did not ring), 486 (stop).
MIX = "0101010102"
NUMBER = "441632960"
# SIP messages that the edge gets and sends: a call that goes on to the second carrier, one that stops.
MESSAGES = {"on": 16, "stop": 7}
_TALKS = 20  # ms


def messages(calls: int) -> int:
    """Return how many SIP messages pass the edge in so many calls."""
    stops = MIX.count("2") / len(MIX)
    return round(calls * (stops * MESSAGES["stop"] + (1 - stops) * MESSAGES["on"]))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to. seconds: from its first call to the end of its last."""

    calls: int
    failed: int
    retransmissions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Common:
    """What the three SIPps of a load share: whom they talk to, for how long (s), on which CPUs."""

    one: Running
    limit: int
    pin: str


class Load:
    """Calls from the lab to a side, whose carriers sit there too."""

    def __init__(self, lab: Lab, folder: Path, prefix: str) -> None:
        self._lab = lab
        self._folder = folder
        self._prefix = prefix
        for file in SCENARIOS.glob("*.xml"):
            shutil.copy(file, folder)
        numbers = "".join(f"{NUMBER}{digit};\n" for digit in MIX)
        (folder / "numbers.csv").write_text(f"SEQUENTIAL\n{numbers}", "utf-8")

    def play(
        self, one: Running, calls: int, rate: int, *, at_once: int = 4000, pin: str = ""
    ) -> Loaded:
        """Place so many calls, `rate` a second and never more than `at_once` at the same time.

        pin: the CPUs that SIPp may use. Raises RuntimeError when it did not end as it should.
        """
        stops = MIX.count("2") * calls // len(MIX)
        limit = max(30, 3 * calls // rate)
        common = _Common(one, limit, pin)
        carriers = [
            self._start(common, "fails", FAILS, calls),
            self._start(common, "answers", ANSWERS, calls - stops),
        ]
        try:
            bound(self._lab, [(f"{self._prefix}.{last}", 5060) for last in (FAILS, ANSWERS)])
            caller = self._start(
                common, "caller", CALLER, calls,
                "-inf", self._lab.there(self._folder / "numbers.csv"), "-r", str(rate),
                "-l", str(at_once), "-d", str(_TALKS),
                "-trace_stat", "-stf", self._lab.there(self._stats), "-fd", "1",
            )  # fmt: skip
            for process in (caller, *carriers):
                if process.wait(timeout=limit + 20) not in {0, 1}:
                    raise RuntimeError(
                        f"a SIPp ended with {process.returncode}; see {self._folder}"
                    )
        finally:
            if any(process.poll() is None for process in carriers):
                self._lab.clear()
        return loaded(self._stats.read_text("utf-8"))

    @property
    def _stats(self) -> Path:
        return self._folder / "caller.csv"

    def _start(
        self, common: "_Common", name: str, last: str, calls: int, *more: str
    ) -> "subprocess.Popen[bytes]":
        there = self._lab.there
        errors = there(self._folder / f"{name}.errors.log")
        argv = ["sipp", f"{common.one.host}:{DOOR}", "-sf", there(self._folder / f"{name}.xml"),
                "-nostdin", "-m", str(calls), "-timeout", f"{common.limit}s", "-timeout_error",
                "-recv_timeout", "20000", "-i", f"{self._prefix}.{last}", "-p", "5060",
                "-bind_local", "-trace_err", "-error_file", errors, *more]  # fmt: skip
        if common.pin:
            argv = ["taskset", "-c", common.pin, *argv]
        with (self._folder / f"{name}.screen.log").open("wb") as screen:
            return subprocess.Popen(
                self._lab.command(argv), stdin=subprocess.DEVNULL, stdout=screen, stderr=screen
            )


def loaded(stats: str) -> Loaded:
    """Read the last line of SIPp's statistics."""
    last = list(csv.DictReader(stats.splitlines(), delimiter=";"))[-1]
    # Each time is `date TAB time TAB seconds since 1970`; SIPp's own ElapsedTime has whole seconds.
    began, ended = (float(last[name].split("\t")[2]) for name in ("StartTime", "CurrentTime"))
    return Loaded(
        calls=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        seconds=ended - began,
    )

"""The load: SIPps in the lab, bounded in calls and in time."""

import csv
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

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
_LONGEST = 3_600  # s that the carriers stay, whatever becomes of us


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


class Load:
    """Calls from the lab to a side, whose carriers sit there too. The carriers answer whoever calls,
    from `with` on.
    """

    def __init__(self, lab: Lab, folder: Path, prefix: str) -> None:
        self._lab = lab
        self._folder = folder
        self._prefix = prefix
        self._carriers: list[subprocess.Popen[bytes]] = []
        for file in SCENARIOS.glob("*.xml"):
            shutil.copy(file, folder)
        numbers = "".join(f"{NUMBER}{digit};\n" for digit in MIX)
        (folder / "numbers.csv").write_text(f"SEQUENTIAL\n{numbers}", "utf-8")

    def __enter__(self) -> Self:
        carriers = {"fails": FAILS, "answers": ANSWERS}
        self._carriers = [self._sipp(name, last, "", _LONGEST) for name, last in carriers.items()]
        bound(self._lab, [(f"{self._prefix}.{last}", 5060) for last in carriers.values()])
        return self

    def __exit__(self, *_: object) -> None:
        self._lab.clear()
        for process in self._carriers:
            process.wait(timeout=20)

    def play(
        self, one: Running, calls: int, rate: int, *, at_once: int = 4000, pin: str = ""
    ) -> Loaded:
        """Place so many calls, `rate` a second and never more than `at_once` at the same time.

        pin: the CPUs that the caller may use. Raises RuntimeError when it did not end as it should.
        """
        limit = max(30, 3 * calls // rate)
        caller = self._sipp(
            "caller", CALLER, pin, limit, f"{one.host}:{DOOR}", "-m", str(calls),
            "-inf", self._lab.there(self._folder / "numbers.csv"), "-r", str(rate),
            "-l", str(at_once), "-d", str(_TALKS),
            "-trace_stat", "-stf", self._lab.there(self._stats), "-fd", "1",
        )  # fmt: skip
        try:
            code = caller.wait(timeout=limit + 20)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"the caller did not end in {limit} s; see {self._folder}") from None
        if code not in {0, 1}:  # 1: some calls failed, which the statistics tell
            raise RuntimeError(f"the caller ended with {code}; see {self._folder}")
        return loaded(self._stats.read_text("utf-8"))

    @property
    def _stats(self) -> Path:
        return self._folder / "caller.csv"

    def _sipp(
        self, name: str, last: str, pin: str, limit: int, *more: str
    ) -> "subprocess.Popen[bytes]":
        there = self._lab.there
        errors = there(self._folder / f"{name}.errors.log")
        argv = ["sipp", *more, "-sf", there(self._folder / f"{name}.xml"), "-nostdin",
                "-timeout", f"{limit}s", "-timeout_error", "-recv_timeout", "20000",
                "-i", f"{self._prefix}.{last}", "-p", "5060", "-bind_local",
                "-trace_err", "-error_file", errors]  # fmt: skip
        if pin:
            argv = ["taskset", "-c", pin, *argv]
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

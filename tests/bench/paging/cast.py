"""Who plays in the bench's house: all speakers in one SIPp, and leaders behind a trunk."""

import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.bench.load import SCENARIOS
from tests.bench.paging import site
from tests.bench.paging.house import House
from tests.chain.harness.places import Lab, bound
from tests.chain.harness.stack import until

VOICE = 0x35  # the u-law value that a leader speaks, and nothing else
_PER_SECOND = 100  # devices that register
_MEDIA_PORT = 7000
# The speakers' audio is seen on the wire. Their port is held open, so that no ICMP goes back, and what
# its small buffer does not take costs nobody anything. It ends when its standard input does.
_HOLD = """
import socket, sys
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
held.bind((sys.argv[1], int(sys.argv[2])))
sys.stdin.read()
"""
_LONGEST = 3_600  # s that the speakers stay, whatever becomes of us


class Cast:
    """The speakers, from `with` on; leaders by `leads`."""

    def __init__(self, lab: Lab, house: House, count: int) -> None:
        self._lab = lab
        self._house = house
        self._count = count
        self._playing: list[subprocess.Popen[bytes]] = []
        for name in ("member", "members-register"):
            shutil.copy(SCENARIOS / f"{name}.xml", house.folder)
        (house.folder / "voice.ulaw").write_bytes(bytes([VOICE]) * 8000)

    def __enter__(self) -> Self:
        host = f"{self._house.prefix}.{site.SPEAKERS}"
        self._register()
        speakers = self._sipp("member", site.SPEAKERS, _LONGEST, "-mp", str(_MEDIA_PORT))
        held = subprocess.Popen(
            self._lab.command(["python3", "-c", _HOLD, host, str(_MEDIA_PORT)], stdin=True),
            stdin=subprocess.PIPE,
        )
        self._playing = [speakers, held]
        bound(self._lab, [(host, 5060), (host, _MEDIA_PORT)])
        return self

    def __exit__(self, *_: object) -> None:
        self._lab.clear()
        for process in self._playing:
            process.communicate(timeout=20)

    def _register(self) -> None:
        """Register all speakers."""
        listed, limit = (
            self._lab.there(self._house.folder / "registers.csv"),
            60 + self._count // 10,
        )
        registrar = self._sipp(
            "members-register", site.SPEAKERS, limit, f"{self._house.prefix}.{site.EDGE}:5060",
            "-m", str(self._count), "-r", str(_PER_SECOND), "-l", "50", "-inf", listed,
        )  # fmt: skip
        if code := registrar.wait(timeout=limit + 20):
            folder = self._house.folder
            raise RuntimeError(f"the speakers could not register ({code}); see {folder}")
        until("the registrations", lambda: self._house.registered() >= self._count, 10)

    def leads(self, number: str, talk: int, name: str = "leader", port: int = 5060) -> "Leader":
        """Have a leader dial a number, and speak for so many ms from its answer on."""
        folder, there = self._house.folder, self._lab.there
        process = self._sipp(
            name, site.CALLER, 60, f"{self._house.prefix}.{site.EDGE}:5070", "-m", "1", "-d", str(talk),
            "-key", "number", site.CALLED_AS, "-key", "dialled", number, "-key", "extra",
            "Subject: bench", "-key", "stream", there(folder / "voice.ulaw"),
            "-sf", self._lab.scenario("pbx/calls-and-talks"), port=port,
        )  # fmt: skip
        return Leader(process, folder / f"{name}.errors.log")

    def _sipp(
        self, name: str, last: str, limit: int, *more: str, port: int = 5060
    ) -> "subprocess.Popen[bytes]":
        folder, there = self._house.folder, self._lab.there
        host = f"{self._house.prefix}.{last}"
        argv = ["sipp", *more, "-nostdin", "-timeout", f"{limit}s", "-timeout_error",
                "-recv_timeout", "30000", "-i", host, "-mi", host, "-p", str(port), "-bind_local",
                "-trace_err", "-error_file", there(folder / f"{name}.errors.log")]  # fmt: skip
        if "-sf" not in more:
            argv += ["-sf", there(folder / f"{name}.xml")]
        with (folder / f"{name}.screen.log").open("wb") as screen:
            return subprocess.Popen(
                self._lab.command(argv), stdin=subprocess.DEVNULL, stdout=screen, stderr=screen
            )


class Leader:
    """A leader who speaks."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: Path) -> None:
        self._process = process
        self._errors = errors

    def wait(self) -> None:
        """Wait until he has hung up. Raises RuntimeError when his call went otherwise."""
        code = self._process.wait(timeout=90)
        if code:
            said = self._errors.read_text("utf-8", "replace")[:600] if self._errors.exists() else ""
            raise RuntimeError(f"a leader's call did not go as it should (exit {code}): {said}")

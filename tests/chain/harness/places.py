"""Where SIPp runs: in the lab's container, with the addresses of the whole house, or here, on one
address of this machine, against servers that are somebody's own.
"""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from tests.chain.harness.stack import NotThereError, Stack

SCENARIOS = Path(__file__).resolve().parents[3] / "sipp-scenarios"


class Place(Protocol):
    """A machine that programs run on. Paths come in two spellings: there, and here."""

    artifacts: Path

    def command(self, argv: Sequence[str], *, stdin: bool = False) -> list[str]:
        """Return the command line that runs `argv` there, with our standard input if so told."""
        ...

    def scenario(self, name: str) -> str:
        """Return the path there of a scenario."""
        ...

    def there(self, path: Path) -> str:
        """Return the path there of a file under `artifacts`."""
        ...

    def signal(self, pid: int, name: str) -> None:
        """Send a signal (TERM, KILL) to a process there that is ours."""
        ...


def run(place: Place, *argv: str, timeout: float = 20.0) -> str:
    """Run a program at a place and return its output. Raises RuntimeError with its own words."""
    ended = subprocess.run(
        place.command(argv), capture_output=True, text=True, timeout=timeout, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(argv)[:200]}: {(ended.stderr or ended.stdout).strip()}")
    return ended.stdout


def bound(place: Place, sockets: Sequence[tuple[str, int]], seconds: float = 5.0) -> None:
    """Wait until these UDP sockets are open there. Raises TimeoutError."""
    wanted = " ".join(f"{_hexadecimal(host)}:{port:04X}" for host, port in sockets)
    script = (
        "end=$(($(date +%s) + $1)); shift; "
        'for s in "$@"; do until grep -qs " $s " /proc/net/udp /proc/net/udp6; do '
        '[ "$(date +%s)" -le "$end" ] || { echo "$s"; exit 1; }; sleep 0.02; done; done'
    )
    try:
        run(place, "sh", "-c", script, "sh", str(int(seconds)), *wanted.split())
    except RuntimeError as error:
        names = ", ".join(f"{host}:{port}" for host, port in sockets)
        raise TimeoutError(f"no SIPp listens at one of {names} ({error})") from None


def _hexadecimal(host: str) -> str:
    """Return an address as /proc/net/udp and udp6 write it: words of four bytes, last first."""
    packed = ip_address(host).packed
    words = (packed[n : n + 4] for n in range(0, len(packed), 4))
    return "".join(word[::-1].hex().upper() for word in words)


# The lab has no pkill; nobody but us starts a SIPp in it.
_CLEAR = """
for name in /proc/[0-9]*/comm; do
  [ "$(cat "$name" 2>/dev/null)" = sipp ] || continue
  pid=${name%/comm}; kill -KILL "${pid#/proc/}" 2>/dev/null
done; true
"""


class Lab:
    """The lab's container."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.artifacts = stack.mount("lab", "/artifacts")

    def clear(self) -> None:
        """End the SIPps that somebody left in the lab: a demo's speakers, a test that was killed."""
        run(self, "sh", "-c", _CLEAR)

    def command(self, argv: Sequence[str], *, stdin: bool = False) -> list[str]:
        """Return the command line."""
        return self._stack.command("lab", *argv, stdin=stdin)

    def scenario(self, name: str) -> str:
        """Return the path in the container."""
        return f"/scenarios/{name}.xml"

    def there(self, path: Path) -> str:
        """Return the path in the container."""
        return f"/artifacts/{path.relative_to(self.artifacts)}"

    def signal(self, pid: int, name: str) -> None:
        """Send a signal; a process that has just ended is as good."""
        run(self, "sh", "-c", f"kill -{name} {pid} 2>/dev/null || ! kill -0 {pid} 2>/dev/null")


class Here:
    """This machine, with a SIPp from its PATH."""

    def __init__(self, artifacts: Path) -> None:
        self.artifacts = artifacts
        try:
            said = subprocess.run(
                ["sipp", "-v"], capture_output=True, text=True, check=False, timeout=10
            )
        except FileNotFoundError:
            raise NotThereError(
                "--edge needs SIPp 3.8 on this machine (Debian 14: apt install sip-tester)"
            ) from None
        version = re.search(r"SIPp v([0-9]+)\.([0-9]+)", said.stdout + said.stderr)
        if version is None or (int(version[1]), int(version[2])) < (3, 8):
            got = version[0] if version else "a program that does not tell its version"
            raise NotThereError(f"--edge needs SIPp 3.8 on this machine (rtp_stats), got {got}")

    def command(self, argv: Sequence[str], *, stdin: bool = False) -> list[str]:  # noqa: ARG002
        """Return the command line, as it is."""
        return list(argv)

    def scenario(self, name: str) -> str:
        """Return the path in this checkout."""
        return str(SCENARIOS / f"{name}.xml")

    def there(self, path: Path) -> str:
        """Return the path, as it is."""
        return str(path)

    def signal(self, pid: int, name: str) -> None:
        """Send a signal; a process that has just ended is as good."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.Signals[f"SIG{name}"])

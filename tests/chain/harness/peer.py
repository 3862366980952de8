"""One SIPp: a device, a caller, a carrier or a PBX that plays one scenario."""

import contextlib
import re
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bellhop.addresses import Address, bracketed
from tests.chain.harness.places import SCENARIOS, Place, bound
from tests.chain.harness.stack import until

# SIPp's exit codes (measured, 3.8.0).
_EXITS = {
    0: "every call was as expected",
    1: "a call was not as expected",
    97: "no call came",
    99: "it ended itself",
    253: "the RTP check failed",
    254: "it could not use its port",
    255: "its time ran out, or it could not start",
}
# How long SIPp waits for any single message (ms), and for everything (s): long enough for a machine
# on which a container takes ten seconds to stop.
RECEIVE = 25_000
PATIENCE = 40


class PeerError(AssertionError):
    """A peer saw something else than its scenario expects; the text names it, what it expected and
    what came.
    """


@dataclass(frozen=True, slots=True)
class Who:
    """A peer's place in the house: its name in the site, where it sits, where it sends to."""

    name: str
    role: str
    address: tuple[str, int]
    edge: tuple[str, int]
    keys: Mapping[str, str] = field(default_factory=dict)
    credentials: tuple[str, str] | None = None

    @property
    def socket(self) -> str:
        """Its address as messages have it."""
        return str(Address(*self.address))


@dataclass(slots=True)
class Peer:
    """A SIPp that runs, or has run."""

    who: Who
    scenario: str
    place: Place
    directory: Path
    serial: int
    process: "subprocess.Popen[bytes]"

    @property
    def name(self) -> str:
        """As a failure calls it."""
        return f"{self.who.name} ({self.scenario})"

    def file(self, kind: str) -> Path:
        """Return one of its files: messages, errors, log, screen, pid, csv."""
        return self.directory / f"sipp-{self.serial:02}-{self.who.name}.{kind}.log"

    @property
    def listens(self) -> bool:
        """Whether its scenario begins with a request that it gets."""
        return _first(self.scenario) == "recv"

    def wait(self, seconds: float = PATIENCE + 5.0) -> "Peer":
        """Wait for its end, and raise PeerError unless every call was as its scenario expects."""
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.end()
            raise PeerError(f"{self.name}: SIPp itself did not end within {seconds:g} s") from None
        if code:
            raise PeerError(self.failure(code))
        return self

    def end(self) -> None:
        """End it, whatever it was doing; nothing is concluded from how it ended."""
        if self.process.poll() is None:
            for signal in ("TERM", "KILL"):
                self.place.signal(self._pid(), signal)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(timeout=3)
                if self.process.poll() is not None:
                    return
            raise PeerError(f"{self.name}: SIPp did not end on SIGKILL")

    def _pid(self) -> int:
        """Return its process there, which says its number before it is SIPp."""
        path = self.file("pid")
        return int(until(f"{self.name} to begin", lambda: path.exists() and path.read_text()))

    def failure(self, code: int) -> str:
        """Return what went wrong: expected and got, from SIPp's first complaint."""
        errors = self.file("errors")
        text = errors.read_text("utf-8", "replace") if errors.exists() else ""
        said = (
            complaint(text, self.scenario)
            or _start_trouble(self.file("screen"))
            or "it wrote no error"
        )
        return (
            f"{self.name} at {self.who.socket}: exit {code}: {_EXITS.get(code, 'unknown')}\n"
            f"  {said}\n"
            f"  its files: {self.file('messages').name}, {self.file('errors').name}"
        )

    def logged(self, pattern: str) -> list[dict[str, str]]:
        """Return what its scenario logged (`<log message=…/>`), as named groups of a pattern."""
        path = self.file("log")
        text = path.read_text("utf-8", "replace") if path.exists() else ""
        return [found.groupdict() for found in re.finditer(pattern, text)]

    def rtp_packets(self) -> int:
        """Return how many RTP packets came (scenarios that log it)."""
        counts = self.logged(r"rtp packets=(?P<n>[0-9]*)")
        return sum(int(count["n"] or 0) for count in counts)


def complaint(text: str, scenario: str) -> str:
    """Return the first complaint of a SIPp error log in two lines: expected, got.

    SIPp writes `… while expecting 'Y' (index 6), received 'Z'`, Y being only the first of what may
    come there and Z a whole message, or `… receive timeout on message NAME:6 …`.
    """
    lines = [
        re.sub(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]*: ", "", line)
        for line in text.splitlines()
        if line.strip() and line.strip() != "The following events occurred:"
    ]
    joined = "\n".join(lines)
    if late := re.search(r"receive timeout on message \S+:([0-9]+)", joined):
        return f"expected: {expected(scenario, int(late[1]))}\n  got:      nothing in time"
    found = re.search(
        r"while (?P<doing>\w+)[^\n]*\(index (?P<index>[0-9]+)\)[^\n]*, received '(?P<got>[^\n]*)"
        r"(?P<rest>.*)",
        joined,
        re.DOTALL,
    )
    if found is None:
        return "\n  ".join(lines[:3])
    reason = re.search(r"^Reason: *(.*)$", found["rest"].split("\n'")[0], re.MULTILINE)
    came = found["got"] + (f" (Reason: {reason[1]})" if reason else "")
    return f"expected: {expected(scenario, int(found['index']))}\n  got:      {came}"


def expected(scenario: str, index: int) -> str:
    """Return what may come at a step of a scenario: the optional messages there, and the one that
    must come.
    """
    text = (SCENARIOS / f"{scenario}.xml").read_text("utf-8")
    steps = re.findall(r"<(send|recv|pause|nop)\b([^>]*)>", text)
    if index >= len(steps) or steps[index][0] != "recv":
        return "no message at this step"
    may = []
    for step, attributes in steps[index:]:
        what = re.search(r'(?:request|response)="([^"]*)"', attributes)
        if step != "recv" or what is None:
            break
        may.append(what[1])
        if 'optional="true"' not in attributes:
            break
    return " or ".join(may)


def _start_trouble(screen: Path) -> str:
    text = screen.read_text("utf-8", "replace") if screen.exists() else ""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n  ".join(lines[-3:])


def _first(scenario: str) -> str:
    found = re.search(r"<(send|recv)\b", (SCENARIOS / f"{scenario}.xml").read_text("utf-8"))
    return found[1] if found else ""


def start(
    who: Who,
    scenario: str,
    place: Place,
    directory: Path,
    serial: int,
    *,
    calls: int = 1,
    pause: int | None = None,
    receive: int = RECEIVE,
    options: tuple[str, ...] = (),
    keys: Mapping[str, str],
) -> Peer:
    """Start a SIPp; one that listens has its port open when this returns.

    `pause` is SIPp's -d (ms); `receive` how long it waits for any one message (ms); `keys` are the
    scenario's, on top of the peer's own.
    """
    peer = Peer(who, scenario, place, directory, serial, process=None)  # type: ignore[arg-type]
    values = {"extra": "Subject: chain", "reason": "Server: lab", "expires": "600", "name": ""}
    values |= {
        "contact_host": bracketed(who.address[0]),
        "contact_port": str(who.address[1]),
        **who.keys,
        **keys,
    }
    user, password = who.credentials or ("", "")
    argv = [
        "sipp", str(Address(*who.edge)), "-sf", place.scenario(scenario),
        "-nostdin", "-m", str(calls), "-timeout", f"{PATIENCE}s", "-timeout_error",
        "-recv_timeout", str(receive), "-i", who.address[0], "-p", str(who.address[1]),
        "-bind_local", "-mi", who.address[0], "-rfc3339",
        # By itself SIPp makes it from its process id and address, and both come again: in a long
        # run all 32768 ids do, and each run has the low ones (unique for ever: RFC 3261 §8.1.1.4).
        "-cid_str", f"%u-%p-{secrets.token_hex(8)}@%s",
        "-trace_err", "-error_file", place.there(peer.file("errors")),
        "-trace_msg", "-message_file", place.there(peer.file("messages")),
        "-trace_logs", "-log_file", place.there(peer.file("log")),
        "-trace_stat", "-stf", place.there(peer.file("csv")), "-fd", "1",
        *(("-au", user, "-ap", password) if who.credentials else ()),
        *(("-d", str(pause)) if pause is not None else ()),
        *(part for key, value in values.items() for part in ("-key", key, value)),
        *options,
    ]  # fmt: skip
    with peer.file("screen").open("wb") as screen:
        peer.process = subprocess.Popen(
            place.command(
                ["sh", "-c", 'echo $$ >"$0"; exec "$@"', place.there(peer.file("pid")), *argv]
            ),
            stdin=subprocess.DEVNULL,
            stdout=screen,
            stderr=screen,
        )
    if peer.listens:
        try:
            bound(place, [who.address])
        except TimeoutError:
            code = peer.process.poll()
            peer.end()
            raise PeerError(
                f"{peer.name}: SIPp did not come to listen at {who.socket} (exit {code}):"
                f" {_start_trouble(peer.file('screen'))}"
            ) from None
    return peer

"""One call's AGI session: pyst2's vocabulary over a socket, made safe. The only user of pyst2.

pyst2 0.5.1 was written for a process on standard input: it installs a signal handler (which raises
in a thread), dumps every variable to stderr, quotes without escaping (so a caller's name could end
its line and begin a command: measured, `EXEC System` ran), and takes an end of file for a number.
So its constructor, its quoting and its line handling are replaced; the commands are its own.
"""

import math
import re
import time
from collections.abc import Mapping
from typing import BinaryIO, Protocol

from asterisk.agi import AGI

_LONGEST_LINE = 8_000  # Asterisk's buffer is 8192
# Values that MSet takes as they are: no separators, quotes or parentheses, which it reads.
_PLAIN = re.compile(r"[A-Za-z0-9_.:+-]*", re.ASCII)


class Gone(Exception):  # noqa: N818 - it says what the caller is
    """The caller hung up, or Asterisk closed the session, or it did not answer in time."""


class Refused(Exception):  # noqa: N818
    """Asterisk would not do the command; `args[0]` is its answer."""


class Writer(Protocol):
    """Where commands go. Each raises OSError."""

    def write(self, data: bytes, /) -> object:
        """Send it."""

    def flush(self) -> object:
        """Have it on its way."""

    def end(self) -> object:
        """Say that nothing more comes."""


class Channel(AGI):  # type: ignore[misc]
    """The channel that runs the AGI application.

    env: what Asterisk said at the start (agi_channel, agi_uniqueid, …), keys without `agi_`.
    reads and writes go to one socket; a time limit on it bounds each. end: until when the dialplan
    waits for what is asked of us, on the monotonic clock.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        reader: BinaryIO,
        writer: Writer,
        end: float = math.inf,
    ) -> None:
        # Not pyst2's own constructor: see above.
        self.env = dict(env)
        self._end = end
        self._got_sighup = False
        self._reader = reader
        self._writer = writer
        self._parting = False

    def left(self) -> float:
        """Return the seconds that are left for the whole request; none are left below 0."""
        return self._end - time.monotonic()

    def given(self, place: int, name: str) -> str:
        """Return the AGI's argument at this place, from 1 on; where the dialplan has passed none,
        the variable. Raises Gone.
        """
        passed = self.env.get(f"arg_{place}")
        return self.variable(name) if passed is None else passed

    def variable(self, name: str) -> str:
        """Return a channel variable; "" when it has none. Raises Gone."""
        return str(self.get_variable(name))

    def put(self, name: str, value: str) -> None:
        """Set a channel variable. Raises Gone, and ValueError for what no line may hold."""
        self.set_variable(name, value)

    def tell(self, values: Mapping[str, str]) -> None:
        """Set channel variables in this order, in one exchange. Raises Gone, Refused, and
        ValueError for a value that Asterisk may read as another.
        """
        if bad := [name for name, value in values.items() if not _PLAIN.fullmatch(value)]:
            raise ValueError(f"MSet would not take {', '.join(bad)} as it is")
        pairs = ",".join(f"{name}={value}" for name, value in values.items())
        done, _ = self.execute("EXEC", "MSet", self._quote(pairs))["result"]
        if done != "0":  # -2: no such application
            raise Refused(f"MSet: {done}")

    def part(self, values: Mapping[str, str]) -> None:
        """Tell the channel these as the last of all: Asterisk goes on as soon as it has them, and
        waits for nothing that we do afterwards. Raises what `tell` does.
        """
        self._parting = True
        self.tell(values)

    def _quote(self, string: object) -> str:
        text = str(string)
        if any(c < " " or c == "\x7f" for c in text):
            raise ValueError("an AGI argument must not have control characters in it")
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def send_command(self, command: str, *args: object) -> None:
        """Send one line; the arguments have been quoted."""
        line = " ".join([command, *map(str, args)])
        if "\n" in line or "\r" in line or "\0" in line:
            raise ValueError("an AGI command must be one line")
        encoded = line.encode()
        if len(encoded) > _LONGEST_LINE:
            raise ValueError(f"an AGI line of {len(encoded)} bytes is too long")
        try:
            self._writer.write(encoded + b"\n")
            self._writer.flush()
            if self._parting:
                self._writer.end()
        except OSError as error:
            raise Gone(str(error)) from None

    def get_result(self, *_unused: object) -> dict[str, tuple[str, str]]:
        """Read the answer to a command: {"result": (value, data)}."""
        line = self._line()
        while line.startswith("100"):  # "Trying": the answer comes later
            line = self._line()
        if line == "HANGUP" or line.startswith("511"):  # the channel is dead
            raise Gone(line)
        code, _, rest = line.partition(" ")
        if code == "520-Invalid":
            # The usage follows, up to a line that begins with 520 too.
            while not self._line().startswith("520 "):
                pass
        if code != "200" or not rest.startswith("result="):
            raise Refused(line)
        value, _, data = rest.removeprefix("result=").partition(" ")
        if value == "-1":
            raise Gone(line)
        return {"result": (value, data.removeprefix("(").removesuffix(")"))}

    def _line(self) -> str:
        try:
            line = self._reader.readline(_LONGEST_LINE + 1)
        except OSError as error:  # a time limit of the socket is one
            raise Gone(str(error)) from None
        if not line.endswith(b"\n"):
            raise Gone("the session ended in the middle of a line" if line else "end of session")
        return line.decode("utf-8", "replace").strip()

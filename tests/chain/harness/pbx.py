"""Asterisk's own state, by its command line."""

import re

from tests.chain.harness.stack import Stack, until


class Pbx:
    """Questions to the pbx's container."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def command(self, text: str) -> str:
        """Run one command of Asterisk's command line."""
        return self._stack.execute("pbx", "asterisk", "-rx", text)

    def channels(self) -> list[str]:
        """Return the names of all channels."""
        lines = self.command("core show channels concise").splitlines()
        return [line.split("!")[0] for line in lines if "!" in line]

    def rooms(self) -> list[str]:
        """Return the names of the conference rooms that exist."""
        lines = self.command("confbridge list").splitlines()
        found = (re.match(r"(\S+)\s+[0-9]+\s+[0-9]+", line) for line in lines)
        return [match[1] for match in found if match]

    def hang_up(self) -> None:
        """End every call that is left."""
        self.command("channel request hangup all")

    def settled(self, seconds: float = 8.0) -> None:
        """Wait until there is no channel and no room. Raises TimeoutError: a call was left behind."""
        until("Asterisk's channels to end", lambda: not self.channels(), seconds)
        until("Asterisk's rooms to end", lambda: not self.rooms(), seconds)

"""panoramisk's connection to AMI, with what it does on its own taken away: the only user of it.

What panoramisk 1.4 does, measured: it replays what was sent while the connection was down (a page
spoken minutes late), never looks at a ping's answer, and connects again by itself. None of it is
left here; `ami.manager` does what is wanted instead.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Self

import panoramisk
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from ami.events import Event
from bellhop.addresses import Address

_log = logging.getLogger("bellhop.ami")

_CONNECT_PATIENCE = 2.0  # seconds


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """The library's protocol, for answers. Events that answer nothing are read here: a page of 500
    makes thousands, while Asterisk wants the same CPUs, and of each it makes two dictionaries that
    know no case (measured: four times the work).
    """

    _rest = b""

    def data_received(self, data: bytes) -> None:
        """Take what has come, which may end anywhere."""
        *blocks, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for block in blocks:
            # No blank is taken off: a last field with nothing in it is one all the same.
            text = block.decode("utf-8", "replace").strip("\r\n")
            if _is_news(text):
                self.factory.config["heard"](_fields(text))
            else:
                message = Message.from_line(text)
                if message is not None:
                    self.handle_message(message)


def _is_news(text: str) -> bool:
    """Whether it is an event that answers no action. The library knows what a shutdown means."""
    return text.startswith("Event: ") and not (
        "\r\nActionID: " in text or text.startswith("Event: Shutdown")
    )


def _fields(text: str) -> dict[str, str]:
    """Return an event's fields. The first of a name counts: Asterisk's own come first, and behind
    them is what a UserEvent of somebody's dialplan makes of a caller's name: with a comma and
    another event in it, that was one (measured, 22.10: a page ended by it).
    """
    found = (line.partition(": ") for line in reversed(text.split("\r\n")))
    return {name: value for name, colon, value in found if colon}


class Library(panoramisk.Manager):  # type: ignore[misc]
    """One connection."""

    @classmethod
    async def connected(
        cls, address: Address, heard: Callable[[Event], None], lost: Callable[[object], None]
    ) -> Self:
        """Connect. heard: takes each event that answers nothing; lost: is told that the connection
        is. Raises OSError.
        """
        loop = asyncio.get_running_loop()
        library = cls(
            loop=loop,
            host=address.host,
            port=address.port,
            events="on",
            ping_delay=3600,
            ping_interval=3600,
            protocol_factory=_Protocol,
            lost=lost,
            heard=heard,
        )
        async with asyncio.timeout(_CONNECT_PATIENCE):
            made = await loop.create_connection(_Protocol, address.host, address.port)
        done: asyncio.Future[Any] = loop.create_future()
        done.set_result(made)
        library.connection_made(done)
        return library

    async def send_awaiting_actions(self, *_: object) -> None:
        """Drop what waited: what is late is not sent."""
        if self.awaiting_actions:
            _log.warning("ami=dropped actions=%d", len(self.awaiting_actions))
            self.awaiting_actions.clear()

    def connection_lost(self, exc: object) -> None:
        """Tell the owner; he reconnects."""
        self._connected = False
        self.close()
        self.config["lost"](exc)

    def ping(self) -> None:
        """Do nothing: the owner pings, and looks at the answer."""

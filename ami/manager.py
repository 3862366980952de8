"""Asterisk's manager interface, made safe.

The library lets CR and LF through into an action's text (a second action), logs in again and again
with a wrong password, and its futures wait for ever when the connection goes (panoramisk 1.4,
measured). So every value is checked, nothing is sent while the connection is down, every action has
a deadline, and a wrong password ends the program.
"""

import asyncio
import contextlib
import logging
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ami.events import Event
from ami.library import Library
from bellhop.addresses import Address

_log = logging.getLogger("bellhop.ami")

# What the pager's AMI user is for; anything else is a defect, or somebody's doing.
ALLOWED = frozenset(
    {
        "Login",
        "Ping",
        "Originate",
        "Redirect",
        "Hangup",
        "Getvar",
        "Setvar",
        "UserEvent",
        "CoreShowChannels",
        "ConfbridgeList",
        "ConfbridgeMute",
        "ConfbridgeUnmute",
    }
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_LINE = 1_000  # Asterisk's buffer is 1025 with the line's end (main/manager.c)
_PING_EVERY, _PING_PATIENCE = 10.0, 5.0
_GONE = 2  # connections that nobody takes
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0  # Asterisk is near, and back within seconds

Value = str | Sequence[str]


class NotConnected(Exception):  # noqa: N818
    """AMI is down, or went down, or did not answer in time: the action was not, or may not have
    been, carried out, and is not sent again.
    """


class BadSecret(Exception):  # noqa: N818
    """Asterisk does not take our user and secret."""


def check(name: str, value: str) -> str:
    """Return the value if it may stand in an action's line; ValueError if not."""
    if _CONTROL.search(value):
        raise ValueError(f"AMI: {name} must not have control characters in it")
    if len(f"{name}: {value}".encode()) > _LONGEST_LINE:
        raise ValueError(f"AMI: {name} is longer than a line may be")
    return value


class Manager:
    """A connection to AMI that comes back. Events go to `on_event`, in the running loop; on_gone:
    Asterisk closed the connection, and nobody takes another: it is not merely out of sight.
    """

    def __init__(self, address: Address, user: str, secret: str) -> None:
        self._address = address
        self._user = user
        self._secret = secret
        self._library: Library | None = None
        self._lost = asyncio.Event()
        self._up = asyncio.Event()
        self._unanswered: dict[asyncio.Future[Any], str] = {}
        self.on_event: Callable[[Event], None] = lambda _event: None
        self.on_up: Callable[[], None] = lambda: None
        self.on_down: Callable[[], None] = lambda: None
        self.on_gone: Callable[[], None] = lambda: None

    @property
    def up(self) -> bool:
        """Whether actions can be sent now."""
        return self._up.is_set()

    async def wait_up(self) -> None:
        """Wait until actions can be sent."""
        await self._up.wait()

    async def run(self) -> None:
        """Keep the connection until cancelled. Raises BadSecret."""
        pause = _SHORTEST_PAUSE
        closed, refused = False, 0
        while True:
            try:
                await self._connect()
            except (OSError, NotConnected) as error:
                refused += isinstance(error, OSError)
                if closed and refused == _GONE:
                    self.on_gone()
                why = str(error) or type(error).__name__  # a timeout has no words
                _log.warning("ami=down address=%s why=%s next=%.1fs", self._address, why, pause)
                # Jitter: two pagers that lost the same Asterisk do not come back in step.
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause, refused = _SHORTEST_PAUSE, 0
            _log.info("ami=up address=%s", self._address)
            self._up.set()
            self.on_up()
            try:
                await self._watch()
            finally:
                closed = self._lost.is_set()
                self._up.clear()
                self._close()
                _log.warning("ami=lost address=%s", self._address)
                self.on_down()

    async def send(
        self, action: str, fields: Mapping[str, Value], patience: float = 5.0
    ) -> list[Event]:
        """Send an action; returns its response and the events that belong to it. Raises ValueError
        for what may not be sent, NotConnected when it was not carried out or nobody knows.
        """
        if action not in ALLOWED:
            raise ValueError(f"AMI: {action} is not one of the pager's actions")
        checked: dict[str, Value] = {"Action": action}
        for name, value in fields.items():
            if isinstance(value, str):
                checked[name] = check(name, value)
            else:
                checked[name] = [check(name, one) for one in value]
        if self._library is None or (action != "Login" and not self.up):
            raise NotConnected(f"{action}: AMI is down")
        return await self._answer(self._library.send_action(checked), action, patience)

    async def _answer(
        self, future: "asyncio.Future[Any]", action: str, patience: float
    ) -> list[Event]:
        self._unanswered[future] = action
        try:
            async with asyncio.timeout(patience):
                answer = await future
        except TimeoutError:
            raise NotConnected(f"{action}: no answer in {patience} s") from None
        finally:
            del self._unanswered[future]
        return list(answer) if isinstance(answer, list) else [answer]

    def _went_down(self, _why: object) -> None:
        """Tell whoever waits for an answer that none comes."""
        self._lost.set()
        for future, action in self._unanswered.items():
            if not future.done():
                future.set_exception(NotConnected(f"{action}: AMI went down"))

    async def _connect(self) -> None:
        self._lost.clear()
        self._library = await Library.connected(self._address, self._hear, self._went_down)
        login = {"Username": self._user, "Secret": self._secret, "Events": "call,user,system"}
        try:
            answer = await self.send("Login", login)
        except BaseException:
            self._close()  # what is left there ends some time, and would end the next one
            raise
        if not getattr(answer[0], "success", False):
            self._close()
            said = answer[0].get("Message", "")
            # Anything else passes: "Login Already In Use", our own old session, half-open, that
            # Asterisk has yet to miss; "Asterisk is shutting down", which it says until it has.
            if "authentication failed" not in said.casefold():
                raise NotConnected(f"Login: {said}")
            raise BadSecret(
                f"Asterisk at {self._address} does not take AMI user {self._user!r} with the "
                "secret of pager.ami_secret_file, or does not permit this address"
            )

    def _hear(self, event: Event) -> None:
        try:
            self.on_event(event)
        except Exception:  # noqa: BLE001 - asyncio would close the connection, and with it all pages
            _log.exception("ami=event-failed event=%s", event.get("Event"))

    async def _watch(self) -> None:
        """Ping until the connection goes, or no answer comes: a half-open link is no link."""
        while not self._lost.is_set():
            try:
                await self.send("Ping", {}, _PING_PATIENCE)
            except NotConnected:
                return
            # Not wait_for(): on Python 3.11 it swallows a cancellation that comes with the event:
            # a pager that was stopped together with Asterisk never ended.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PING_EVERY):
                    await self._lost.wait()

    def _close(self) -> None:
        if self._library is not None:
            self._library.close()
            self._library = None

"""The pager's local socket: who may write to its file may page, and see how zones are.

One line of JSON is a question, one line the answer: {"result": …} or {"error": "…"}.
"""

import asyncio
import base64
import binascii
import contextlib
import json
import logging
import os
import select
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from bellhop import control
from bellhop.features import NotDone
from bellhop.pages import Unavailable
from bellhop.places import DISK
from bellhop.settings import SiteError
from pager.announcements import Announcements, CannotSay
from pager.programs import NotMade, Programs
from pager.takeouts import Keeper

_log = logging.getLogger("bellhop.pager")

_PATIENCE = 5.0  # seconds for a client to say what it wants
_LOOK_EVERY = 0.2  # seconds, whether he who waits for a phone still does
_CLIENTS = 20


class Control:
    """Answers questions on a Unix socket. zones: says how the zones' members are;
    takeouts: who is out of them; stop: ends the pages of one.
    """

    def __init__(
        self,
        path: Path,
        programs: Programs,
        announcements: Announcements,
        *,
        zones: Callable[[], Awaitable[list[dict[str, Any]]]],
        takeouts: Keeper,
        stop: Callable[[str, str], None],
    ) -> None:
        self._path = path
        self._programs = programs
        self._announcements = announcements
        self._zones = zones
        self._takeouts = takeouts
        self._stop = stop
        self._places = asyncio.Semaphore(_CLIENTS)
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Listen. Raises SiteError when there can be no socket, but not for its disk: who dials a
        page needs none.
        """
        old = os.umask(0o117)  # owner and group, from its first moment on
        try:
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(
                self._serve, self._path, limit=control.LONGEST_LINE
            )
        except OSError as error:
            said = f"{self._path}: {error.strerror or error}"
            if error.errno not in DISK:
                raise SiteError((said,)) from None
            _log.error("control=none why=%s", said)
        finally:
            os.umask(old)

    async def close(self) -> None:
        """Listen no more; what is being done is given up while AMI is there: a phone that rings to
        page would ring on.
        """
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(OSError):  # a disk that has become read-only
                self._path.unlink(missing_ok=True)
        for one in self._serving:
            one.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer: dict[str, Any]
        if task := asyncio.current_task():
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            if self._places.locked():
                raise NotMade("too many ask at once")  # noqa: TRY301 - one way to answer
            async with self._places:
                answer = {"result": await self._do(await _question(reader), writer)}
        except (NotMade, CannotSay, NotDone, Unavailable) as error:
            answer = {"error": str(error)}
        except asyncio.CancelledError:
            answer = {"error": "the pager is being stopped"}
        except Exception:  # noqa: BLE001 - one question's defect is not another's
            _log.exception("control=error")
            answer = {"error": "a defect of the pager's own: its log has it"}
        try:
            writer.write(json.dumps(answer).encode() + b"\n")
            async with asyncio.timeout(_PATIENCE):
                await writer.drain()
        except (OSError, TimeoutError) as error:
            _log.info("control=gone why=%s", error)
        finally:
            writer.close()

    async def _do(self, question: Any, writer: asyncio.StreamWriter) -> Any:
        _waits(writer)
        who = _who(writer)
        match question:
            case {"do": "zones"}:
                return await self._zones()
            case {"do": "out", "device": str(device), "zone": str(zone)}:
                await asyncio.to_thread(self._takeouts.out, device, zone, who)
                return {}
            case {"do": "in", "device": str(device), "zone": str(zone)}:
                await asyncio.to_thread(self._takeouts.back, device, zone, who)
                return {}
            case {"do": "stop", "zone": str(zone)}:
                self._stop(zone, who)
                return {}
            case {"do": "page", "zone": str(zone), "from": str(phone)}:
                return {"page": await _waited_for(self._programs.ring(zone, phone), writer)}
            case {"do": "page", "zone": str(zone), "say": str(text)}:
                sound = await self._announcements.spoken(text)
            case {"do": "page", "zone": str(zone), "sound": str(encoded)}:
                try:
                    data = base64.b64decode(encoded, validate=True)
                except binascii.Error:
                    raise CannotSay("the sound is not base64") from None
                sound = await self._announcements.kept(data)
            case _:
                raise NotMade("expected a question that the pager knows")
        _waits(writer)
        return {"page": await self._programs.speak(zone, who, sound)}


async def _question(reader: asyncio.StreamReader) -> Any:
    """Read what is asked. Raises NotMade when it is no line of JSON, or does not come."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return json.loads(await reader.readline())
    except (ValueError, RecursionError, OSError) as error:
        raise NotMade(f"that is no question: {type(error).__name__}") from None


def _waits(writer: asyncio.StreamWriter) -> None:
    """Raise NotMade when whoever asked waits no more: he was told that nothing has been done, and a
    pager that stood still finds his question when it goes on.
    """
    gone = writer.is_closing()
    if not gone:
        poll = select.poll()
        poll.register(writer.get_extra_info("socket").fileno(), 0)
        gone = bool(poll.poll(0))  # nothing but POLLHUP and POLLERR; who has but said all is there
    if gone:
        _log.warning("control=not-done why=who-asked-has-gone")
        raise NotMade("who asked has gone")


async def _waited_for(work: Coroutine[Any, Any, str], writer: asyncio.StreamWriter) -> str:
    """Return what comes of it. Raises NotMade when whoever asked waits no more: it is given up."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_EVERY))[0]:
            _waits(writer)
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


def _who(writer: asyncio.StreamWriter) -> str:
    """Return who asks, as the kernel knows him."""
    peer = writer.get_extra_info("socket")
    said = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", said)
    return f"program:{uid}"

"""What is played instead of a leader: a sound file, or a text that the site's command speaks.

The files are in a folder that Asterisk reads too (`pager.sounds`), each with a name of its own;
those of yesterday are removed.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import time
from dataclasses import replace
from pathlib import Path

from bellhop import sounds
from bellhop.pagers import Pager
from bellhop.schedules import sayable
from bellhop.settings import Site

_log = logging.getLogger("bellhop.pager")

_PATIENCE = 20.0  # seconds for the command
_KEPT = 86_400  # seconds
_AT_ONCE = 2


class CannotSay(Exception):  # noqa: N818
    """There is no such announcement; its text says why."""


class Announcements:
    """Makes files for Asterisk to play."""

    def __init__(self, pager: Pager, state: Path) -> None:
        self._command = pager.say_command
        self._folder = Path(pager.sounds) if pager.sounds else state / "sounds"
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def spoken(self, text: str) -> Path:
        """Have a text spoken; return the file without its suffix. Raises CannotSay."""
        try:
            sayable(text)
        except ValueError as error:
            raise CannotSay(str(error)) from None
        if not self._command:
            raise CannotSay("the site has no pager.say_command")
        async with self._turn:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CannotSay(f"{self._folder}: {error.strerror or error}") from None
            made = self._folder / f"said-{secrets.token_hex(8)}.wav"
            try:
                await self._run([made if p == "{file}" else text if p == "{text}" else p
                                 for p in self._command])  # fmt: skip
                data = await asyncio.to_thread(made.read_bytes) if made.exists() else b""
            except OSError as error:
                raise CannotSay(f"say_command: {error.strerror or error}") from None
            finally:
                made.unlink(missing_ok=True)
        if not data:
            raise CannotSay("say_command wrote nothing to {file}")
        try:
            return await self.kept(data)
        except CannotSay as error:
            raise CannotSay(f"what say_command wrote: {error}") from None

    async def _run(self, argv: "list[str | Path]") -> None:
        """Run the site's command: no shell, nothing on its standard input, a time limit."""
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                code = await process.wait()
        except TimeoutError:
            raise CannotSay(f"say_command took more than {_PATIENCE:g} s") from None
        finally:
            if process.returncode is None:
                # With whatever it has started: a script's own commands would go on without it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code:
            raise CannotSay(f"say_command ended with {code}")

    async def kept(self, data: bytes) -> Path:
        """Keep a WAV file for Asterisk; return it without its suffix. Raises CannotSay."""
        try:
            sound = await asyncio.to_thread(sounds.converted, data)
            return await asyncio.to_thread(self._write, sound)
        except ValueError as error:
            raise CannotSay(str(error)) from None
        except OSError as error:
            raise CannotSay(f"{self._folder}: {error.strerror or error}") from None

    def chimes(self, site: Site) -> Site:
        """Return the site with each chime file as Asterisk can play it; a zone whose file cannot be
        used has the beep. It blocks: to be called at the start.
        """
        zones = {}
        for number, zone in site.zones.items():
            if zone.chime in {"none", "beep"}:
                zones[number] = zone
                continue
            try:
                sound = sounds.chime(site.file(zone.chime).read_bytes())
                self._folder.mkdir(parents=True, exist_ok=True)
                path = self._folder / f"chime-{number}.wav"
                part = path.with_suffix(".part")  # the old one may be playing
                part.write_bytes(sound)
                part.chmod(0o640)
                part.replace(path)
            except (OSError, ValueError) as error:
                _log.error("zone=%s chime=beep why=%s", number, error)
                zones[number] = replace(zone, chime="beep")
            else:
                zones[number] = replace(zone, chime=str(path.with_suffix("")))
        return replace(site, zones=zones)

    def _write(self, sound: bytes) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        yesterday = time.time() - _KEPT
        for old in self._folder.glob("page-*.wav"):
            with contextlib.suppress(OSError):  # bells of one second tidy up together
                if old.stat().st_mtime < yesterday:
                    old.unlink()
        path = self._folder / f"page-{secrets.token_hex(8)}.wav"
        try:
            path.write_bytes(sound)
        except OSError:
            path.unlink(missing_ok=True)  # a part of it would keep a full disk full
            raise
        path.chmod(0o640)
        return path.with_suffix("")

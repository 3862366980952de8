"""Rings the bells of the schedules: at their time, or not at all, and then it is reported.

A bell is missed when the pager did not run, stood still, or could not make the page; none is rung
later. Up to when bells have been seen to stands in a file of the state folder, so that those of
the time in which nobody looked are known.
"""

import asyncio
import contextlib
import logging
import math
import secrets
import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from ami.tasks import Tasks
from bellhop.pages import Page, Refusal
from bellhop.report import Report, report
from bellhop.schedules import Bell, Schedule, all_due, time_zone
from bellhop.settings import Site
from bellhop.zones import LATE
from pager.announcements import Announcements, CannotSay
from pager.programs import NotMade, Programs
from pager.turn import Turn

_log = logging.getLogger("bellhop.pager")

_LATE = LATE / 1000  # seconds: what comes later is not played
_LOOK_EVERY = 0.5
_WRITE_EVERY = 10.0
_BACK = 7 * 86_400  # seconds: bells missed longer ago are nobody's any more
_WRONG = 3_600  # seconds: a clock that is set back further had been wrong
_MOST_MISSED = 100
_TEMPORARY_FAILURE = 41  # Q.850

NAME = "bells.until"


class Bells:
    """Looks at the clock. keep: stores the report of a bell that was missed. turn: whose it is to
    ring, where there are two pagers.
    """

    def __init__(
        self,
        site: Site,
        programs: Programs,
        announcements: Announcements,
        keep: Callable[[Report], None],
        *,
        clock: Callable[[], float] = time.time,
        turn: Turn | None = None,
    ) -> None:
        self._site = site
        self._programs = programs
        self._announcements = announcements
        self._keep = keep
        self._clock = clock
        self._turn = turn or Turn(site)
        self._file = Path(site.site.state) / NAME
        self._schedules = _known(site)
        self._until = self._looked()
        self._written = 0.0
        self._ringing = Tasks()

    def adopt(self, site: Site) -> None:
        """Ring by a changed site's schedules from now on."""
        self._site = site
        self._schedules = _known(site)

    async def run(self) -> None:
        """Ring until cancelled."""
        try:
            while True:
                try:
                    self.look()
                except Exception:  # noqa: BLE001 - one defect does not silence every bell to come
                    _log.exception("bells=error")
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            await self._ringing.cancel()

    def look(self) -> None:
        """Ring what is due, and report what should have rung. The clock set back a little rings
        nothing twice: time goes on from where it had been. Set back far, it had been wrong, and
        what was rung or reported then was not of these times.
        """
        now = self._clock()
        if now < self._until - _WRONG:
            _log.warning("bells=clock-set-back seconds=%.0f", self._until - now)
            self._until = now
        if now > self._until:
            since = max(self._until, now - _BACK)
            bells = all_due(self._schedules, since, now, _MOST_MISSED)
            self._until = now
            if bells or now - self._written >= _WRITE_EVERY:
                self._write(now)
            for bell in bells:
                # As it is now: a reload may take it away before it has rung.
                schedule = self._site.schedules[bell.schedule]
                if now - bell.at > _LATE:
                    if not self._turn.reports:
                        continue
                    why = f"nobody looked at the clock until {now - bell.at:.0f} s later"
                    self._missed(bell, schedule, why)
                    continue
                self._ringing.begin(self._ring(bell, schedule))

    async def _ring(self, bell: Bell, schedule: Schedule) -> None:
        mine = self._turn.reports  # who reports has it for his own until he knows better
        try:
            mine = await asyncio.to_thread(self._turn)
            if not mine:
                return
            page = await self._page(bell, schedule)
        except asyncio.CancelledError:
            if mine:
                self._missed(bell, schedule, "the pager was stopped before it rang")
            raise
        except TimeoutError:  # an OSError that says nothing
            self._missed(bell, schedule, f"its sound was not there within {_LATE:g} s")
        except (NotMade, CannotSay, OSError) as error:
            self._missed(bell, schedule, str(error))
        except Exception:  # noqa: BLE001 - whatever it was, nobody has heard the bell
            _log.exception("schedule=%s bell=error", schedule.name)
            self._missed(bell, schedule, "a defect of the pager's own: its log has it")
        else:
            _log.info("schedule=%s page=%s", schedule.name, page)

    async def _page(self, bell: Bell, schedule: Schedule) -> str:
        left = bell.at + _LATE - self._clock()  # the second pager may have waited for its turn
        if left <= 0:  # what is quick would be made all the same
            raise TimeoutError
        async with asyncio.timeout(left):
            sound = await self._sound(schedule)
        left = bell.at + _LATE - self._clock()
        return await self._programs.speak(schedule.zone, f"schedule:{schedule.name}", sound, left)

    async def _sound(self, schedule: Schedule) -> Path:
        if schedule.say:
            return await self._announcements.spoken(schedule.say)
        path = self._site.file(schedule.file)
        return await self._announcements.kept(await asyncio.to_thread(path.read_bytes))

    def _missed(self, bell: Bell, schedule: Schedule, why: str) -> None:
        _log.error("schedule=%s bell=missed why=%s", bell.schedule, why)
        page = Page(
            id=f"{int(bell.at):x}-{secrets.token_hex(4)}",
            zone=schedule.zone,
            leader=f"schedule:{bell.schedule}",
            started=bell.at,
            quorum=100,
            head_start=0,
        )
        self._keep(report(page.refused(Refusal(_TEMPORARY_FAILURE, f"missed: {why}"), bell.at)))

    def _looked(self) -> float:
        """Return up to when bells have been seen to; now, where that is not known."""
        now = self._clock()
        with contextlib.suppress(OSError, ValueError):  # the first start, or somebody's file
            looked = float(self._file.read_text(encoding="ascii"))
            return now if math.isnan(looked) else max(min(looked, now), now - _BACK)
        return now

    def _write(self, now: float) -> None:
        part = self._file.with_suffix(".part")
        try:
            part.write_text(f"{now:.3f}", encoding="ascii")
            part.replace(self._file)
        except OSError as error:
            _log.warning("bells=not-written why=%s", error)
        self._written = now


def _known(site: Site) -> list[tuple[Schedule, tzinfo]]:
    known = []
    for one in site.schedules.values():
        if zone := time_zone(one.timezone):
            known.append((one, zone))
        else:
            said = "schedule=%s bells=none timezone=%s why=this-machine-does-not-know-it"
            _log.error(said, one.name, one.timezone)
    return known

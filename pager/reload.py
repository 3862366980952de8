"""A changed site file, taken while the daemon runs: by SIGHUP (`systemctl reload bellhop-pager`).

It is read and checked whole first; one that is wrong changes nothing. Pages in progress go on.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping

from ami.tasks import Tasks
from bellhop import pins
from bellhop.reload import changed
from bellhop.settings import Site, SiteError, load
from bellhop.sides import beside

_log = logging.getLogger("bellhop.pager")

Lines = Mapping[str, tuple[str, ...]]


class Reload:
    """Takes a site's changes. ready: makes a site ready for use, and may block."""

    def __init__(self, site: Site, side: str, ready: Callable[[Site], Site]) -> None:
        self._site = site
        self._side = side
        self._ready = ready
        self._turn = asyncio.Lock()
        self._tasks = Tasks()

    def listen(self, loop: asyncio.AbstractEventLoop, take: Callable[[Site, Lines], None]) -> None:
        """Reload on SIGHUP. take: uses a site from now on, with the lines of its PIN files; it is
        called in the loop.
        """

        def told() -> None:
            self._tasks.begin(self.read(take))

        loop.add_signal_handler(signal.SIGHUP, told)

    async def read(self, take: Callable[[Site, Lines], None]) -> bool:
        """Read the site file anew; returns whether it was taken. What was wrong is in the log."""
        async with self._turn:
            try:
                whole = await asyncio.to_thread(load, self._site.path)
                here = beside(whole, self._side)
                if keys := _only_a_restart(self._site, whole):
                    lines = (f"{key}: only a restart of the pager changes it" for key in keys)
                    raise SiteError(tuple(lines))  # noqa: TRY301 - it is refused as any mistake
                pin_lines = await asyncio.to_thread(read_pins, whole)
                ready = await asyncio.to_thread(self._ready, here)
            except SiteError as error:
                for line in error.lines:
                    _log.error("reload=refused why=%s", line)
                return False
            except Exception:  # noqa: BLE001 - the site that is in use is as good as it was
                _log.exception("reload=refused")
                return False
            take(ready, pin_lines)
            differ = changed(self._site, whole)
            self._site = whole
            _log.info("reload=taken changed=%s", ",".join(differ) or "nothing")
            return True


def _only_a_restart(old: Site, new: Site) -> list[str]:
    """Return what differs and is used at the start alone."""

    def parts(site: Site) -> dict[str, object]:
        return {
            "site.state": site.site.state,
            "edge.internal": site.edge.internal,
            "pbx": site.pbx,
            "pager": site.pager,
            "standby": site.standby,
        }

    return [key for key, value in parts(old).items() if value != parts(new)[key]]


def read_pins(site: Site) -> Lines:
    """Return the lines of each zone's PIN file; none for one that cannot be read."""
    found: dict[str, tuple[str, ...]] = {}
    for zone in site.zones.values():
        if not zone.pin_file:
            continue
        path = site.file(zone.pin_file)
        try:
            found[zone.number] = pins.read(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            # The other zones are paged all the same; this one by nobody.
            _log.error("zone=%s paged-by=nobody pin_file=%s why=%s", zone.number, path, error)
            found[zone.number] = ()
    return found

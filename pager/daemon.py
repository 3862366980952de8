"""The daemon: AMI and the page engine in an event loop, the AGI server beside it in threads."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from agi.alive import Alive
from agi.dialplan import Dialplans
from agi.features import Codes
from agi.page import Pages
from agi.server import Server, Verb
from ami.engine import Engine
from ami.manager import Manager
from bellhop import archives
from bellhop.control import NAME
from bellhop.report import Report
from bellhop.settings import Site
from bellhop.sides import FIRST, beside, other_of
from pager.announcements import Announcements
from pager.archive import Archive
from pager.bells import Bells
from pager.calls import Calls
from pager.control import Control
from pager.messenger import Messenger, webhook
from pager.orphans import Orphans
from pager.overview import Overview
from pager.programs import Programs
from pager.registrations import Registrations
from pager.reload import Lines, Reload
from pager.takeouts import Keeper
from pager.turn import Turn
from pager.vapix import apis
from pager.volumes import Volumes

_log = logging.getLogger("bellhop.pager")


async def serve(
    site: Site, secret: str, pin_lines: Mapping[str, tuple[str, ...]], side: str = FIRST
) -> None:
    """Run beside one of the site's Asterisks until SIGTERM or SIGINT. Raises BadSecret, SiteError
    when nothing stands by, the webhook's secret cannot be read, or there can be no control socket,
    and OSError when the AGI port is taken.
    """
    turn, other = Turn(site, side), other_of(site, side)
    whole, site = site, beside(site, side)
    announcements = Announcements(site.pager, Path(site.site.state))
    site = announcements.chimes(site)
    manager = Manager(site.pager.ami, site.pager.ami_user, secret)
    messenger = Messenger(manager, webhook(site))
    calls = Calls(site.edge.internal, side, other)
    registered = Registrations(site.edge.internal, other[0] if other else "")
    volumes, archive = Volumes(apis(site)), Archive(lambda: archives.write(site))
    keep = _keeping(volumes, messenger, archive)
    engine = Engine(manager, keep, calls, site.pager.call_priority, volumes, zones=site.zones)
    orphans = Orphans(manager, calls)
    takeouts, programs = Keeper(site), Programs(site, manager)
    overview = Overview(site, engine, registered, calls, takeouts, reaches=lambda: manager.up)
    control = Control(
        Path(site.site.state) / NAME,
        programs,
        announcements,
        zones=overview,
        takeouts=takeouts,
        stop=engine.stop_pages,
    )
    pages = Pages(
        site,
        engine,
        registered,
        calls.of,
        pin_lines=pin_lines,
        program=programs.take,
        later=programs.later,
        taken_out=takeouts.of,
    )
    loop = asyncio.get_running_loop()
    codes, alive = Codes(site, takeouts, engine.stop), Alive(engine.reaches)
    dialplans = Dialplans(site)
    server = Server(
        site.pager.agi, {"page": pages, "feature": codes, "alive": alive}, dialplans.asks
    )
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    threading.Thread(target=server.serve_forever, name="agi", daemon=True).start()
    _log.info("agi=up address=%s", site.pager.agi)
    await control.open()
    bells = Bells(site, programs, announcements, keep, turn=turn)

    _taking(
        Reload(whole, side, announcements.chimes),
        server,
        lambda new, lines: {
            "page": pages.of(new, lines),
            "feature": Codes(new, takeouts, engine.stop),
            "alive": alive,
        },
        (engine, takeouts, programs, overview, bells, dialplans),
    )
    ringing = asyncio.create_task(bells.run())
    connection = asyncio.create_task(manager.run())
    stopped = asyncio.create_task(stop.wait())
    _tell_systemd("READY=1")
    try:
        await asyncio.wait({connection, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if connection.done():
            connection.result()  # raises what ended it
    finally:
        _tell_systemd("STOPPING=1")
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await control.close()
        await _ended(ringing)  # what it cuts off is reported while there is who keeps it
        await orphans.close()
        await engine.close()
        await volumes.close()
        await messenger.close()
        await _ended(connection)
        await asyncio.to_thread(archive.close)


async def _ended(task: asyncio.Task[None]) -> None:
    """End a task, and wait until it has; what ends it is nobody's concern any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _keeping(volumes: Volumes, messenger: Messenger, archive: Archive) -> Callable[[Report], None]:
    """Return what a report is given to, whenever there is a new one."""

    def keep(one: Report) -> None:
        one = volumes.noted(one)
        messenger.tell(one)
        archive.save(one)

    return keep


class _Adopts(Protocol):
    def adopt(self, site: Site) -> None: ...


def _taking(
    reload: Reload,
    server: Server,
    verbs: Callable[[Site, Lines], Mapping[str, Verb]],
    others: Collection[_Adopts],
) -> None:
    """Have everybody use a changed site, once there is one."""

    def take(site: Site, lines: Lines) -> None:
        server.verbs = verbs(site, lines)
        for one in others:
            one.adopt(site)

    reload.listen(asyncio.get_running_loop(), take)


def _tell_systemd(state: str) -> None:
    """Tell the service manager, if it listens (sd_notify's protocol)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.sendto(state.encode(), address)

"""The files that a site file names besides itself: whether they are here, and fit to be used. Who
checks a site may not be on the machine that has them, so one that is not here is only noted.
"""

from collections.abc import Callable, Iterator

from bellhop import one_line, pins, sounds, vapix
from bellhop.lines import line_of, locate
from bellhop.settings import Site

Uses = Callable[[bytes], object]  # raises ValueError for what cannot be used


def look(site: Site) -> tuple[list[str], list[str]]:
    """Return what is wrong with them, each with file, line and key; and what is worth knowing."""
    wrong: list[str] = []
    notes: list[str] = []
    places = locate(site.path.read_text("utf-8-sig"))
    for key, name, use in _named(site):
        path = site.file(name)
        at = f"{site.path.name}:{line_of(places, key)}: {key}"
        try:
            use(path.read_bytes())
        except FileNotFoundError:
            notes.append(f"{key}: {path} is not here, so it was not checked")
        except PermissionError:
            notes.append(f"{key}: {path} may not be read by you, so it was not checked")
        except OSError as error:
            wrong.append(f"{at}: {path}: {error.strerror}")
        except ValueError as error:
            wrong.append(f"{at}: {path}: {error}")
    return wrong, notes


def _named(site: Site) -> Iterator[tuple[str, str, Uses]]:
    for zone in site.zones.values():
        if zone.pin_file:
            yield f"zones.{zone.number}.pin_file", zone.pin_file, _pins
        if zone.chime not in {"none", "beep"}:
            yield f"zones.{zone.number}.chime", zone.chime, sounds.chime
    for schedule in site.schedules.values():
        if schedule.file:
            yield f"schedules.{schedule.name}.file", schedule.file, sounds.converted
    pager = site.pager
    yield "pager.ami_secret_file", pager.ami_secret_file, one_line.text
    if pager.webhook_secret_file:
        yield "pager.webhook_secret_file", pager.webhook_secret_file, one_line.key
    if pager.reports_dsn_file:
        yield "pager.reports_dsn_file", pager.reports_dsn_file, one_line.text
    if site.edge.ledger_dsn_file:
        yield "edge.ledger_dsn_file", site.edge.ledger_dsn_file, one_line.text
    if pager.vapix_file:
        numbers = [device.number for device in site.devices.values() if device.vapix]
        yield (
            "pager.vapix_file",
            pager.vapix_file,
            lambda data: vapix.users(data.decode(), numbers),
        )


def _pins(data: bytes) -> object:
    return pins.read(data.decode())

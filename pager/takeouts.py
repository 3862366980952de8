"""Keeps which devices are taken out of zones: in a file of the state folder, so that a restart of
the pager puts nobody back.
"""

import logging
import os
import threading
import time
from pathlib import Path

from bellhop import takeouts
from bellhop.features import NotDone
from bellhop.settings import Site
from bellhop.takeouts import TakeOut, TakeOuts
from bellhop.zones import Zone, flattened

NAME = "takeouts.json"  # in site.state
_log = logging.getLogger("bellhop.pager")


class Keeper:
    """A site's take-outs; may be asked from any thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._path = Path(site.site.state) / NAME
        self._turn = threading.Lock()
        self._now = takeouts.known(self._stored(), site.devices, site.zones)

    def adopt(self, site: Site) -> None:
        """Use a changed site from now on."""
        self._site = site

    def _stored(self) -> TakeOuts:
        try:
            return takeouts.decoded(self._path.read_bytes())
        except FileNotFoundError:
            return TakeOuts()
        except (OSError, ValueError) as error:
            # Everybody is paged then: too many hear a page, and nobody misses one.
            _log.error("takeouts=%s nobody-is-out why=%s", self._path, error)
            return TakeOuts()

    def of(self, zone: Zone) -> dict[str, TakeOut]:
        """Return whom a page of this zone leaves out."""
        return self._now.of(zone, self._site.zones)

    def out(self, device: str, zone: str, by: str) -> None:
        """Take a device out of a zone, or of all ("")."""
        self._check(device, zone)
        with self._turn:
            one = TakeOut(device=device, zone=zone, by=by, since=time.time())
            self._keep(self._now.with_out(one))
        _log.info("device=%s zone=%s taken-out-by=%s", device, zone or "all", by)

    def back(self, device: str, zone: str, by: str) -> None:
        """Put a device back into a zone, or into all ("")."""
        self._check(device, zone)
        with self._turn:
            try:
                self._keep(self._now.without(device, zone))
            except ValueError as error:
                raise NotDone(str(error)) from None
        _log.info("device=%s zone=%s put-back-by=%s", device, zone or "all", by)

    def _check(self, device: str, zone: str) -> None:
        if device not in self._site.devices:
            raise NotDone(f"no device {device}")
        if zone and zone not in self._site.zones:
            raise NotDone(f"no zone {zone}")
        places = [zone] if zone else self._site.zones
        if not any(device in flattened(one, self._site.zones) for one in places):
            raise NotDone(f"{device} is no member of {zone or 'any zone'}")

    def _keep(self, those: TakeOuts) -> None:
        """Write the file, whole or not at all; what could not be written does not hold."""
        new = self._path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(takeouts.encoded(those))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise NotDone(f"{self._path}: {error.strerror or error}") from None
        self._now = those

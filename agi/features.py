"""The verb `feature`: what a dialled code asks for, when this caller may have it done.

Nothing is done for a caller who is nobody's, for a code that says no more, or twice: the last thing
that the channel is told is BELLHOP_RESULT, and BELLHOP_BEEPS is what the caller hears of it.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from agi.channel import Channel
from agi.page import NOT_ALLOWED, UNKNOWN
from agi.who import identified
from bellhop import features, zones
from bellhop.callers import Caller
from bellhop.features import Deed, Feature, NotDone
from bellhop.pages import Refusal, Unavailable, name_of
from bellhop.settings import Site

_log = logging.getLogger("bellhop.agi")

_NO_NUMBER, _OUT_OF_ORDER = 28, 41  # Q.850


class Book(Protocol):
    """Who is taken out of zones. Raises NotDone."""

    def out(self, device: str, zone: str, by: str) -> None:
        """Take a device out of a zone, or of all ("")."""

    def back(self, device: str, zone: str, by: str) -> None:
        """Put a device back into a zone, or into all ("")."""


# Ends the pages of a zone, for this caller. Raises NotDone where there are none, and Unavailable.
Stop = Callable[[str, str], None]


class Codes:
    """Answers `feature` requests of one site."""

    def __init__(self, site: Site, book: Book, stop: Stop) -> None:
        self._site = site
        self._book = book
        self._stop = stop

    def __call__(self, channel: Channel) -> None:
        """Serve one request."""
        dialled = channel.variable("BELLHOP_DIALLED")
        caller = identified(self._site, channel.variable("BELLHOP_CALLER"))
        feature = self._site.features.dialled(dialled)
        refusal = self._refusal(caller, feature)
        if refusal is None and caller is not None and feature is not None:
            refusal = self._do(feature, name_of(caller))
        if refusal is not None:
            channel.part({"BELLHOP_CAUSE": str(refusal.cause), "BELLHOP_RESULT": "refused"})
            _log.info("feature=refused dialled=%s why=%s", dialled, refusal.why)
            return
        back = feature is not None and feature.deed is Deed.PUT_BACK
        channel.part({"BELLHOP_BEEPS": "2" if back else "1", "BELLHOP_RESULT": "done"})

    def _refusal(self, caller: Caller | None, feature: Feature | None) -> Refusal | None:
        if feature is None:
            return Refusal(_NO_NUMBER, "a code, and no number that belongs to it")
        if caller is None or not features.may_ask(caller, feature):
            return Refusal(NOT_ALLOWED, f"may not {feature.deed}")
        if feature.deed is not Deed.STOP:
            return None
        zone = self._site.zones.get(feature.number)
        if zone is None:
            return Refusal(UNKNOWN, "no such zone")
        if not zones.may_page(zone, caller) or zone.pin_file:
            # A PIN is asked for by its own zone alone: who may stop it there is not known here.
            return Refusal(NOT_ALLOWED, f"may not stop pages of {zone.number}")
        return None

    def _do(self, feature: Feature, by: str) -> Refusal | None:
        try:
            match feature.deed:
                case Deed.TAKE_OUT:
                    self._book.out(feature.number, feature.zone, by)
                case Deed.PUT_BACK:
                    self._book.back(feature.number, feature.zone, by)
                case Deed.STOP:
                    self._stop(feature.number, by)
        except NotDone as error:
            return Refusal(UNKNOWN, str(error))
        except Unavailable as error:
            return Refusal(_OUT_OF_ORDER, str(error))
        return None

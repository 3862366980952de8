"""Which of two pagers rings a bell: the first, unless the edge holds its Asterisk for dead."""

import logging

from bellhop.rpc import RpcError
from bellhop.settings import Site
from bellhop.sides import FIRST
from bellhop.standing import probes
from pager.rpc import ask

_log = logging.getLogger("bellhop.pager")


class Turn:
    """Says whether a pager rings now. reports: it is the one that reports missed bells."""

    def __init__(self, site: Site, side: str = FIRST) -> None:
        self._edge = site.edge.internal
        self._first = f"sip:{site.pbx.address}"
        self.reports = side == FIRST

    def __call__(self) -> bool:
        """Ask; it blocks. When the edge cannot be asked, it cannot ring anybody either: what is
        tried then rings nothing twice, and is reported as missed.
        """
        if self.reports:
            return True
        try:
            flags = probes(ask(self._edge, "dispatcher.list")).get(self._first, "")
        except RpcError as error:
            _log.warning("edge=%s first=unknown why=%s", self._edge, error)
            return True
        return flags.startswith("I")

"""Which of two pagers rings a bell: the first, unless the edge holds its Asterisk for dead."""

import logging
import time

from bellhop.rpc import RpcError
from bellhop.settings import Site
from bellhop.sides import FIRST
from bellhop.standing import probes
from pager.rpc import ask

_log = logging.getLogger("bellhop.pager")

# Seconds that an edge which is restarted may take until it answers (2.6 s, measured in a container)
# and knows anything: at its very first start it has no list, and says so ("No Destination Sets").
# What is left of a bell's five seconds is for its sound.
_PATIENCE = 3.0
_PACE = 0.2


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
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                listed = ask(self._edge, "dispatcher.list")
            except RpcError as error:
                if time.monotonic() >= end:
                    _log.warning("edge=%s first-asterisk=unknown why=%s", self._edge, error)
                    return True
            else:
                return probes(listed).get(self._first, "").startswith("I")
            time.sleep(_PACE)

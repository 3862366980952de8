"""Whether the dialplan that asks is the one that this pager was made with, and of the same site.
Both are installed together, but what Asterisk needs of a site is rendered by hand, Asterisk reads
it at its own reload, and the pager is restarted by other hands.
"""

import logging
import threading
from urllib.parse import parse_qs

from bellhop.render_asterisk import digest
from bellhop.settings import Site

_log = logging.getLogger("bellhop.agi")

# What config/asterisk/extensions.conf says of itself in its AGI requests: another one whenever what
# the two tell each other is another (tests/unit/test_dialplan.py notices).
DIALPLAN = "3"
_FIRST = "1"  # said nothing of itself
_NONE = "none"

_ANOTHER = (
    "this Asterisk's dialplan is another Bellhop's, and what reports say may be wrong. After an"
    " update: `asterisk -rx 'core reload'`, and restart the pager"
)
_OLD = (
    "this Asterisk's files were rendered from another site.toml, or by another Bellhop. After a"
    " change: `bellhop render asterisk`, and `asterisk -rx 'core reload'`"
)


class Dialplans:
    """Tells of a dialplan that is another one, or of another site: once, until that changes."""

    def __init__(self, site: Site) -> None:
        self._dialplan = _Said("dialplan", DIALPLAN, _ANOTHER)
        self._site = _Said("site", digest(site), _OLD)

    def adopt(self, site: Site) -> None:
        """Want a changed site from now on."""
        self._site.wanted = digest(site)

    def asks(self, query: str, host: str) -> None:
        """Take a request's query, and which Asterisk has sent it."""
        said = parse_qs(query)
        self._dialplan.comes(said.get("dialplan", [_FIRST])[-1], host)
        self._site.comes(said.get("site", [_NONE])[-1], host)


class _Said:
    """What dialplans say of themselves. wanted: what it is to be; but: what is told else."""

    def __init__(self, name: str, wanted: str, but: str) -> None:
        self.wanted = wanted
        self._name = name
        self._but = but
        self._last = (wanted, wanted)
        self._turn = threading.Lock()

    def comes(self, said: str, host: str) -> None:
        wanted = self.wanted
        if (said, wanted) == self._last:
            return
        with self._turn:
            if (said, wanted) == self._last:
                return
            self._last = (said, wanted)
        if said == wanted:
            _log.info("%s=%s peer=%s", self._name, said, host)
            return
        shown = ascii(said)[1:-1][:20]
        _log.error("%s=%s wanted=%s peer=%s: %s", self._name, shown, wanted, host, self._but)

"""Whether the dialplan that asks is the one that this pager was made with. Both are installed
together, but Asterisk reads its part at its own reload, and the pager is restarted by other hands.
"""

import logging
import threading
from urllib.parse import parse_qs

_log = logging.getLogger("bellhop.agi")

# What config/asterisk/extensions.conf says of itself in its AGI requests: another one whenever what
# the two tell each other is another (tests/unit/test_dialplan.py notices).
DIALPLAN = "2"
_FIRST = "1"  # said nothing of itself


class Dialplans:
    """Tells of a dialplan that is another one: once, until another dialplan asks."""

    def __init__(self) -> None:
        self._last = DIALPLAN
        self._turn = threading.Lock()

    def asks(self, query: str, host: str) -> None:
        """Take a request's query, and which Asterisk has sent it."""
        version = parse_qs(query).get("dialplan", [_FIRST])[-1]
        if version == self._last:
            return
        with self._turn:
            if version == self._last:
                return
            self._last = version
        if version == DIALPLAN:
            _log.info("dialplan=%s peer=%s", version, host)
            return
        _log.error(
            "dialplan=%s wanted=%s peer=%s: this Asterisk's dialplan is another Bellhop's, and what"
            " reports say may be wrong. After an update: `asterisk -rx 'core reload'`, and restart"
            " the pager",
            ascii(version)[1:-1][:20],
            DIALPLAN,
            host,
        )

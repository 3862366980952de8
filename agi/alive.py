"""The verb `alive`: whether a page that waits will be opened by us. A leader's dialplan asks it
each second that he waits; where nobody says yes, it lets him in without us.
"""

from collections.abc import Callable

from agi.channel import Channel

_PATIENCE = 0.5  # seconds; the dialplan waits for 1


class Alive:
    """Answers `alive` requests. reaches: whether Asterisk can be told anything, known within so
    many seconds.
    """

    def __init__(self, reaches: Callable[[float], bool]) -> None:
        self._reaches = reaches

    def __call__(self, channel: Channel) -> None:
        """Serve one request."""
        if self._reaches(min(_PATIENCE, channel.left())):
            channel.part({"BELLHOP_ALIVE": "yes"})

"""A leader who puts his page on hold: his PBX may play its music to whom it holds, and a zone is
not to hear it. While he holds he is muted in the room, as by *1; one who has pressed that stays so.
Who may hold no more, for all that is known (AMI was away, the pager ends), is let be heard: one
whom nobody hears is worse than music.
"""

from ami.events import Event

MUTE, UNMUTE = "ConfbridgeMute", "ConfbridgeUnmute"
GOES_ON: Event = {"Event": "Unhold"}


class Hold:
    """What is to be done in a room so that nobody hears a leader who holds."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._inside = False
        self._holds = False
        self._muted = False
        self._ours = False

    def hear(self, event: Event) -> str:
        """Take an event of his channel; return AMI's action to be done now, "" for none."""
        if event.get("Conference", self._room) != self._room:
            return ""
        match event.get("Event"):
            case "Hold":
                self._holds = True
            case "Unhold":
                self._holds = False
            case "ConfbridgeJoin":
                self._inside, self._muted, self._ours = True, False, False
            case "ConfbridgeUnmute":
                self._muted = self._ours = False
            case "ConfbridgeLeave":
                self._inside = False
            case "ConfbridgeMute":
                self._muted = True
                return ""
            case _:
                return ""
        return self._due() if self._inside else ""

    def _due(self) -> str:
        if self._holds and not self._muted:
            self._muted = self._ours = True
            return MUTE
        # Until it is told that it was done: what was sent into a dead connection was not.
        return UNMUTE if self._ours and not self._holds else ""

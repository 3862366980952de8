"""A leader who puts his page on hold: his PBX may play its music to whom it holds, and a zone is
not to hear it. While he holds he is muted in the room, as by *1; one who has pressed that stays so.
Who may hold no more, for all that is known (AMI was away, the pager ends), is let be heard: one
whom nobody hears is worse than music. Who said in his first offer that he only sends (RFC 3264
§5.1), as equipment does that announces, holds nothing, though Asterisk tells it alike. A channel
knows that it is muted by us, so that the next pager knows it, too, when this one is killed.
"""

import logging

from ami import strangers
from ami.events import Event
from ami.manager import Manager, NotConnected
from ami.sight import Channel

_log = logging.getLogger("bellhop.ami")

MUTE, UNMUTE = "ConfbridgeMute", "ConfbridgeUnmute"
GOES_ON: Event = {"Event": "Unhold"}
_HELD = "BELLHOP_HELD"
_ONLY_SENDS = "BellhopOnlySends"  # the dialplan's, before he comes into the room


class Hold:
    """What is to be done in a room so that nobody hears a leader who holds."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._inside = False
        self._holds = False
        self._muted = False
        self._ours = False
        self._only_sends = False

    def hear(self, event: Event) -> str:
        """Take an event of his channel; return AMI's action to be done now, "" for none."""
        if event.get("Conference", self._room) != self._room:
            return ""
        match event.get("Event"):
            case "UserEvent":
                self._only_sends |= event.get("UserEvent") == _ONLY_SENDS
                return ""
            case "Hold":
                self._holds = True
            case "Unhold":  # he has renewed the call since: from now on a hold is one
                self._holds = self._only_sends = False
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
        if self._holds and not self._only_sends and not self._muted:
            self._muted = self._ours = True
            return MUTE
        # Until it is told that it was done: what was sent into a dead connection was not.
        return UNMUTE if self._ours and not self._holds else ""


async def done(manager: Manager, action: str, room: str, channel: str) -> str:
    """Do it to a leader in a room, and note it; return why it was not done, "" when it was."""
    try:
        [answer] = await manager.send(action, {"Conference": room, "Channel": channel})
        if answer.get("Response") != "Success":
            return answer.get("Message", "") or "no reason given"
        value = room if action == MUTE else ""
        fields = {"Channel": channel, "Variable": _HELD, "Value": value}
        await manager.send("Setvar", fields)
    except NotConnected as error:
        return str(error)
    return ""


async def let_be_heard(manager: Manager, leader: Channel) -> None:
    """Let a leader be heard whom a pager that is no more has muted; not one who did so himself."""
    try:
        if await strangers.variable(manager, leader.name, _HELD) != leader.room:
            return  # who made another page of his by a key has been muted in the one before
        why = await done(manager, UNMUTE, leader.room, leader.name)
    except NotConnected as error:
        why = str(error)
    if why:
        _log.warning("room=%s leader=%s why=%s", leader.room, UNMUTE, why)

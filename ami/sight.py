"""What Asterisk has now, read anew: after AMI was away, and when the pager has been started while
pages of an earlier one go on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ami.events import Event
from ami.legs import Leg
from ami.manager import Manager, NotConnected

# Where a leader's channel is while it does what he has pressed: it is in his room all the same.
_KEYS = "bellhop-key"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that there is. room: where it is; "" while it is in none, or does what a key of its
    room's says: then its context tells that.
    """

    name: str
    unique: str
    room: str
    context: str = ""


async def channels(manager: Manager) -> list[Channel]:
    """Return all channels. Raises NotConnected, also for an answer that is none."""
    events = await manager.send("CoreShowChannels", {})
    if not events or events[-1].get("Event") != "CoreShowChannelsComplete":
        raise NotConnected(f"CoreShowChannels: {events[0].get('Message') if events else 'nothing'}")
    return [
        Channel(
            event.get("Channel", ""),
            event.get("Uniqueid", ""),
            _room(event),
            event.get("Context", ""),
        )
        for event in events
        if event.get("Event") == "CoreShowChannel"
    ]


def _room(event: Event) -> str:
    if event.get("Application") != "ConfBridge":
        return ""
    return event.get("ApplicationData", "").partition(",")[0]


def told(known: Iterable[Leg], live: Mapping[str, Channel]) -> Iterator[Event]:
    """Yield what would have been told of these legs, if somebody had listened. live: the channels
    that there are, by their unique ids.
    """
    for leg in known:
        channel = live.get(leg.unique)
        if channel is None:
            yield {"Event": "Hangup", "Uniqueid": leg.unique, "Channel": leg.channel}
            continue
        said = {"Uniqueid": leg.unique, "Channel": channel.name}
        if not leg.channel:
            yield {"Event": "Newchannel", **said}
        if leg.room == channel.room:
            continue
        if leg.room:
            yield {"Event": "ConfbridgeLeave", "Conference": leg.room, **said}
        if channel.room:
            yield {"Event": "ConfbridgeJoin", "Conference": channel.room, **said}


def of_leader(name: str, *, opened: bool, live: Iterable[Channel]) -> Event | None:
    """Return what would have been told of a page's leader."""
    channel = next((one for one in live if one.name == name), None)
    if channel is None:
        return {"Event": "Hangup", "Channel": name}
    if bool(channel.room) == opened or (opened and channel.context == _KEYS):
        return None
    kind = "ConfbridgeJoin" if channel.room else "ConfbridgeLeave"
    return {"Event": kind, "Channel": name, "Conference": channel.room}

"""Members of pages that are none of ours: of an earlier pager's, and of fallback pages, which the
dialplan makes. Their devices are not free.
"""

import logging
import re
from collections.abc import Collection, Iterable, Iterator

from ami import legs
from ami.events import Event
from ami.legs import Leg
from ami.manager import Manager, NotConnected
from ami.sight import Channel
from bellhop.claims import Wish
from bellhop.zones import Zone

_log = logging.getLogger("bellhop.ami")

_LEG = re.compile(
    r"page-(?P<page>[0-9a-f]+-[0-9a-f]+)-"
    r"(?P<device>[0-9]{1,20}|tel-\+?[0-9]{3,20}|multicast-[0-9.]+-[0-9]+(?:_[0-9]+)?)",
    re.ASCII,
)
# How channels of members begin, whoever made them; and the rooms of a page that no pager made.
_MEMBERS = ("PJSIP/bellhop-member-", "MulticastRTP/")
_FALLBACK = "fallback-"
PHONE = "ring-"  # how the id of a phone's channel begins that a pager rang to lead a page


def of_pagers(known: Iterable[Leg], live: Iterable[Channel]) -> Iterator[tuple[str, Leg]]:
    """Yield the legs of pages that another pager made, each with its page."""
    ours = {leg.unique for leg in known}
    for channel in live:
        found = _LEG.fullmatch(channel.unique)
        if found and channel.unique not in ours:
            device = legs.device(found["device"])
            leg = Leg(device, channel.unique, channel.name, channel.room)
            yield found["page"], leg


def wish(page: str, device: str, zone: Zone | None) -> Wish:
    """Return what a page that is none of ours has wanted. While nobody knows which zone's it is
    (None), an emergency alone may take its members.
    """
    unknown = Zone(number="?", name="?", members=(device,), priority=9)
    return Wish(page, zone or unknown, (device,))


def called(channel: Channel) -> str | None:
    """Return the number that a channel of a pager's page called; None for another one."""
    found = _LEG.fullmatch(channel.unique)
    return found["device"].removeprefix("tel-").removeprefix("+") if found else None


def may_be_one(event: Event) -> bool:
    """Whether an event of a channel that is none of ours may be of a fallback page's member."""
    if not event.get("Channel", "").startswith(_MEMBERS):
        return False
    kind = event.get("Event")
    in_room = event.get("Conference", "").startswith(_FALLBACK)
    return kind == "Newchannel" or (kind == "ConfbridgeJoin" and in_room)


def may_lead(channel: Channel, ours: Collection[str]) -> bool:
    """Whether a channel may be the leader of a page that is none of ours: it is in such a page's
    room, and no member.
    """
    if channel.name.startswith(_MEMBERS) and not channel.unique.startswith(PHONE):
        return False
    if not channel.room.startswith(("page-", _FALLBACK)):
        return False
    return legs.page_of(channel.room) not in ours


async def zone_of(manager: Manager, leader: str) -> str:
    """Return the zone that a leader pages; "" where it could not be asked, or he is none."""
    try:
        return await variable(manager, leader, "BELLHOP_ZONE")
    except NotConnected as error:
        _log.warning("channel=%s zone=not-known why=%s", leader, error)
        return ""


async def of_fallback(
    manager: Manager, name: str, unique: str, room: str
) -> tuple[str, Leg] | None:
    """Return a channel as a leg, with its page, if it is a fallback page's member; None for any
    other, and where it could not be asked.
    """
    if not name.startswith(_MEMBERS) or (room and not room.startswith(_FALLBACK)):
        return None
    try:
        page = await variable(manager, name, "BELLHOP_ROOM")
        device = await variable(manager, name, "BELLHOP_MEMBER")
    except NotConnected as error:
        _log.warning("channel=%s member=not-known why=%s", name, error)
        return None
    if not device or not page.startswith(_FALLBACK):
        return None
    return page, Leg(device, unique, name, room)


async def variable(manager: Manager, channel: str, name: str) -> str:
    """Return a channel's variable, "" where there is none. Raises NotConnected."""
    answer = await manager.send("Getvar", {"Channel": channel, "Variable": name})
    return answer[0].get("Value", "")

"""The legs of a page: where each is to be; and as AMI's Originate makes them, what is dialled,
where an answer goes, and what its channel must know. Every value is our own or the site file's;
none is a caller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ami.manager import Value
from ami.players import Player
from bellhop.targets import Outside, Target, dialled, headers
from bellhop.zones import Zone


@dataclass(slots=True)
class Leg:
    """A call to a device. unique: its channel's id, which we gave it; channel: its name, "" before
    there is one; room: where it is, "" while it is in none; been: the rooms where it has been;
    bound: the room where it is to be, sent: the one that Asterisk was last told to bring it to;
    served: the rooms of our pages that rang it, or had it; unwanted: it is to be hung up, though it
    may have no channel yet; target: whom it rings, when it is ours; left: the room where it was
    before it came into none.
    """

    device: str
    unique: str
    channel: str = ""
    room: str = ""
    bound: str = ""
    sent: str = ""
    been: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    unwanted: bool = False
    target: Target | None = None
    left: str = ""

    def came_into(self, room: str) -> None:
        """Note where it is; a page that took it has had it from then on."""
        self.room = room
        if room == self.bound:
            self.served.add(room)

    def serve(self, room: str) -> None:
        """Note that it rings for a page of ours."""
        self.bound = room
        self.served.add(room)


def bound_for(leg: Leg, running: Mapping[str, Player], home: str) -> Player | None:
    """Return the page where a leg that came into a room is to be; None when nobody wants it any
    more. running: its pages that are not over, by room; home: the room of the page that has it.
    """
    # The page that took it, though it may have answered to the one before; else the one where it
    # is; else, when both have gone while it was on its way, the one that it is given back to.
    was_home = home if home in leg.been else ""
    rooms = (leg.bound, leg.room, was_home)
    return next((running[room] for room in rooms if room in running), None)


def was_sent_home(leg: Leg, *pages: Player) -> bool:
    """Whether a leg that has ended was on its way back into these pages' rooms, and found nobody
    there: their leaders wait, and whom they have rung besides has not answered yet.
    """
    rooms = {page.room for page in pages}
    came_from_another = leg.bound in leg.been and leg.bound not in rooms
    return came_from_another and all(page.waits and not page.over for page in pages)


def page_of(room: str) -> str:
    """Return the page whose room this is."""
    return room.removeprefix("page-")


def unique(room: str, device: str) -> str:
    """Return the id of a device's channel in a page: Asterisk takes no colon or slash in it."""
    return f"{room}-{device.replace(':', '-').replace('/', '_')}"


def device(said: str) -> str:
    """Return whose channel has this behind its page in its id."""
    kind, dash, rest = said.partition("-")
    if not dash:
        return said
    return f"{kind}:{rest.replace('-', ':').replace('_', '/')}"


def member(target: Target, zone: Zone, *, room: str, leg: str, leader: str) -> dict[str, Value]:
    """Ring one member, a device with its dialect's headers. leg: the channel's unique id, so that
    its events are known before the first one comes; leader: his channel, without which nobody is
    let in.
    """
    return {
        "Channel": dialled(target),
        "ChannelId": leg,
        "Context": "bellhop-member",
        "Exten": "two-way" if zone.mode == "two-way" else "s",
        "Priority": "1",
        "Timeout": str(patience(target, zone)),
        "CallerID": f'"{zone.display}" <{zone.number}>',
        "Async": "true",
        "Variable": [
            f"BELLHOP_ROOM={room}",
            f"BELLHOP_LEADER={leader}",
            f"BELLHOP_MEMBER={target.number}",
            f"BELLHOP_MAX={longest(zone)}",
            f"TIMEOUT(absolute)={longest(zone)}",
            *(f"PJSIP_HEADER(add,{key})={value}" for key, value in headers(target)),
        ],
    }


def patience(target: Target, zone: Zone) -> int:
    """Return how long a member may ring (ms): somebody outside has to walk to a telephone."""
    return zone.outside_timeout if isinstance(target, Outside) else zone.ring_timeout


def longest(zone: Zone) -> int:
    """Return for how long a member may be in a page (s) that nobody ends: what is announced has the
    page's whole time from when it begins, and others may have rung until then.
    """
    rings = max(zone.ring_timeout, zone.outside_timeout)
    return (zone.limit + zone.head_start + rings) // 1000 + 5


def taken(channel: str, room: str, zone: Zone) -> dict[str, Value]:
    """Bring a member's leg into another page's room, from where the dialplan takes it back by
    itself when that page is over. All that it must know is in the extension: one action a member.
    """
    heard = "talker" if zone.mode == "two-way" else "member"
    exten = f"{room}-{longest(zone)}-{heard}"
    return {"Channel": channel, "Context": "bellhop-taken", "Exten": exten, "Priority": "1"}


def chime(zone: Zone, *, room: str, leg: str) -> dict[str, Value]:
    """Play the zone's chime: one half of a local channel is in the room, the other plays."""
    # A file's name is what the pager has made of it, from the root on (pager/announcements.py).
    file = zone.chime.startswith("/")
    return {
        "Channel": f"Local/{'file' if file else zone.chime}@bellhop-chime/n",
        "ChannelId": leg,
        "OtherChannelId": f"{leg}-2",
        "Application": "ConfBridge",
        "Data": f"{room},bellhop_room,bellhop_chime",
        "Timeout": "2000",
        "Async": "true",
        **({"Variable": [f"BELLHOP_FILE={zone.chime}"]} if file else {}),
    }

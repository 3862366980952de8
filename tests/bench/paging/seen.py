"""What the wire told of a page: when it was dialled, who joined it when, who heard it when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.bench.paging.site import (
    AGI_PORT,
    CALLER,
    EDGE,
    FLOOR_PORT,
    GROUP,
    PAGER,
    PBX,
    SPEAKERS,
)
from tests.bench.wire import Datagram

_LEADER = "PJSIP/bellhop-edge-"
_RTP_HEAD = 12
# A packet is of the leader's voice when half of it is: the first one may begin in silence.
_HALF = 80


@dataclass(frozen=True, slots=True)
class Seen:
    """A page. dialled: Unix time of the leader's INVITE; told: of the pager's last word to Asterisk
    that there will be a page, None where it was not asked; joined: ms from `dialled` to each member's
    joining of the room; heard: to the first packet of the leader's voice to each member, by the port
    that Asterisk sends it from; ami: bytes of AMI, both ways; room: its name.
    """

    dialled: float
    told: float | None
    joined: tuple[float, ...]
    heard: Mapping[int, float] = field(repr=False)
    ami: int
    room: str


def wanted(prefix: str) -> str:
    """Return the capture's filter."""
    return (
        f"(tcp and (port 5038 or port {AGI_PORT} or port {FLOOR_PORT}) and host {prefix}.{PBX})"
        f" or (udp and src host {prefix}.{PBX} and (dst host {prefix}.{SPEAKERS} or dst host {GROUP[0]}))"
        f" or (udp and src host {prefix}.{CALLER} and dst host {prefix}.{EDGE})"
    )


def page(datagrams: Iterable[Datagram], prefix: str, voice: int) -> Seen:
    """Return the first page that is in a capture. Raises ValueError when none was dialled."""
    pbx, pager, caller = (f"{prefix}.{last}" for last in (PBX, PAGER, CALLER))
    everything = list(datagrams)
    segments = [one for one in everything if one.sequence is not None]
    invites = (d.at for d in everything if d.source == caller and d.payload[:7] == b"INVITE ")
    dialled = next(invites, None)
    if dialled is None:
        raise ValueError("nobody dialled")
    told = (d.at for d in segments if d.source == pager and b"BELLHOP_RESULT" in d.payload)
    manager = [one for one in segments if 5038 in one.ports]
    joins = [
        event
        for event in events(one for one in manager if one.source == pbx)
        if event.get("Event") == "ConfbridgeJoin"
    ]
    room = joins[0].get("Conference", "") if joins else ""
    joined = (
        (float(event["Timestamp"]) - dialled) * 1000
        for event in joins
        if event.get("Conference") == room and not event.get("Channel", "").startswith(_LEADER)
    )
    audio = (d for d in everything if d.source == pbx and d.sequence is None and d.at > dialled)
    return Seen(
        dialled,
        next(told, None),
        tuple(sorted(joined)),
        {port: (at - dialled) * 1000 for port, at in first(audio, voice).items()},
        sum(len(one.payload) for one in manager),
        room,
    )


def handled(segments: Iterable[Datagram], server: str, port: int) -> list[float]:
    """Return the ms of each session with a server's port, from the last of what it was asked to its
    first word, both as they pass the bridge: what a client takes is not in it.
    """
    asked: dict[tuple[str, int], float] = {}
    found: dict[tuple[str, int], float] = {}
    for one in segments:
        if not one.payload:
            continue
        client, there = (one.source, one.ports[0]), (one.target, one.ports[1])
        if there == (server, port) and client not in found:
            asked[client] = one.at
        elif client == (server, port) and there in asked:
            found.setdefault(there, (one.at - asked[there]) * 1000)
    return list(found.values())


def first(packets: Iterable[Datagram], voice: int) -> dict[int, float]:
    """Return when the first packet of a voice came from each port."""
    found: dict[int, float] = {}
    for one in packets:
        if one.ports[0] not in found and one.payload.count(voice, _RTP_HEAD) >= _HALF:
            found[one.ports[0]] = one.at
    return found


def events(segments: Iterable[Datagram]) -> Iterator[Mapping[str, str]]:
    """Yield the AMI events in one direction of a TCP stream; one that is cut off at an end is left
    out.
    """
    text = stream(segments).decode("utf-8", "replace")
    for part in text.split("\r\n\r\n")[:-1]:
        lines = [line.partition(": ") for line in part.split("\r\n")]
        if lines[0][0] == "Event":
            yield {name: value for name, colon, value in lines if colon}


def stream(segments: Iterable[Datagram]) -> bytes:
    """Return what a TCP stream's segments carry, in its order and once."""
    found = b""
    start: int | None = None
    for one in sorted(segments, key=lambda one: one.at):
        assert one.sequence is not None
        start = one.sequence if start is None else start
        place = (one.sequence - start) % 2**32
        if place > 2**31 or place + len(one.payload) <= len(found):
            continue  # from before the capture, or sent again
        if place > len(found):
            raise ValueError(f"{place - len(found)} bytes of a TCP stream are missing")
        found = found[:place] + one.payload
    return found

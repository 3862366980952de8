"""AXIS's Audio Device Control API (VAPIX, `audiodevicecontrol.cgi`), as values: what is asked of a
device, and what its answers say. Its outputs have a gain for each channel, in dB, of which each
model takes its own range; only what is selected of an output sounds.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bellhop.values import printable

PATH = "/axis-cgi/audiodevicecontrol.cgi"
_VERSION = "1.0"
_LONGEST = 100  # characters of what a device is told to have said


class VapixError(Exception):
    """The device does not do it; its text says why. Some of it may be the device's own words, and
    stands in a log's line, a report and an AMI event: it is one short printable line.
    """

    def __init__(self, why: str) -> None:
        super().__init__(printable(why)[:_LONGEST])


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of an output, by the names that the device gives to all above it; gain: dB."""

    device: str | int
    output: str | int
    connection: str | int
    signaling: str | int
    channel: str | int
    gain: int


def users(text: str, numbers: Collection[str]) -> dict[str, tuple[str, str]]:
    """Read lines `NUMBER USER PASSWORD`, NUMBER perhaps * for all others; return user and password
    of each of these devices. Raises ValueError for another line, and for a device that has none.
    """
    lines = [line.split() for line in text.splitlines()]
    for place, line in enumerate(lines, 1):
        if len(line) not in {0, 3}:
            expected = 'expected "NUMBER USER PASSWORD"; NUMBER may be * for all others'
            raise ValueError(f"line {place}: {expected}")
    known = {who: (user, password) for who, user, password in filter(None, lines)}
    for number in numbers:
        if number not in known and "*" not in known:
            raise ValueError(f"it has no line for {number}, and none for *")
    return {number: known.get(number) or known["*"] for number in numbers}


def question(method: str, params: Mapping[str, Any] | None = None) -> bytes:
    """Return the body of a request."""
    asked: dict[str, Any] = {"apiVersion": _VERSION, "context": "bellhop", "method": method}
    return msgspec.json.encode(asked if params is None else asked | {"params": params})


def answer(body: bytes) -> Mapping[str, Any]:
    """Return an answer's data. Raises VapixError for an error, which comes with HTTP 200 too."""
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise VapixError(f"no answer of this API: {error}") from None
    if "error" in said:
        told = said["error"] if isinstance(said["error"], dict) else {}
        raise VapixError(f"error {told.get('code')}: {told.get('message', '')}")
    data = said.get("data", {})
    if not isinstance(data, dict):
        raise VapixError("no answer of this API")
    return data


def channels(settings: Mapping[str, Any]) -> tuple[Channel, ...]:
    """Return what sounds, of the data of `getDevicesSettings`. Raises VapixError."""
    try:
        found = tuple(_channels(settings))
    except (LookupError, TypeError, AttributeError) as error:
        raise VapixError(f"no settings of this API: {error!r}") from None
    if not found:
        raise VapixError("it has no output")
    return found


def _channels(settings: Mapping[str, Any]) -> Iterator[Channel]:
    for device in settings["devices"]:
        for output in device.get("outputs", ()):
            for connection in _selected(output, "connectionType"):
                for signaling in _selected(connection, "signalingType"):
                    for one in signaling["channels"]:
                        if type(one["gain"]) is not int:
                            raise TypeError("a gain that is no whole number")
                        yield Channel(
                            device["id"], output["id"], connection["id"], signaling["id"],
                            one["id"], one["gain"],
                        )  # fmt: skip


def _selected(of: Mapping[str, Any], what: str) -> list[Mapping[str, Any]]:
    wanted = of.get(f"{what}Selected")
    return [one for one in of[f"{what}s"] if wanted is None or one["id"] == wanted]


def at(gain: int, of: Sequence[Channel]) -> tuple[Channel, ...]:
    """Return the channels with another gain."""
    return tuple(replace(one, gain=gain) for one in of)


def settings(of: Sequence[Channel]) -> dict[str, Any]:
    """Return the params of `setDevicesSettings` that give these channels their gain, and change
    nothing else.
    """
    devices: list[dict[str, Any]] = []
    for one in of:
        device = _named(devices, one.device)
        output = _named(device.setdefault("outputs", []), one.output)
        connection = _named(output.setdefault("connectionTypes", []), one.connection)
        signaling = _named(connection.setdefault("signalingTypes", []), one.signaling)
        signaling.setdefault("channels", []).append({"id": one.channel, "gain": one.gain})
    return {"devices": devices}


def _named(among: list[dict[str, Any]], name: str | int) -> dict[str, Any]:
    for one in among:
        if one["id"] == name:
            return one
    among.append({"id": name})
    return among[-1]

"""Who is who in a site, and where: the addresses of its peers, from site.toml alone.

In the lab every peer has an address of its own in the network of the edge's device listener (the
lab's container holds them). Elsewhere they share one address, each with a port of its own.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bellhop.addresses import Address, Listener
from bellhop.devices import Device
from bellhop.settings import Site
from tests.chain.harness.peer import Who
from tests.chain.harness.stack import NotThereError

_SPEAKERS = range(50, 58)
_PHONES = range(58, 63)
_STRANGER = 66
_SIP = 5060


def passwords(text: str) -> dict[str, tuple[str, str]]:
    """Read lines of `number auth_user password`: a device's credentials by its number. Raises
    ValueError with the line's place, and no word of it.
    """
    found = {}
    for place, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            match line.split():
                case number, user, password:
                    found[number] = (user, password)
                case words:
                    what = f"expected a number, auth_user and password, got {len(words)} words"
                    raise ValueError(f"{place}: {what}")
    return found


@dataclass(frozen=True, slots=True)
class Cast:
    """The peers of a site. `local` is the one address that they share, "" in the lab."""

    site: Site
    secrets: Mapping[str, tuple[str, str]]
    edge: Address
    local: str = ""

    @property
    def trunks_door(self) -> tuple[str, int]:
        """Where carriers and PBXs send to."""
        return _pair(_udp(self.site.edge.trunks))

    @property
    def devices_door(self) -> tuple[str, int]:
        """Where devices send to."""
        return self.edge.host, self.edge.port

    def device(self, number: str, auth_user: str = "", password: str = "") -> Who:
        """Return a device of the site, with its own credentials unless others are given."""
        if number not in self.site.devices:
            raise LookupError(f"{self.site.path} has no device {number}")
        if number not in self.secrets:
            raise NotThereError(f"no password for device {number}: --passwords FILE has none")
        user, known = self.secrets[number]
        return Who(
            name=number,
            role="speaker" if self._speaks(self.site.devices[number]) else "caller",
            address=self._seat(self.site.devices[number]),
            edge=self.devices_door,
            keys={"number": number},
            credentials=(auth_user or user, password or known),
        )

    def carrier(self, name: str) -> Who:
        """Return a carrier."""
        gateway = self.site.carriers[name].gateways[0]
        return Who(name, "carrier", self._own(gateway, name), self.trunks_door)

    def trunk(self, name: str) -> Who:
        """Return the PBX at the other end of a trunk."""
        gateway = self.site.trunks[name].gateways[0]
        return Who(name, "pbx", self._own(gateway, name), self.trunks_door)

    def stranger(self, door: tuple[str, int] = ("", 0)) -> Who:
        """Return somebody whom the site does not know, at the trunks' door unless told."""
        host = self.local or self._in_network(_STRANGER)
        known = [source for one in self.site.carriers.values() for source in one.sources]
        known += [source for one in self.site.trunks.values() for source in one.sources]
        if host in known:
            pytest.skip(
                f"--local {host} is no stranger to this site: it is a carrier's or a trunk's"
            )
        port = _SIP if not self.local else _SIP + 2 * _STRANGER
        return Who("stranger", "pbx", (host, port), door if door[0] else self.trunks_door)

    def _own(self, gateway: Address, name: str) -> tuple[str, int]:
        """Return a carrier's or a trunk's address; elsewhere it must be one of this machine's."""
        if self.local and not _ours(gateway.host):
            pytest.skip(f"{name} is at {gateway}, which is no address of this machine")
        return _pair(gateway)

    def _speaks(self, device: Device) -> bool:
        return device.kind != "phone"

    def _seat(self, device: Device) -> tuple[str, int]:
        kind = self._speaks(device)
        alike = [d.number for d in self.site.devices.values() if self._speaks(d) is kind]
        seats = _SPEAKERS if kind else _PHONES
        place = alike.index(device.number)
        if place >= len(seats):
            raise LookupError(
                f"the lab has {len(seats)} seats of this kind; {device.number} has none"
            )
        seat = seats[place]
        return (self.local, _SIP + 2 * seat) if self.local else (self._in_network(seat), _SIP)

    def _in_network(self, last: int) -> str:
        return beside(self.edge.host, str(last))


def device_listener(site: Site) -> Address:
    """Return the UDP address that devices register with."""
    return _udp(site.edge.devices)


def _udp(listeners: tuple[Listener, ...]) -> Address:
    found = next((one.address for one in listeners if one.protocol == "udp"), None)
    if found is None:
        raise NotThereError("the site has no udp listener of that kind, and SIPp speaks UDP here")
    return found


def beside(host: str, last: str) -> str:
    """Return the address in a host's network that ends so."""
    network, separator, _ = host.rpartition(":" if ":" in host else ".")
    return network + separator + last


def _ours(host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


def _pair(address: Address) -> tuple[str, int]:
    return address.host, address.port


def read_passwords(path: Path) -> dict[str, tuple[str, str]]:
    """Read a passwords file. Raises NotThereError when it can't be."""
    try:
        return passwords(path.read_text("utf-8"))
    except OSError as error:
        raise NotThereError(f"--passwords {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotThereError(f"--passwords {path}: not UTF-8") from None
    except ValueError as error:
        raise NotThereError(f"--passwords {path}:{error}") from None

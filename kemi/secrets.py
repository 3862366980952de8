"""Digest secrets, from htdigest files: those that devices prove themselves with, and ours toward
carriers.
"""

import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass

from bellhop.htdigest import Credential, one, read
from bellhop.settings import Site


@dataclass(frozen=True, slots=True)
class Secrets:
    """HA1 and device number by Authentication ID; our own credentials by a carrier's name."""

    known: Mapping[str, str]
    numbers: Mapping[str, str]
    nobody: str
    carriers: Mapping[str, Credential]

    def ha1(self, auth_user: str) -> str:
        """Return the user's HA1, or one that no password makes: it is compared all the same."""
        return self.known.get(auth_user, self.nobody)

    def number(self, auth_user: str) -> str | None:
        """Return the number of the device that has this Authentication ID."""
        return self.numbers.get(auth_user)


def load(site: Site) -> Secrets:
    """Read the site's secret files. Raises SiteError naming file and line of a mistake."""
    known = read(site.file(site.site.secret_file), site.site.realm)
    numbers = {d.auth_user: d.number for d in site.devices.values() if d.auth_user in known}
    carriers = {
        name: one(site.file(carrier.secret_file), carrier.auth_user)
        for name, carrier in site.carriers.items()
        if carrier.auth_user
    }
    return Secrets(known, numbers, randomness.token_hex(16), carriers)

"""Digest secrets: HA1 = MD5(user:realm:password), never a password, from an htdigest file."""

import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass

from bellhop.htdigest import read
from bellhop.settings import Site


@dataclass(frozen=True, slots=True)
class Secrets:
    """HA1 and device number by Authentication ID."""

    known: Mapping[str, str]
    numbers: Mapping[str, str]
    nobody: str

    def ha1(self, auth_user: str) -> str:
        """Return the user's HA1, or one that no password makes: it is compared all the same."""
        return self.known.get(auth_user, self.nobody)

    def number(self, auth_user: str) -> str | None:
        """Return the number of the device that has this Authentication ID."""
        return self.numbers.get(auth_user)


def load(site: Site) -> Secrets:
    """Read the site's secret file. Raises SiteError with file and line of what is wrong in it."""
    known = read(site.file(site.site.secret_file), site.site.realm)
    numbers = {d.auth_user: d.number for d in site.devices.values() if d.auth_user in known}
    return Secrets(known, numbers, randomness.token_hex(16))

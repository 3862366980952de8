"""Digest secrets, in the file format of Apache's htdigest: `user:realm:HA1`, where HA1 is
MD5(user:realm:password) (RFC 2617 §3.2.2.2): it opens one realm, and is never a password.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bellhop.tables import SiteError

_LINE = re.compile(r"([^:\x00-\x20]{1,64}):([^:\x00-\x1f]{1,100}):([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """What one user proves himself with, in one realm."""

    user: str
    realm: str
    ha1: str


def read(path: Path, realm: str) -> dict[str, str]:
    """Return HA1 by user, of the lines of this realm. Raises SiteError naming file and line; the
    error never shows the line itself.
    """
    found: dict[str, str] = {}
    wrong: list[str] = []
    for place, line in _lines(path):
        if isinstance(line, str):
            wrong.append(line)
        elif line.realm == realm and line.user in found:
            wrong.append(f"{path.name}:{place}: {line.user} stands in the file twice")
        elif line.realm == realm:
            found[line.user] = line.ha1
    if wrong:
        raise SiteError(tuple(wrong))
    return found


def one(path: Path, user: str) -> Credential:
    """Return the one line of a user, whatever its realm: what we prove ourselves with elsewhere.
    Raises SiteError, also for a file that everybody on this machine may read.
    """
    lines = list(_lines(path))
    if wrong := tuple(line for _, line in lines if isinstance(line, str)):
        raise SiteError(wrong)
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise SiteError((f"{path}: everybody on this machine may read or write it: chmod o-rw",))
    found = [line for _, line in lines if isinstance(line, Credential) and line.user == user]
    if len(found) != 1:
        several = "no line" if not found else f"{len(found)} lines"
        raise SiteError((f"{path.name}: {several} of {user}; expected one user:realm:HA1",))
    return found[0]


def _lines(path: Path) -> Iterator[tuple[int, Credential | str]]:
    """Yield the lines that say something, by number; a bad one as what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise SiteError((f"{path}: not UTF-8",)) from None
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parsed = _LINE.fullmatch(line.strip())
        if parsed:
            yield place, Credential(parsed[1], parsed[2], parsed[3])
        else:
            what = "expected user:realm:HA1, HA1 in 32 hex digits (0-9, a-f)"
            yield place, f"{path.name}:{place}: {what}"

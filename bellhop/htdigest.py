"""The devices' digest secrets, in the file format of Apache's htdigest: `user:realm:HA1`."""

import re
from pathlib import Path

from bellhop.tables import SiteError

_LINE = re.compile(r"([^:\x00-\x20]{1,64}):([^:\x00-\x1f]{1,100}):([0-9a-f]{32})", re.ASCII)


def read(path: Path, realm: str) -> dict[str, str]:
    """Return HA1 by user, of the lines of this realm. Raises SiteError naming file and line; the
    error never shows the line itself.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SiteError((f"{path}: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise SiteError((f"{path}: not UTF-8",)) from None
    found: dict[str, str] = {}
    wrong: list[str] = []
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parsed = _LINE.fullmatch(line.strip())
        if not parsed:
            wrong.append(
                f"{path.name}:{place}: expected user:realm:HA1, HA1 in 32 hex digits (0-9, a-f)"
            )
        elif parsed[2] == realm and parsed[1] in found:
            wrong.append(f"{path.name}:{place}: {parsed[1]} stands in the file twice")
        elif parsed[2] == realm:
            found[parsed[1]] = parsed[3]
    if wrong:
        raise SiteError(tuple(wrong))
    return found

"""Where what a site keeps is kept: in a file of its state folder, or in a PostgreSQL, whose URL
stands in a file of its own, because a password may be in it.
"""

import os
import re
from dataclasses import dataclass
from errno import EDQUOT, EIO, ENOSPC, EROFS
from pathlib import Path

from bellhop import one_line
from bellhop.databases import Database, Down
from bellhop.settings import Site

# A state folder's disk is full, or was made read-only for its errors: nobody's mistake, and for a
# daemon no reason not to start.
DISK = frozenset({EDQUOT, EIO, ENOSPC, EROFS})
_NOT_YET = "what came since then is not in it yet"
_ROOM = 65_536  # bytes: less takes no transaction of SQLite's, with what it keeps beside


@dataclass(frozen=True, slots=True)
class Place:
    """The database of one thing: `file` in site.state, or what `dsn_file` names, if it does."""

    site: Site
    file: str
    dsn_file: str

    def where(self) -> Path | Database:
        """Return the file, or a connection. Raises databases.Down."""
        if not self.dsn_file:
            return Path(self.site.site.state) / self.file
        path = self.site.file(self.dsn_file)
        try:
            dsn = one_line.text(path.read_bytes())
        except (OSError, ValueError) as error:
            raise Down(f"{path}: {error}") from None
        return _postgresql(dsn)

    def stuck(self) -> str:
        """Return why nothing new is in its file now, if so: what there is to be read is yesterday's
        then, and looks like today's.
        """
        if self.dsn_file:
            return ""
        try:
            disk = os.statvfs(self.site.site.state)
        except OSError:
            return ""  # who opens the file says so
        if disk.f_flag & os.ST_RDONLY:
            return f"{self}: its disk is read-only: {_NOT_YET}"
        full = disk.f_bavail * disk.f_frsize < _ROOM or (disk.f_files and not disk.f_favail)
        return f"{self}: its disk is full: {_NOT_YET}" if full else ""

    def __str__(self) -> str:
        """Return what people call it; no password is in it."""
        if not self.dsn_file:
            return str(Path(self.site.site.state) / self.file)
        return f"the PostgreSQL of {self.dsn_file}"


def named(name: str) -> Path | Database:
    """Return what somebody names: a file, or a URL of PostgreSQL's. Raises databases.Down."""
    if name.startswith(("postgresql://", "postgres://")):
        return _postgresql(name)
    return Path(name)


def shown(name: str) -> str:
    """Return what `named` takes as it may be shown: a URL's password is not."""
    return re.sub(r"(?<=://)[^/@]*@", "", name)


def _postgresql(dsn: str) -> Database:
    try:
        from bellhop.postgresql import Postgresql  # noqa: PLC0415  only where a site has one
    except ImportError as error:
        raise Down(f"PostgreSQL needs bellhop[postgresql]: {error}") from None
    return Postgresql.connect(dsn)

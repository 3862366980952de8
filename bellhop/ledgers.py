"""Where a site keeps its ledger."""

import re
from pathlib import Path

from bellhop.databases import Database, Down
from bellhop.ledger import Ledger
from bellhop.settings import Site

FILE = "calls.db"


def write(site: Site) -> Ledger:
    """Open the site's ledger to write it. Raises databases.Down."""
    return Ledger.writing(_where(site), site.edge.ledger_keep)


def read(site: Site) -> Ledger:
    """Open the site's ledger to read it. Raises databases.Down."""
    return Ledger.reading(_where(site))


def read_named(name: str) -> Ledger:
    """Open a ledger by its file, or by its URL in PostgreSQL. Raises databases.Down."""
    if name.startswith(("postgresql://", "postgres://")):
        return Ledger.reading(_postgresql(name))
    return Ledger.reading(Path(name))


def shown(name: str) -> str:
    """Return what `read_named` takes as it may be shown: a URL's password is not."""
    return re.sub(r"(?<=://)[^/@]*@", "", name)


def name(site: Site) -> str:
    """Return what people call the site's ledger; no password is in it."""
    if site.edge.ledger == "sqlite":
        return str(Path(site.site.state) / FILE)
    return f"the PostgreSQL of {site.edge.ledger_dsn_file}"


def _where(site: Site) -> Path | Database:
    if site.edge.ledger == "sqlite":
        return Path(site.site.state) / FILE
    file = site.file(site.edge.ledger_dsn_file)
    try:
        dsn = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Down(f"{file}: {error}") from None
    return _postgresql(dsn)


def _postgresql(dsn: str) -> Database:
    try:
        from bellhop.postgresql import Postgresql  # noqa: PLC0415  only where a site has one
    except ImportError as error:
        raise Down(f"a ledger in PostgreSQL needs bellhop[postgresql]: {error}") from None
    return Postgresql.connect(dsn)

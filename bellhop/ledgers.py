"""Where a site keeps its ledger."""

from bellhop.ledger import Ledger
from bellhop.places import Place, named
from bellhop.settings import Site

FILE = "calls.db"


def write(site: Site) -> Ledger:
    """Open the site's ledger to write it. Raises databases.Down."""
    return Ledger.writing(_place(site).where(), site.edge.ledger_keep)


def read(site: Site) -> Ledger:
    """Open the site's ledger to read it. Raises databases.Down."""
    return Ledger.reading(_place(site).where())


def read_named(name: str) -> Ledger:
    """Open a ledger by its file, or by its URL in PostgreSQL. Raises databases.Down."""
    return Ledger.reading(named(name))


def name(site: Site) -> str:
    """Return what people call the site's ledger; no password is in it."""
    return str(_place(site))


def stuck(site: Site) -> str:
    """Return why nothing new is in the site's ledger now, if so."""
    return _place(site).stuck()


def _place(site: Site) -> Place:
    return Place(site, FILE, site.edge.ledger_dsn_file)

"""Where a site keeps the reports of its pages."""

from bellhop.places import Place, named
from bellhop.reports import Reports
from bellhop.settings import Site

FILE = "pages.db"


def write(site: Site) -> Reports:
    """Open the site's reports to write them. Raises databases.Down."""
    return Reports.writing(_place(site).where(), site.pager.keep, str(site.pager.agi))


def read(site: Site) -> Reports:
    """Open the site's reports to read them. Raises databases.Down."""
    return Reports.reading(_place(site).where())


def read_named(name: str) -> Reports:
    """Open reports by their file, or by their URL in PostgreSQL. Raises databases.Down."""
    return Reports.reading(named(name))


def name(site: Site) -> str:
    """Return what people call the site's reports; no password is in it."""
    return str(_place(site))


def stuck(site: Site) -> str:
    """Return why nothing new is in the site's reports now, if so."""
    return _place(site).stuck()


def _place(site: Site) -> Place:
    return Place(site, FILE, site.pager.reports_dsn_file)

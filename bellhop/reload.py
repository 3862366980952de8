"""What a changed site file means for an edge that runs: which parts differ, and which of them
Kamailio itself was started with, so that only a restart can change them.
"""

from bellhop.settings import Site

# How the refusal of a key that cannot be changed while Kamailio runs ends.
ONLY_A_RESTART = "only a restart of Kamailio changes it"

# Kamailio opened these at its start (listen.cfg, the databases).
_AT_START = (
    "edge.devices",
    "edge.trunks",
    "edge.internal",
    "edge.probe",
    "edge.probe_devices",
    "edge.hide_topology",
    "edge.ledger",
    "edge.ledger_dsn_file",
    "edge.ledger_keep",
    "site.state",
)
_PARTS = (
    "site",
    "edge",
    "pbx",
    "pager",
    "standby",
    "numbering",
    "features",
    "profiles",
    "carriers",
    "routes",
    "trunks",
    "dids",
    "devices",
    "zones",
    "schedules",
)


def changed(old: Site, new: Site) -> tuple[str, ...]:
    """Return the tables of the site file that differ, in the order of the file."""
    return tuple(part for part in _PARTS if getattr(old, part) != getattr(new, part))


def needs_restart(old: Site, new: Site) -> tuple[str, ...]:
    """Return the keys that differ and that a running Kamailio cannot change."""
    keys = [key for key in _AT_START if _value(old, key) != _value(new, key)]
    if (old.standby is None) != (new.standby is None):
        keys.append("standby: the table")
    if old.proves_itself != new.proves_itself:
        keys.append("carriers: the first auth_user, or the last")
    return tuple(keys)


def _value(site: Site, key: str) -> object:
    table, _, field = key.partition(".")
    return getattr(getattr(site, table), field)

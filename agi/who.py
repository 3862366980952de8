"""Who calls, as the edge has proved."""

from bellhop.callers import Caller, Kind, parse_identity
from bellhop.settings import Site


def identified(site: Site, header: str) -> Caller | None:
    """Return who calls, from the identity that the edge wrote; None for anybody else."""
    said = parse_identity(header)
    if said is None:
        return None
    book = site.devices if said.kind is Kind.DEVICE else site.trunks
    known = book.get(said.name)
    return Caller(said.kind, said.name, said.number, known.may) if known else None

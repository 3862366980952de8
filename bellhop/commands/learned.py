"""What the verb `carriers` learns: of the edge how its carriers are, of the ledger what became of
their attempts. What is not told is said, and the rest is told all the same.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from bellhop import ledgers, names, rpc, standing
from bellhop.addresses import Address
from bellhop.databases import Absent, Down, Refused
from bellhop.ledger import Ledger
from bellhop.registrations import State
from bellhop.settings import Site
from bellhop.standing import Edge

T = TypeVar("T")

TABLE = "bellhop_health"
_REGISTRATIONS = "usrloc.db"  # the edge has that before its first start
# What the dispatcher says (code 500) when its list is empty: in the first second after a start.
_NOT_LOADED = ": No Destination Sets"


def health(edge: Address) -> dict[str, str]:
    """Return the table of breakers, and of what was set by hand. Raises RpcError."""
    return standing.table(rpc.call(edge, "htable.dump", TABLE))


def of_edge(site: Site, carriers: Iterable[str], missing: list[str]) -> Edge:
    """Ask the edge of some carriers; what it does not tell is added to `missing`."""
    edge = site.edge.internal
    try:
        found = health(edge)
        calls = {
            name: int(rpc.call(edge, "dlg.profile_get_size", "bellhop", name)) for name in carriers
        }
        text = str(rpc.call(edge, "pv.shvGet", "bellhop_names").get("value") or "")
    except rpc.RpcError as error:
        missing.append(str(error))
        return Edge()
    book = names.decode(text) if text else {}
    addresses = {
        name: tuple(str(names.address(record, name)) for record in records)
        for name, records in book.items()
    }
    return Edge(
        health=found,
        calls=calls,
        names=addresses,
        probes=_probes(site, missing),
        registrations=_registrations(site, missing),
    )


def _registrations(site: Site, missing: list[str]) -> dict[str, State] | None:
    if not any(carrier.register_user for carrier in site.carriers.values()):
        return {}
    try:
        return standing.registrations(rpc.call(site.edge.internal, "uac.reg_dump"))
    except (rpc.RpcError, TypeError) as error:
        missing.append(f"where we are registered: {error}")
        return None


def _probes(site: Site, missing: list[str]) -> dict[str, str] | None:
    if not site.edge.probe:
        return {}
    try:
        return standing.probes(rpc.call(site.edge.internal, "dispatcher.list"))
    except rpc.RpcError as error:
        if not str(error).endswith(_NOT_LOADED):
            missing.append(f"what the probes found: {error}")
        return None


def of_ledger(
    site: Site, ask: Callable[[Ledger], tuple[T, ...]], missing: list[str]
) -> tuple[T, ...] | None:
    """Ask the ledger; None, and `missing` says why, where there is none or it does not tell."""
    try:
        ledger = ledgers.read(site)
        found = ask(ledger)
        ledger.close()
    except Absent as error:
        if (Path(site.site.state) / _REGISTRATIONS).exists():
            return ()  # this is the edge's machine, and no call has been made yet
        elsewhere = "it is on the edge's machine"
        missing.append(f"what became of calls: {ledgers.name(site)}: {error} ({elsewhere})")
        return None
    except (Down, Refused) as error:
        missing.append(f"what became of calls: {ledgers.name(site)}: {error}")
        return None
    said = f"what became of the last calls: {ledgers.stuck(site)}"
    if ledgers.stuck(site) and said not in missing:  # the ledger is asked twice
        missing.append(said)
    return found

"""The edge, as a site names it."""

from dataclasses import dataclass

from bellhop import reason, values
from bellhop.addresses import UDP, Address, Listener
from bellhop.tables import key


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`[edge]`: Kamailio. attempts and budget (ms) bound what one call may cost in carriers;
    reason_to_caller: which Reason a caller of a failed call gets, where its trunk or carrier says
    nothing (bellhop/finals.py). probe: ms between two OPTIONS to each gateway; probe_devices: to
    each device that is registered; 0: none are sent.
    hide_topology: whether neither side of a call sees the other's addresses (topos).
    unproved: requests of one address in some 2 s that prove nothing, before more get no answer.
    guesses: wrong passwords for one user from one address in a minute, before it is refused for
    lockout (ms).
    metrics_from: who may read /metrics, besides our own daemons.
    ledger: where calls are written down: sqlite, a file in site.state, or postgresql.
    ledger_dsn_file: for postgresql, a file with libpq's connection string or URL in one line.
    ledger_keep: how many attempts stay; the oldest go.
    """

    devices: tuple[Listener, ...] = key(values.list_of(values.listener, least=1))
    trunks: tuple[Listener, ...] = key(values.list_of(values.listener, least=1))
    internal: Address = key(values.address)
    attempts: int = key(values.integer(1, 10), 4)
    budget: int = key(values.duration(1_000, 120_000), 40_000)
    reason_to_caller: str = key(values.one_of(*reason.POLICIES), "relay")
    probe: int = key(values.or_off(values.duration(1_000, 3_600_000)), 0)
    probe_devices: int = key(values.or_off(values.duration(5_000, 30_000)), 0)
    hide_topology: bool = key(values.flag, False)
    unproved: int = key(values.integer(10, 100_000), 600)
    guesses: int = key(values.integer(1, 100), 5)
    lockout: int = key(values.duration(10_000, 86_400_000), 300_000)
    metrics_from: tuple[str, ...] = key(values.list_of(values.source), ())
    ledger: str = key(values.one_of("sqlite", "postgresql"), "sqlite")
    ledger_dsn_file: str = key(values.text, "")
    ledger_keep: int = key(values.integer(1_000, 100_000_000), 200_000)

    @property
    def leaves(self) -> Listener:
        """The listener by which calls to carriers and trunks leave where nothing else is said."""
        return self.way_to(UDP)

    def way_to(self, protocol: str) -> Listener:
        """Return the listener by which calls leave to who is reached by a protocol: the first of it
        (a site that has such peers has one: bellhop/reach.py).
        """
        return next((one for one in self.trunks if one.protocol == protocol), self.trunks[0])
